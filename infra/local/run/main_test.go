package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/part"
	local "identitypools/infra/local/run"
)

// These tests change the environment and the working directory, so they don't run in parallel.

// description is the content of .local/run.json.
type description struct {
	PID         int    `json:"pid"`
	BaseURL     string `json:"base_url"`
	InboxURL    string `json:"inbox_url"`
	DynamoDBURL string `json:"dynamodb_url"`
	SQSURL      string `json:"sqs_url"`
	Tenant      string `json:"tenant"`
	Clients     map[string]struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	} `json:"clients"`
	Environment map[string]string `json:"environment"`
	Application struct {
		Issuer   string `json:"issuer"`
		ID       string `json:"client_id"`
		Secret   string `json:"client_secret"`
		Redirect string `json:"redirect_uri"`
	} `json:"application"`
	User struct {
		Identifier string `json:"identifier"`
		Password   string `json:"password"`
	} `json:"user"`
}

// inFolder makes the working directory a project's folder in which the product has never run.
func inFolder(t *testing.T) {
	t.Helper()
	root, err := part.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "package.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = os.Symlink(filepath.Join(root, "node_modules"), filepath.Join(folder, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	t.Setenv("PORT", "0")
	for _, name := range []string{
		"HOST", "RETURN_ORIGINS", "AWS_REGION", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	} {
		t.Setenv(name, "")
	}
}

// output is what the command has shown. It may be read while it is written.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the command has shown a line that matches, and returns what is in its parentheses.
func (o *output) await(t *testing.T, pattern string) string {
	t.Helper()
	line := regexp.MustCompile("(?m)^" + pattern + "$")
	deadline, poll := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer poll.Stop()
	for {
		if found := line.FindStringSubmatch(o.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("no line is %s in\n%s", pattern, o.String())
		}
	}
}

// running is the command while it runs.
type running struct {
	description
	said *output // without what is logged
	logs *output
	stop func() error
}

// start starts the product and returns when it is ready.
func start(t *testing.T) (r running) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r.said, r.logs = &output{}, &output{}
	ended := make(chan error, 1)
	go func() { ended <- local.Run(ctx, local.Process{Out: r.said, Err: r.logs}) }()
	for !strings.Contains(r.said.String(), "is running") {
		select {
		case err := <-ended:
			t.Fatalf("it ends instead: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	text, err := os.ReadFile(filepath.Join(".local", "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r.description); err != nil {
		t.Fatal(err)
	}
	r.stop = func() error { cancel(); return <-ended }
	return r
}

func TestRunTellsPrograms(t *testing.T) {
	inFolder(t)
	t.Setenv("RETURN_ORIGINS", "https://app.example.com")
	run := start(t)
	file := filepath.Join(".local", "run.json")
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("run.json, which has secrets, is %v, %v", info, err)
	}
	want := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": run.DynamoDBURL, "AWS_ENDPOINT_URL_SESV2": run.InboxURL,
		"AWS_ENDPOINT_URL_SQS": run.SQSURL, "MAIL_QUEUE_URL": run.Environment["MAIL_QUEUE_URL"], "MAIL_RATE": "",
		"SIGN_UP_ORIGINS": "*", "PROXY_HEADER": "", "PROXY_ONLY": "", "PROXY_SECRET": "",
		"TABLE_NAME": "identity-pools",
		"PUBLIC_URL": run.BaseURL, "MAIL_FROM": "Identity Pools <no-reply@example.com>",
		"MAIL_CONFIGURATION_SET": "",
		"RETURN_ORIGINS":         "https://app.example.com", "CODE_SECRET": "base64:",
		"TOKEN_SECRET": "base64:",
	}
	for name, value := range run.Environment {
		is, known := want[name]
		if !known || value != is && !(is == "base64:" && len(value) == len("base64:")+44 &&
			strings.HasPrefix(value, is)) {
			t.Errorf("%s is %q, want %q", name, value, is)
		}
	}
	if len(run.Environment) != len(want) {
		t.Errorf("there are %d variables, want %d", len(run.Environment), len(want))
	}
	for _, tree := range []string{"admin", "system"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			run.BaseURL+"/"+run.Tenant+"/"+tree+"/oauth2/token",
			strings.NewReader("grant_type=client_credentials"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(run.Clients[tree].ID, run.Clients[tree].Secret)
		if got := systemtest.Send(t, r); got.Status != http.StatusOK {
			t.Errorf("the client %s gets no token: %s", run.Clients[tree].ID, got.Body)
		}
	}
	t.Run("a second one is refused", func(t *testing.T) { isRefusedASecondTime(t, run) })
	t.Run("a line for each request and mail", func(t *testing.T) { showsRequestsAndMails(t, run) })
	if err := run.stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("run.json is there when nothing runs: %v", err)
	}
}

