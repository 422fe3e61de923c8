package running

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Busy is the error for a folder that another process uses. Its fields are empty while that process
// is about to start.
type Busy struct {
	URL string `json:"url"` // of the product that runs
	PID int    `json:"pid"`
}

func (b Busy) Error() string {
	if b.URL == "" {
		return "another make run or make clean is at work in this folder: wait for it, or stop it"
	}
	return fmt.Sprintf("the product runs in this folder already, at %s: stop it first, by Ctrl-C or kill %d", b.URL, b.PID)
}

// Lock is the right to use the folder .local. At most one process has it at a time. The kernel takes
// it away when the process ends, whatever the cause, so nothing has to be cleaned up after one that
// was killed.
type Lock struct{ file *os.File }

// Claim claims a folder for this process. It makes the folder if that does not exist. If another process
// has the folder, the error is Busy.
func Claim(folder string) (*Lock, error) {
	name := filepath.Join(folder, "lock")
	for {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder for what is stored: %w", err)
		}
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", folder, err)
		}
		free, err := take(file)
		if err == nil && free && isAt(file, name) {
			return &Lock{file}, file.Truncate(0)
		}
		var busy Busy
		if err == nil && !free {
			_ = json.NewDecoder(file).Decode(&busy) // the file is empty before that process listens
			err = busy
		}
		_ = file.Close()
		switch {
		case errors.As(err, &busy):
			return nil, busy
		case err != nil:
			return nil, fmt.Errorf("claim %s: %w", folder, err)
		}
		// make clean has deleted the file meanwhile
	}
}

// isAt reports whether an open file is still the one with the name.
func isAt(file *os.File, name string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(open, named)
}

// Tell tells processes that find the folder busy where the product is.
func (l *Lock) Tell(url string) error {
	text, err := json.Marshal(Busy{URL: url, PID: os.Getpid()})
	if err == nil {
		_, err = l.file.WriteAt(append(text, '\n'), 0)
	}
	if err != nil {
		return fmt.Errorf("say in the lock where the product is: %w", err)
	}
	return nil
}

// Release gives the folder free.
func (l *Lock) Release() { _ = l.file.Close() } // which ends the lock, too

// Remove removes the file that p was written to. It leaves it alone if it describes another product,
// as it does if somebody has deleted the folder while p ran and has started another one.
func (p Product) Remove(file string) error {
	is, err := Read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case is.PID != p.PID:
		return nil
	}
	return os.Remove(file)
}
