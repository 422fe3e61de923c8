//go:build !linux

package harness

import (
	"errors"
	"syscall"
)

// childAttributes returns no attributes, because only Linux can tie the life of a child process to
// that of its parent. On other systems a function outlives a parent that is killed with SIGKILL.
func childAttributes() *syscall.SysProcAttr { return nil }

func peakRSS(int) (int64, error) {
	return 0, errors.New("read peak memory: only Linux tells it of another process")
}
