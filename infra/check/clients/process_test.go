package clients_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/local/part"
)

// root returns the folder of the project.
func root(t *testing.T) string {
	t.Helper()
	folder, err := part.Root()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// build builds a program into the folder .local, where the next test finds it if nothing has changed.
func build(t *testing.T, module, program string, flags ...string) string {
	t.Helper()
	file := filepath.Join(root(t), ".local", "bin", filepath.Base(module))
	arguments := slices.Concat([]string{"build", "-ldflags=-s -w", "-o", file}, flags, []string{program})
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Dir, command.Env = module, append(os.Environ(), "GOGC=400") // compilers collect garbage less often
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", program, err, said)
	}
	return file
}

// start starts a program, waits until it listens, and stops it at the end of the test.
func start(t *testing.T, address string, environment []string, program string, arguments ...string) {
	t.Helper()
	var said bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = &said, &said
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Logf("%s said: %s", program, &said)
		}
	})
	parttest.Until(t, program+" listens", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", program, err, &said)
		default:
		}
		connection, err := net.DialTimeout("tcp", address, time.Second)
		return err == nil && errors.Join(connection.Close()) == nil
	})
}
