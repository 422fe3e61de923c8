package main_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	clean "identitypools/infra/local/clean"
	"identitypools/infra/local/running"
)

func TestClean(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	kept, dist := filepath.Join(root, "kept"), filepath.Join(root, "dist", "pools")
	for _, folder := range []string{kept, dist} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	local := filepath.Join(root, ".local")
	lock, err := running.Claim(local)
	if err != nil {
		t.Fatal(err)
	}
	if err := clean.Run(root); !errors.As(err, new(running.Busy)) {
		t.Errorf("while the product runs: %v", err)
	}
	if _, err := os.Stat(dist); err != nil {
		t.Errorf("while the product runs it deletes: %v", err)
	}
	lock.Release()
	for range 2 {
		if err := clean.Run(root); err != nil {
			t.Error(err)
		}
	}
	for _, folder := range []string{dist, local} {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", folder, err)
		}
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}
