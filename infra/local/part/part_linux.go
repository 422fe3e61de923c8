package part

import (
	"fmt"
	"syscall"
)

// childAttributes makes the kernel kill the part when our process ends, whatever the cause. It also
// puts the part into a process group of its own, so that Ctrl-C in a terminal does not reach it: we
// stop the part ourselves, after everything that uses it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// reserve finds a free loopback port, which is the wanted one if possible, and reserves it until release is called, so that the kernel
// does not give it to others who ask for any free port.
//
// For that, reserve binds a socket to the port and does not listen on it. With SO_REUSEADDR on both
// sockets, which the listeners of Rust and Node.js set, the part can still listen there. So
// parallel test runs never use the same port, and a part that crashed finds its port free.
func reserve(wanted int) (port int, release func(), err error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("open a socket: %w", err)
	}
	port, err = bind(socket, wanted)
	if err != nil && wanted != 0 {
		port, err = bind(socket, 0) // somebody listens on the wanted one
	}
	if err != nil {
		_ = syscall.Close(socket)
		return 0, nil, err
	}
	return port, func() { _ = syscall.Close(socket) }, nil
}

func bind(socket, port int) (int, error) {
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, fmt.Errorf("share the socket's address: %w", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
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