// A person can sign in to an application at once, and after each start with the same password.
func TestAnApplicationIsReady(t *testing.T) {
	inFolder(t)
	first := start(t)
	register(t, first, "ann@example.com")
	mail := first.said.await(t, "mail registration_code  (.*)")
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	run := start(t)
	if run.InboxURL != first.InboxURL || run.DynamoDBURL != first.DynamoDBURL || run.SQSURL != first.SQSURL {
		t.Errorf("the parts have other addresses: %+v, before %+v", run.description, first.description)
	}
	if page := content(t, mail); !strings.HasPrefix(page, "OK\n<!doctype html>") {
		t.Errorf("the mail from before the restart is %.100s", page)
	}
	if page := content(t, mail+"?text"); !strings.HasPrefix(page, "OK\nSubject: ") {
		t.Errorf("its text is %.100s", page)
	}
	first.Application.Issuer = run.Application.Issuer // it has the port
	if run.Application != first.Application || run.User != first.User {
		t.Errorf("it has %+v and %+v, and had %+v and %+v", run.Application, run.User, first.Application, first.User)
	}
	for what, test := range map[string]struct {
		request *http.Request
		status  int
	}{
		"the page":    {request(t, http.MethodGet, run.Application.Issuer+"/signin", nil), http.StatusOK},
		"the request": {request(t, http.MethodGet, authorizeURL(run.description), nil), http.StatusSeeOther},
		"the sign-in": {request(t, http.MethodPost, run.Application.Issuer+"/signin", url.Values{
			"identifier": {run.User.Identifier}, "password": {run.User.Password}, "do": {"password"},
		}), http.StatusSeeOther},
		"the secret": {request(t, http.MethodPost, run.Application.Issuer+"/oauth2/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {"none"}, "redirect_uri": {run.Application.Redirect},
		}, run.Application.ID, run.Application.Secret), http.StatusBadRequest}, // and not 401, as with another secret
	} {
		got, err := http.DefaultTransport.RoundTrip(test.request)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if location := got.Header.Get("Location"); got.StatusCode != test.status ||
			test.status == http.StatusSeeOther && !strings.Contains(location, "signin") {
			t.Errorf("%s is answered %d with %s", what, got.StatusCode, location)
		}
	}
	if err := run.stop(); err != nil {
		t.Error(err)
	}
}

// authorizeURL returns the URL to which the application sends people.
func authorizeURL(run description) string {
	return run.Application.Issuer + "/oauth2/authorize?" + url.Values{
		"client_id": {run.Application.ID}, "redirect_uri": {run.Application.Redirect}, "response_type": {"code"},
		"scope": {"openid"}, "code_challenge": {strings.Repeat("x", 43)}, "code_challenge_method": {"S256"},
	}.Encode()
}

// request returns a request with a form, if there is one, and with an id and a secret, if they are given.
func request(t *testing.T, method, address string, form url.Values, credentials ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if len(credentials) == 2 {
		r.SetBasicAuth(credentials[0], credentials[1])
	}
	return r
}

func TestHostReachesThePartsToo(t *testing.T) {
	inFolder(t)
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = "127.0.0.2" // only on Linux is every address of 127.0.0.0/8 this machine
	}
	t.Setenv("HOST", host)
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "") // an engine that somebody else runs is not offered
	taken := takePort(t)
	if err := os.Mkdir(".local", 0o700); err != nil {
		t.Fatal(err)
	}
	kept := fmt.Sprintf(`{"inbox":%d}`, taken)
	if err := os.WriteFile(filepath.Join(".local", "ports.json"), []byte(kept), 0o600); err != nil {
		t.Fatal(err)
	}
	run := start(t)
	run.said.await(t, fmt.Sprintf("The inbox is on port [0-9]+ this time, since another program has %d.", taken))
	for _, address := range []string{run.DynamoDBURL, run.SQSURL, run.InboxURL} {
		port, onLoopback := strings.CutPrefix(address, "http://127.0.0.1:")
		there := "http://" + host + ":" + port
		if here, there := answer(t, address), answer(t, there); !onLoopback || here != there {
			t.Errorf("%s answers %q, and %q at HOST", address, here, there)
		}
	}
	if err := run.stop(); err != nil {
		t.Error(err)
	}
}

// takePort returns a port on which this process listens.
func takePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// A port that can't be had is said before anything is started, with one that is free.
func TestPortsThatAreRefused(t *testing.T) {
	for port, want := range map[string]string{
		fmt.Sprint(takePort(t)): "is taken by another program: try PORT=9",
		"http":                  `PORT is "http" and must be a number`,
		"70000":                 `PORT is "70000" and must be a number`,
	} {
		inFolder(t)
		t.Setenv("PORT", port)
		err := local.Run(t.Context(), local.Process{Out: io.Discard, Err: io.Discard})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
		if _, err := os.Stat(filepath.Join(".local", "dynamodb.sqlite")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a part was started: %v", err)
		}
	}
}

// answer returns the status and the body that a part answers with.
func answer(t *testing.T, address string) string {
	t.Helper()
	return content(t, address+"/")
}

// content returns the status and the body of what is at a URL.
func content(t *testing.T, address string) string {
	t.Helper()
	got := systemtest.Send(t, request(t, http.MethodGet, address, nil))
	return http.StatusText(got.Status) + "\n" + string(got.Body)
}

func TestHostsThatAreRefused(t *testing.T) {
	for host, want := range map[string]string{
		"0.0.0.0": "must be one IP address of this machine", // it would listen on every network
		// some shells set HOST to the name of the machine
		"laptop":    "must be one IP address of this machine",
		"192.0.2.1": "listen tcp 192.0.2.1:", // it is not an address of this machine
	} {
		t.Run(host, func(t *testing.T) {
			inFolder(t)
			t.Setenv("HOST", host)
			if err := local.Run(t.Context(), local.Process{Out: io.Discard, Err: io.Discard}); err == nil ||
				!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "HOST") {
				t.Errorf("got %v", err)
			}
		})
	}
}
