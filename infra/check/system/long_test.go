package system_test

import "os"

// long reports whether the variable LONG is set, as it is in CI. Tests are more thorough then.
func long() bool { return os.Getenv("LONG") != "" }
