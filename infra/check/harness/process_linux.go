package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// childAttributes makes the kernel kill the function when our process ends, whatever the cause. It
// also puts the function into a process group of its own, so that Ctrl-C in a terminal does not
// reach it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// peakRSS reads the maximum of the memory that the program itself has used. The value of wait(2) is
// not suitable, because it includes the memory that our process had when it forked.
func peakRSS(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read peak memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read peak memory: %w", err)
			}
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("read peak memory: process %d has ended", pid)
}
