package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	smoke "identitypools/infra/operate/smoke"
)

// What is wrong with the arguments, or with the files that they name, is said before anything is
// sent.
func TestTheCommandLine(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	for file, text := range map[string]string{
		"admin.json":  `{"tenant":"acme","id":"a","secret":"s","tree":"admin"}`,
		"system.json": `{"tenant":"acme","id":"b","secret":"s","tree":"system"}`,
		"other.json":  `{"tenant":"other","id":"b","secret":"s","tree":"system"}`,
		"listed.json": `{"tenant":"acme","id":"b","tree":"system"}`,
		"broken.json": `{`,
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	given := func(address, admin, system string) []string {
		return []string{"-url", address, "-admin", admin, "-system", system}
	}
	const address = "https://id.example.com"
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"help":                {[]string{"-h"}, 0, "smoke -url"},
		"nothing":             {nil, 2, "-url, -admin and -system must be given, or -local"},
		"a client is missing": {[]string{"-url", address, "-admin", "admin.json"}, 2, "must be given, or -local"},
		"a flag that is none": {[]string{"-what"}, 2, "smoke -url"},
		"an argument":         {[]string{"-local", "now"}, 2, `"now" is no flag`},
		"a path":              {given(address+"/acme", "x", "x"), 2, "an address without a path"},
		"no address":          {given("id.example.com", "x", "x"), 2, "an address without a path"},
		"a rate":              {[]string{"-local", "-public-rate", "-1"}, 2, "-public-rate must be"},
		"no file":             {given(address, "no.json", "system.json"), 1, "read the admin client: no.json"},
		"a broken file":       {given(address, "admin.json", "broken.json"), 1, "read the system client: broken.json"},
		"another tree":        {given(address, "admin.json", "admin.json"), 1, `the tree "system"`},
		"no secret":           {given(address, "admin.json", "listed.json"), 1, "must have tenant, id, secret"},
		"two tenants":         {given(address, "admin.json", "other.json"), 1, "two tenants: acme and other"},
		"make run is missing": {[]string{"-local"}, 1, "make run is not running"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			status := smoke.Run(t.Context(), c.args, smoke.Process{
				Getenv: func(string) string { return "" }, RunID: "run", Out: &out, Err: &errs,
			})
			if status != c.status || !strings.Contains(out.String()+errs.String(), c.want) {
				t.Errorf("it ends with %d, %q and %q", status, &out, &errs)
			}
		})
	}
}

// The address may also come from the environment. Nothing answers at this one.
func TestTheAddressInTheEnvironment(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, tree := range []string{"admin", "system"} {
		text := `{"tenant":"acme","id":"a","secret":"s","tree":"` + tree + `"}`
		if err := os.WriteFile(filepath.Join(folder, tree), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	status := smoke.Run(t.Context(),
		[]string{"-admin", filepath.Join(folder, "admin"), "-system", filepath.Join(folder, "system")},
		smoke.Process{
			Getenv: func(name string) string { return map[string]string{"BASE_URL": "http://127.0.0.1:1"}[name] },
			RunID:  "run", Out: &out, Err: &errs,
		})
	if status != 1 || !strings.HasPrefix(out.String(), "FAIL  client.adminToken: there is no answer: ") {
		t.Errorf("it ends with %d, %q and %q", status, &out, &errs)
	}
}
