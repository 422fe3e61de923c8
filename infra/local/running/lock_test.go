package running_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"identitypools/infra/local/running"
)

// holderVariable makes a process of this test binary claim the folder that it names, and then do nothing
// more.
const holderVariable = "RUNNING_TEST_FOLDER"

func TestMain(m *testing.M) {
	folder := os.Getenv(holderVariable)
	if folder == "" {
		os.Exit(m.Run())
	}
	lock, err := running.Claim(folder)
	if err == nil {
		err = lock.Tell("http://127.0.0.1:8080")
	}
	fmt.Println(err)
	select {}
}

// hold starts a process that has the folder.
func hold(t *testing.T, folder string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.CommandContext(t.Context(), self)
	holder.Env = append(os.Environ(), holderVariable+"="+folder)
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "<nil>\n" {
		t.Fatalf("the holder has no lock: %q, %v", line, err)
	}
	return holder
}

func TestOneProcessHasTheFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), ".local")
	holder := hold(t, folder)
	_, err := running.Claim(folder)
	var busy running.Busy
	if !errors.As(err, &busy) || busy.URL != "http://127.0.0.1:8080" || busy.PID != holder.Process.Pid ||
		!strings.Contains(err.Error(), busy.URL) || !strings.Contains(err.Error(), "kill "+strconv.Itoa(busy.PID)) {
		t.Errorf("another process gets %v", err)
	}
	if err := holder.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	lock, err := running.Claim(folder)
	if err != nil {
		t.Fatalf("a process that was killed blocks the folder: %v", err)
	}
	if _, err := running.Claim(folder); !errors.As(err, &busy) || strings.Contains(err.Error(), "8080") {
		t.Errorf("while it starts, another one gets %v", err)
	}
	lock.Release()
	lock, err = running.Claim(folder)
	if err != nil {
		t.Fatalf("it is not released: %v", err)
	}
	lock.Release()
}

// Somebody who deletes the folder by hand can start the product again. The first one leaves the second's
// description alone when it ends.
func TestNobodyRemovesWhatAnotherHasWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "run.json")
	first, second := running.Product{PID: 1, Tenant: "default"}, running.Product{PID: 2, Tenant: "default"}
	if err := second.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := first.Remove(file); err != nil {
		t.Error(err)
	}
	if is, err := running.Read(file); err != nil || is.PID != 2 {
		t.Errorf("it is %+v, %v", is, err)
	}
	for range 2 {
		if err := second.Remove(file); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
