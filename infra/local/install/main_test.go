package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	install "identitypools/infra/local/install"
)

// These tests change the PATH, so they don't run in parallel.

func TestWhatGoesWrongIsOneSentence(t *testing.T) {
	const (
		new = "echo v22.1.0"
		net = `echo 'npm error code EAI_AGAIN
npm error syscall getaddrinfo
npm error    at ClientRequest.<anonymous>' >&2; exit 1`
	)
	for name, test := range map[string]struct{ node, npm, want string }{
		"no Node.js":            {"", "", "no Node.js here: install version 20 or later"},
		"an old Node.js":        {"echo v18.20.4", "", "is v18.20.4, which is too old: install version 20 or later"},
		"a broken Node.js":      {"exit 127", "", "does not start"},
		"something else":        {"echo hello", "", "is hello, which is too old"},
		"no npm":                {new, "", "no npm here"},
		"no network":            {new, net, "npm can't reach its registry (EAI_AGAIN)"},
		"a fault of npm itself": {new, "echo 'no space left' >&2; exit 3", "npm ci failed: exit status 3"},
		"nothing":               {new, `case "$*" in config*) ;; "ci --fetch-retries="*) ;; *) exit 1;; esac`, ""},
		"a proxy":               {new, `case "$*" in config*) echo registry=http://127.0.0.1:1/; echo proxy=http://proxy.example/;; *offline*) exit 1;; esac`, ""},
		"no way to the registry": {new, `case "$*" in
config*) echo registry=http://127.0.0.1:1/; echo proxy=null; echo https-proxy=null;;
*--offline) echo 'npm error code ENOTCACHED' >&2; exit 1;; esac`, "npm can't reach its registry (ENOTCACHED)"},
	} {
		t.Run(name, func(t *testing.T) {
			programs := t.TempDir()
			for program, script := range map[string]string{"node": test.node, "npm": test.npm} {
				if script == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(programs, program), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", programs)
			var out, log bytes.Buffer
			err := install.Run(t.Context(), &out, &log)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, test.want)
			}
			if said := strings.Contains(log.String(), "no space left"); said != strings.Contains(test.want, "exit status") ||
				strings.Contains(log.String(), "ClientRequest") {
				t.Errorf("it says %s", log.String())
			}
		})
	}
}
