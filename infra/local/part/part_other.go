//go:build !linux

package part

import (
	"net"
	"syscall"
)

// childAttributes returns no attributes, because only Linux can tie the life of a child process to
// that of its parent. On other systems a part must be stopped with [Part.Stop]. It outlives a
// parent that is killed with SIGKILL.
func childAttributes() *syscall.SysProcAttr { return nil }

// reserve finds a free loopback port, which is the wanted one if possible. Nothing reserves it for the milliseconds until the part
// listens there.
func reserve(wanted int) (port int, release func(), err error) {
	listener, err := listenOn(wanted)
	if err != nil && wanted != 0 {
		listener, err = listenOn(0)
	}
	if err != nil {
		return 0, nil, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, func() {}, nil
}

func listenOn(port int) (*net.TCPListener, error) {
	return net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
}
