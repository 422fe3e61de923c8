package system_test

import "os"

// long says whether tests take their time, as in CI, which sets LONG.
func long() bool { return os.Getenv("LONG") != "" }
