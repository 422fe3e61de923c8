// Clean, the command behind `make clean`, deletes what make run has stored and what was built. It
// refuses to while make run uses it. No package imports it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"identitypools/infra/local/running"
)

func main() {
	if err := Run("."); err != nil {
		fmt.Fprintln(os.Stderr, "make clean:", err)
		os.Exit(1)
	}
}

// Run deletes the folders .local, dist and cdk.out in the project's folder. If make run uses .local, the
// error is running.Busy, and nothing is deleted.
func Run(root string) error {
	lock, err := running.Claim(filepath.Join(root, ".local"))
	if err != nil {
		return err
	}
	defer lock.Release()
	for _, folder := range []string{"dist", "cdk.out", ".local"} { // the lock is in the last
		if err := os.RemoveAll(filepath.Join(root, folder)); err != nil {
			return fmt.Errorf("delete what was stored and built: %w", err)
		}
	}
	return nil
}
