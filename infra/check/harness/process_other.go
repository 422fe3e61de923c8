//go:build !linux

package harness

import (
	"errors"
	"syscall"
)

// childAttributes is empty: only Linux can tie a child's life to ours. A function outlives us there if we are killed with SIGKILL.
func childAttributes() *syscall.SysProcAttr { return nil }

func peakRSS(int) (int64, error) {
	return 0, errors.New("read peak memory: only Linux tells it of another process")
}
