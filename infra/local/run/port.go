package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"syscall"
)

// listen listens on a port of this machine, which is 8080 if it is not given. If another program does,
// the error says which port is free.
func listen(port string) (net.Listener, error) {
	port = cmp.Or(port, "8080")
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("PORT is %q and must be a number up to 65535", port)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %s is taken by another program: try PORT=%d", port, freePort(9000))
	case err != nil: // such as a port for which one needs rights
		return nil, fmt.Errorf("port %s can't be used: try PORT=%d (%w)", port, freePort(9000), err)
	}
	return listener, nil
}

// freePort returns a port that is free now: the first one that is given, or one after it.
func freePort(first int) int {
	for port := first; port < first+1000; port++ {
		if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = listener.Close()
			return port
		}
	}
	return first
}

// ports are the ports of the parts. They are stored at the first start, so that the parts have the same
// addresses after each one.
type ports struct {
	Inbox  int `json:"inbox"`
	Engine int `json:"engine"`
	Queue  int `json:"queue"`
}

// readPorts reads the ports from a file. If there is no file, it returns the ports after that of the
// product, unless that is a random one. 0 stands for any port.
func readPorts(file string, product int, isRandom bool) (p ports, err error) {
	text, err := os.ReadFile(file)
	switch {
	case err == nil:
		err = json.Unmarshal(text, &p)
	case !errors.Is(err, fs.ErrNotExist):
	case isRandom || product > 65500:
		return p, nil
	default:
		return ports{Inbox: product + 1, Engine: product + 2, Queue: product + 3}, nil
	}
	if err != nil {
		return p, fmt.Errorf("read %s (make clean starts anew): %w", file, err)
	}
	return p, nil
}

// write writes the ports to a file, unless it exists.
func (p ports) write(file string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the ports: %w", err)
	}
	return nil
}
