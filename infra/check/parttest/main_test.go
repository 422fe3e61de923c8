package parttest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"identitypools/infra/check/parttest"
)

// childVariable makes a process of this test binary a child of one of the tests below. Its value is
// one of the following.
const (
	childVariable = "PARTTEST_CHILD"
	withMain      = "with Main"
	withoutMain   = "without Main"
)

// endOfParts is the line that a child prints when Main has returned.
const endOfParts = "Main has returned"

func TestMain(m *testing.M) {
	child := os.Getenv(childVariable)
	if child == withoutMain {
		os.Exit(m.Run())
	}
	code := parttest.Main(m)
	if child == withMain {
		fmt.Println(endOfParts)
		// The process stays alive, so that the kernel has no reason to end the parts.
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	os.Exit(code)
}

// startParts starts both parts and prints their URLs, which is what a child does.
func startParts(t *testing.T) {
	fmt.Println(parttest.Engine(t))
	fmt.Println(parttest.OpenInbox(t).URL())
}

// child returns the command that runs this test binary as a child.
func child(t *testing.T, value string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestMainStopsTheParts$")
	// An engine of the environment is not ours to stop.
	cmd.Env = append(os.Environ(), childVariable+"="+value, "AWS_ENDPOINT_URL_DYNAMODB=")
	return cmd
}

// The parts end when Main returns, on every system, while the process that started them still runs.
func TestMainStopsTheParts(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		startParts(t)
		return
	}
	t.Parallel()
	cmd := child(t, withMain)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var urls []string
	lines := bufio.NewScanner(output)
	for lines.Scan() && lines.Text() != endOfParts {
		if strings.HasPrefix(lines.Text(), "http://") {
			urls = append(urls, lines.Text())
		}
	}
	if len(urls) != 2 {
		t.Errorf("the child has printed %d URLs, want those of the engine and the inbox", len(urls))
	}
	for _, url := range urls {
		if response, err := http.Get(url); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s still answers after Main", url)
		}
	}
	if err := input.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the child ended with %v", err)
	}
}

// A package without Main cannot start parts that nothing would stop.
func TestNoPartStartsWithoutMain(t *testing.T) {
	t.Parallel()
	cmd := child(t, withoutMain)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err == nil || !strings.Contains(output.String(), "parttest.Main(m)") ||
		strings.Contains(output.String(), "http://") {
		t.Errorf("the child ended with %v and wrote\n%s", err, output.String())
	}
}
