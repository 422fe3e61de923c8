package part_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"identitypools/infra/local/part"
)

// These tests change the environment and the working directory, so they don't run in parallel.

func TestEngineOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
	p, err := part.Engine(t.Context(), io.Discard, "")
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	if p.URL() != "http://127.0.0.1:1" || p.PID() != 0 {
		t.Errorf("got %s as process %d", p.URL(), p.PID())
	}
}

func TestMissingProgramsSayTheRemedy(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "")
	node := t.TempDir()
	if err := os.WriteFile(filepath.Join(node, "node"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path  string
		start func() error
		want  string
	}{
		"engine": {"", func() error {
			_, err := part.Engine(t.Context(), io.Discard, "")
			return err
		}, "run `npm ci`"},
		"node": {"", func() error {
			_, err := part.Inbox(t.Context(), io.Discard)
			return err
		}, "install version 20 or later"},
		"inbox": {node, func() error {
			_, err := part.Inbox(t.Context(), io.Discard)
			return err
		}, "run `npm ci`"},
		"project": {"", func() error {
			_, err := part.Root()
			return err
		}, "run this inside the project's folder"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", test.path)
			err := test.start()
			if err == nil || !strings.Contains(err.Error(), test.want) ||
				strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, test.want)
			}
		})
	}
}

func TestEngineOnThePath(t *testing.T) {
	programs := t.TempDir()
	const script = "#!/bin/sh\necho a different engine; exit 7\n"
	if err := os.WriteFile(filepath.Join(programs, "dynoxide"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "")
	t.Setenv("PATH", programs)
	_, err := part.Engine(t.Context(), io.Discard, "")
	if err == nil || !strings.HasSuffix(err.Error(), "exit status 7: a different engine") {
		t.Errorf("got %v", err)
	}
}
