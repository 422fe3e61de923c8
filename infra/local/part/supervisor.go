package part

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// supervisor keeps one program running. All its methods run in one goroutine.
type supervisor struct {
	part    *Part
	program Program
	port    int
	log     *lines
	// ended receives the first end of the program, for Start.
	ended chan error
}

// ended begins what the log says when a program has ended.
const ended = "ended ("

// IsEnd reports whether a line that a part has written to its log says that the part's program has
// ended, and not what the program itself says.
func IsEnd(line []byte) bool {
	_, text, _ := bytes.Cut(line, []byte(": "))
	return bytes.HasPrefix(text, []byte(ended))
}

// supervise runs the program again and again until the context life ends.
//
// The goroutine locks its thread: on Linux, Pdeathsig applies to the end of the thread that forked,
// not of the process. Without the lock, the kernel would kill the part as soon as the Go runtime
// retired that thread.
func (s *supervisor) supervise(life context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for life.Err() == nil {
		err := s.run(life)
		if life.Err() != nil {
			return
		}
		select {
		case s.ended <- s.explain(err):
		default:
		}
		s.log.printf(ended+"%v); starts again on %s in %s", err, s.part.url, restartAfter)
		s.rest(life)
	}
}

// run starts the program and waits for its end. It always returns an error.
func (s *supervisor) run(life context.Context) error {
	cmd := exec.CommandContext(life, s.program.Path, s.program.Args(s.port)...)
	// The parts need nothing else from the environment, and must not see the developer's
	// credentials.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = killAfter
	if err := cmd.Start(); err != nil {
		return err
	}
	s.part.pid.Store(int64(cmd.Process.Pid))
	err := cmd.Wait()
	s.part.pid.Store(0)
	s.log.flush()
	if err == nil {
		err = errors.New("exit status 0")
	}
	return err
}

// explain adds the last line that the program wrote, which usually says why the program ended.
func (s *supervisor) explain(err error) error {
	if s.log.last == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, s.log.last)
}

// rest waits before a restart. It waits longer while another program answers at the port.
func (s *supervisor) rest(life context.Context) {
	pause := time.NewTicker(restartAfter)
	defer pause.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-pause.C:
		}
		if !answers(life, s.part.url) {
			return
		}
	}
}
