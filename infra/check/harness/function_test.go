package harness_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"identitypools/infra/check/harness"
)

// roles are the programs that a process of this test binary can be.
var roles = map[string]func(){
	"function": func() { lambda.Start(handle) },
	"weak":     func() { say("first"); say("out of paper"); os.Exit(3) },
	"mute":     func() { <-time.After(time.Hour) }, // until the test ends it
	"refusing": refuse,
	"deaf":     poll,
	"holder":   hold,
}

type command struct{ Do string }

// report is what the function answers about how it was called.
type report struct {
	Request, ARN string
	Deadline     time.Time
	Folder       string
	Environment  []string
}

func handle(ctx context.Context, c command) (any, error) {
	switch c.Do {
	case "fail":
		return nil, errors.New("no luck")
	case "panic":
		panic("at the disco")
	case "end":
		say("out of paper")
		os.Exit(3)
	case "dawdle": // well beyond the deadline, which must end the call before
		<-ctx.Done()
		<-time.After(time.Second)
	case "talk":
		return strings.Repeat("blah", 2<<20), nil
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	folder, err := os.Getwd()
	return report{lc.AwsRequestID, lc.InvokedFunctionArn, deadline, folder, os.Environ()}, err
}

// refuse reports an error at the start, as runtimes do.
func refuse() {
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
	response, err := http.Post(url, "application/json",
		strings.NewReader(`{"errorType":"Config","errorMessage":"TABLE_NAME must be set"}`))
	if err != nil {
		say(err.Error())
		return
	}
	_ = response.Body.Close()
	<-time.After(time.Hour)
}

// poll asks for an event and continues whatever the answer is. A real function ends when nobody
// answers.
func poll() {
	go func() {
		if response, err := http.Get("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") +
			"/2018-06-01/runtime/invocation/next"); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-time.After(time.Hour)
}

// hold starts a function, prints its process id, and does nothing more.
func hold() {
	path, err := os.Executable()
	if err != nil {
		say(err.Error())
		return
	}
	f, err := harness.Start(context.Background(), path, inRole("deaf"))
	if err != nil {
		say(err.Error())
		return
	}
	say(strconv.Itoa(f.PID()))
	<-time.After(time.Hour)
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	t.Run("tells the function its request, name and deadline, and no variable of ours", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		first, second := invoke(t, ctx, f), invoke(t, ctx, f)
		if first.Request == "" || first.Request == second.Request {
			t.Errorf("the requests are %q and %q", first.Request, second.Request)
		}
		if want := "arn:aws:lambda:local:000000000000:function:" +
			filepath.Base(filepath.Dir(self(t))); first.ARN != want {
			t.Errorf("the function is %s, want %s", first.ARN, want)
		}
		if want, _ := ctx.Deadline(); first.Deadline.UnixMilli() != want.UnixMilli() {
			t.Errorf("the deadline is %s, want %s", first.Deadline, want)
		}
		if want := filepath.Dir(self(t)); first.Folder != want {
			t.Errorf("the function runs in %s, want %s", first.Folder, want)
		}
		if slices.ContainsFunc(first.Environment, func(v string) bool {
			return strings.HasPrefix(v, "PATH=")
		}) {
			t.Error("the function has our PATH")
		}
	})
	t.Run("gives 30 seconds where the caller gives no deadline", func(t *testing.T) {
		t.Parallel()
		got := invoke(t, context.Background(), start(t, self(t), inRole("function")))
		if left := time.Until(got.Deadline); left < 20*time.Second || left > 30*time.Second {
			t.Errorf("%s are left", left)
		}
	})
	t.Run("goes on after an error of the function", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		_, err := f.Invoke(t.Context(), []byte(`{"Do":"fail"}`))
		if want := (harness.Failure{Type: "errorString", Message: "no luck"}); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		invoke(t, t.Context(), f)
	})
	t.Run("reports a panic, and then that the function has ended", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		var failure harness.Failure
		if _, err := f.Invoke(t.Context(), []byte(`{"Do":"panic"}`)); !errors.As(err, &failure) ||
			failure.Message != "at the disco" {
			t.Errorf("got %v", err)
		}
		_, err := f.Invoke(t.Context(), []byte(`{}`))
		if err == nil || !strings.Contains(err.Error(), "has ended: exit status 1") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("reports an end at work with the last words", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		_, err := f.Invoke(t.Context(), []byte(`{"Do":"end"}`))
		if err == nil || err.Error() != "the function ended at work: exit status 3: out of paper\n" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ends with its context, and the function does the next event when it is done", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := f.Invoke(ctx, []byte(`{"Do":"dawdle"}`))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		invoke(t, t.Context(), f)
	})
	t.Run("takes no answer over 6 MB", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		var large *http.MaxBytesError
		if _, err := f.Invoke(t.Context(), []byte(`{"Do":"talk"}`)); !errors.As(err, &large) {
			t.Errorf("got %v", err)
		}
	})
}

func invoke(tb testing.TB, ctx context.Context, f *harness.Function) (r report) {
	tb.Helper()
	body, err := f.Invoke(ctx, []byte(`{}`))
	if err == nil {
		err = json.Unmarshal(body, &r)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("measures time and memory", func(t *testing.T) {
		t.Parallel()
		f := start(t, self(t), inRole("function"))
		if f.Ready <= 0 {
			t.Errorf("ready after %s", f.Ready)
		}
		if runtime.GOOS != "linux" {
			return // other systems do not report it
		}
		used, err := f.PeakRSS()
		if err != nil || used < 1<<20 || used > 1<<30 {
			t.Errorf("%d bytes, %v", used, err)
		}
	})
	refusals := map[string]struct{ path, role, want string }{
		"refuses a program that is not there": {
			"/nonexistent/bootstrap", "",
			"start nonexistent: fork/exec /nonexistent/bootstrap: no such file or directory",
		},
		"reports the last words of a program that ends": {
			self(t), "weak",
			"exit status 3: first\nout of paper",
		},
		"reports why a function says that it can't start": {
			self(t), "refusing",
			"Config: TABLE_NAME must be set",
		},
	}
	for name, test := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := harness.Start(t.Context(), test.path, inRole(test.role))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("waits no longer than its context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := harness.Start(ctx, self(t), inRole("mute"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	f := start(t, self(t), inRole("function"))
	f.Stop()
	f.Stop()
	if err := syscall.Kill(f.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process is there after Stop: %v", err)
	}
	if _, err := f.Invoke(t.Context(), []byte(`{}`)); err == nil {
		t.Error("a stopped function answers")
	}
}

func TestFunctionDiesWithUs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // only Linux ties the life of a child process to its parent
	}
	holder := exec.Command(self(t))
	holder.Env = append(os.Environ(), roleVariable+"=holder")
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	pid, notANumber := strconv.Atoi(strings.TrimSpace(line))
	if err := errors.Join(err, notANumber); err != nil {
		t.Fatalf("the holder's function is not up: %q, %v", line, err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the holder's function does not run: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	gone := func() bool {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		// a zombie if no process adopts orphans
		return err != nil || strings.Contains(string(text), ") Z ")
	}
	deadline, poll := time.NewTimer(10*time.Second), time.NewTicker(10*time.Millisecond)
	defer deadline.Stop()
	defer poll.Stop()
	for !gone() {
		select {
		case <-poll.C:
		case <-deadline.C:
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the function outlives its holder")
		}
	}
}
