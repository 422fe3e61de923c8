package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	invoke "identitypools/infra/local/invoke"
	"identitypools/infra/local/part"
	"identitypools/shared/metric"
)

// TestAStoryOfEvents runs events one after the other as a developer does, each in a process of its
// own.
func TestAStoryOfEvents(t *testing.T) {
	t.Parallel()
	d := newDeveloper(t)
	if status, body := d.http(t, "client.systemToken"); status != 200 ||
		body["scope"] != "identity identity_self_registration" {
		t.Errorf("a token by SECRET: %d, %v", status, body)
	}
	if status, body := d.http(t, "admin.createPool", "-function", "pools"); status != 201 ||
		body["id"] != "partners" {
		t.Errorf("a pool by TOKEN_ADMIN: %d, %v", status, body)
	}
	status, registered := d.http(t, "public.register")
	ticket, _ := registered["ticket"].(string)
	if status != 201 || ticket == "" {
		t.Errorf("a registration: %d, %v", status, registered)
	}
	status, generated := d.http(t, "system.generateCodeForUser")
	code, _ := generated["code"].(string)
	if status >= 300 || code == "" {
		t.Errorf("a code by TOKEN_SYSTEM: %d, %v", status, generated)
	}
	if status, body := d.http(t, "public.activate", "-set", "TICKET="+ticket, "-set",
		"CODE="+code); status != 201 || body["status"] != "active" {
		t.Errorf("an activation by TICKET and CODE: %d, %v", status, body)
	}

	got := d.call(t, "admin.listPools")
	if !strings.Contains(got.out, "  \"statusCode\": 200\n}\n{\n  \"pools\": [\n    {\n") ||
		strings.Contains(got.out, `"body"`) {
		t.Errorf("the answer and its body are printed as\n%s", got.out)
	}
	got = d.call(t, "public.activationPage", "-set", "EXTENDED_CODE="+code)
	if !strings.Contains(got.out, `"body": "<!doctype html>`) {
		t.Errorf("a page is printed as\n%s", got.out)
	}
	if got := d.call(t, "public.register"); !strings.Contains(got.err, string(metric.Registrations)) {
		t.Errorf("the log is\n%s", got.err)
	}
	if got := d.call(t, "bounce", "-function", "keeper"); got.status != 0 || got.out != "{}\n" {
		t.Errorf("the keeper ends with %d, %q and %s", got.status, got.out, got.err)
	}
	const done = "{\n  \"batchItemFailures\": null\n}\n" // a message that is not in the table was sent before
	if got := d.call(t, "mail", "-function", "courier"); got.status != 0 || got.out != done {
		t.Errorf("the courier ends with %d, %q and %s", got.status, got.out, got.err)
	}
}

func TestWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	d := newDeveloper(t)
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		event  string
		flags  []string
		status int
		want   string
	}{
		"no event":                  {"", nil, 2, "-event must be given"},
		"an event that isn't there": {"missing/admin.listPools.json", nil, 1, "no file and no route is named missing/admin.listPools.json"},
		"a file that isn't there":   {"events/missing.json", nil, 1, "no file and no route is named events/missing.json"},
		"a folder":                  {"../invoke", []string{"-function", "pools"}, 1, "read the event: "},
		"an event of no operation": {
			file("stream.json", "{}"), nil, 2,
			"no route is named stream: name the function by -function, one of activation, codes, courier, factors, keeper, ",
		},
		"a function that isn't there": {
			"admin.listPools",
			[]string{"-function", "../pools"},
			2,
			`there is no function "../pools" but activation, codes, courier, factors, keeper, `,
		},
		"a word too much": {"admin.listPools", []string{"pools"}, 2, `"pools" is no flag`},
		"a value for another placeholder": {
			"admin.listPools",
			[]string{"-set", "SECRET=x"},
			2,
			"the name one of TICKET, CODE, EXTENDED_CODE",
		},
		"a placeholder without a value": {
			"admin.listPools",
			[]string{"-set", "CODE"},
			2,
			"must be NAME=VALUE",
		},
		"an event that lacks its code": {
			"public.activate",
			[]string{"-set", "TICKET=x"},
			1,
			"the event has the placeholder CODE: give it by -set CODE=…",
		},
		"an event that lacks its ticket": {
			"public.activate",
			[]string{"-set", "CODE=1"},
			1,
			"the event has the placeholder TICKET: give it by -set TICKET=…",
		},
		"an event that lacks its long code": {
			"public.activateByPage",
			[]string{"-set", "CODE=1"},
			1,
			"the event has the placeholder EXTENDED_CODE: ",
		},
		"a value that breaks the event": {
			"public.activate",
			[]string{"-set", "CODE=1", "-set", `TICKET="`},
			1, "the event is no JSON with its values put in",
		},
		"an event that the function refuses": {
			file("text.json", `"text"`),
			[]string{"-function", "courier"},
			1, "invoke: courier: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := d.call(t, test.event, test.flags...)
			if test.event == "" {
				got = d.run(t)
			}
			if got.status != test.status || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("it ends with %d, %q and %s", got.status, got.out, got.err)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	root, err := part.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "events", "admin.createPool.json")
	complete, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"admin.createPool", file} {
		got := developer{process: invoke.Process{Root: root}}.run(t, "-print", "-event", event)
		if got.status != 0 || got.err != "" || got.out != string(complete) {
			t.Errorf("%s: it ends with %d, %q and %s", event, got.status, got.out, got.err)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	if got := (developer{}).run(t, "-h"); got.status != 0 || got.err != "" ||
		!strings.Contains(got.out, "-set NAME=VALUE") {
		t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.err)
	}
}

func TestMakeRunIsNotRunning(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, d developer, want string) {
		t.Helper()
		got := d.call(t, "public.getPool")
		if got.status != 1 || got.out != "" || !strings.HasPrefix(got.err, "invoke: "+want) ||
			strings.Count(got.err, "\n") != 1 {
			t.Errorf("it ends with %d, %q and %s", got.status, got.out, got.err)
		}
	}
	t.Run("it has ended", func(t *testing.T) {
		t.Parallel()
		d := newDeveloper(t)
		d.process.Running += ".gone"
		refused(t, d, "make run is not running: open ")
	})
	t.Run("it was killed and its file is still there", func(t *testing.T) {
		t.Parallel()
		d := newDeveloper(t)
		d.product.Stop()
		refused(t, d, "make run is not running: Post ")
	})
	t.Run("it is of an older version", func(t *testing.T) {
		t.Parallel()
		d := newDeveloper(t)
		d.tell(t, map[string]any{"base_url": d.product.BaseURL})
		refused(t, d, "make run is not running as it is here now: ")
	})
	t.Run("its clients have other secrets now", func(t *testing.T) {
		t.Parallel()
		d := newDeveloper(t)
		d.tell(t, map[string]any{
			"base_url": d.product.BaseURL, "tenant": "default",
			"environment": d.product.Environment,
		})
		refused(t, d, "get a token for ")
	})
}
