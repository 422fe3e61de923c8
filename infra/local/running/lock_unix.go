//go:build unix

package running

import (
	"errors"
	"os"
	"syscall"
)

// take takes the lock of an open file for as long as it is open. It reports whether nobody else has it.
func take(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
