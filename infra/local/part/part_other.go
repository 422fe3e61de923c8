//go:build !linux

package part

import (
	"net"
	"syscall"
)

// childAttributes is empty: only Linux can tie a child's life to ours. A part outlives us there if we are killed with SIGKILL.
func childAttributes() *syscall.SysProcAttr { return nil }

// reserve finds a free loopback port. Nothing keeps it free until the part takes it; that is a matter of milliseconds.
func reserve() (port int, release func(), err error) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, nil, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, func() {}, nil
}
