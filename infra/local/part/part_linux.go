package part

import (
	"fmt"
	"syscall"
)

// childAttributes makes the kernel kill a part when we die, however that happens, and keeps a terminal's Ctrl-C from it:
// we stop it ourselves, after those who use it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// reserve finds a free loopback port and keeps it from everyone who asks the kernel for any free port, until release.
//
// A socket that is bound but doesn't listen does that; with SO_REUSEADDR on both sides, which Rust's and Node.js's
// listeners set, it doesn't keep the part from listening there. So parallel test runs never meet on a port, and a part
// that crashed finds its own free.
func reserve() (port int, release func(), err error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("open a socket: %w", err)
	}
	port, err = bind(socket)
	if err != nil {
		_ = syscall.Close(socket)
		return 0, nil, err
	}
	return port, func() { _ = syscall.Close(socket) }, nil
}

func bind(socket int) (int, error) {
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, fmt.Errorf("share the socket's address: %w", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, fmt.Errorf("bind to loopback: %w", err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, fmt.Errorf("read the port: %w", err)
	}
	inet, ok := address.(*syscall.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("read the port: %T is no IPv4 address", address)
	}
	return inet.Port, nil
}
