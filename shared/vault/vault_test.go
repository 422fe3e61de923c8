package vault_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go-json-experiment/json"

	"identitypools/shared/cloud"
	"identitypools/shared/vault"
)

const (
	variable = "CODE_SECRET"
	region   = "eu-central-1"
	arn      = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:codes-a1b2c3"
)

var written = "base64:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))

// A manager stands for Secrets Manager. It records the calls and gives the same answer to each, after
// it has failed as often as it should.
type manager struct {
	status int
	answer string
	fails  []func(w http.ResponseWriter) // the first calls
	calls  []call
}

// A call is a request as it arrived.
type call struct {
	*http.Request
	body []byte
}

func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.calls = append(m.calls, call{r, body})
	if len(m.calls) <= len(m.fails) {
		m.fails[len(m.calls)-1](w)
		return
	}
	w.WriteHeader(m.status)
	_, _ = io.WriteString(w, m.answer)
}

// environment returns the environment of a function whose secret is setting and whose Secrets
// Manager is m. If m is nil, Secrets Manager cannot be reached.
func environment(t *testing.T, setting string, m *manager) cloud.Env {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	if m == nil {
		server.Close()
	}
	variables := map[string]string{
		variable: setting, "AWS_REGION": region, "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.URL,
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "session",
	}
	return cloud.Environment(func(name string) string { return variables[name] })
}

func TestReadTakesASecretFromSecretsManager(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(map[string]any{
		"ARN": arn, "Name": "codes", "VersionId": "v1", "SecretString": written, "VersionStages": []string{"AWSCURRENT"}, "CreatedDate": 1767225600.5,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{status: 200, answer: string(text)}
	fetched, err := vault.Read(environment(t, arn, m), variable)
	if err != nil {
		t.Fatal(err)
	}
	direct, err := vault.Read(environment(t, written, &manager{}), variable)
	if err != nil {
		t.Fatal(err)
	}
	one, errOne := fetched.Key("use", 32)
	two, errTwo := direct.Key("use", 32)
	if errOne != nil || errTwo != nil || !bytes.Equal(one, two) {
		t.Errorf("another secret came back (%v, %v)", errOne, errTwo)
	}
	if len(m.calls) != 1 {
		t.Fatalf("%d calls", len(m.calls))
	}
	got := m.calls[0]
	if got.Method != "POST" || got.URL.Path != "/" || string(got.body) != `{"SecretId":"`+arn+`"}` {
		t.Errorf("called %s %s with %s", got.Method, got.URL, got.body)
	}
	if got.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" ||
		got.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Errorf("headers are %v", got.Header)
	}
	checkSignature(t, got)
}

// checkSignature computes the signature of the request that arrived and compares it with the one
// that the request has, as AWS does.
func checkSignature(t *testing.T, got call) {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", got.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatalf("X-Amz-Date: %v", err)
	}
	if age := time.Since(at); age < -time.Minute || age > time.Minute {
		t.Errorf("signed at %s", at)
	}
	again, err := http.NewRequestWithContext(t.Context(), got.Method, "http://"+got.Host+got.URL.Path, bytes.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Content-Type", "X-Amz-Target"} {
		again.Header.Set(name, got.Header.Get(name))
	}
	sum := sha256.Sum256(got.body)
	credentials := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example", SessionToken: "session"}
	err = v4.NewSigner().SignHTTP(
		t.Context(), credentials, again, hex.EncodeToString(sum[:]), "secretsmanager", region, at)
	if err != nil {
		t.Fatal(err)
	}
	want := again.Header.Get("Authorization")
	if got.Header.Get("Authorization") != want || got.Header.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("signature is %q, want %q", got.Header.Get("Authorization"), want)
	}
	for _, signed := range []string{"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} {
		if !strings.Contains(want, signed) {
			t.Errorf("%s is not signed: %s", signed, want)
		}
	}
}

// A start survives an outage of Secrets Manager that ends soon, and does not wait where waiting is of no
// use.
func TestReadTriesAgain(t *testing.T) {
	t.Parallel()
	fail := func(status int, code string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"__type":"`+code+`"}`)
		}
	}
	hangUp := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	cutOff := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
	}
	answer := `{"SecretString":"` + written + `"}`
	for _, test := range []struct {
		name  string
		fails []func(http.ResponseWriter)
		calls int
		ok    bool
	}{
		{"after a fault", []func(http.ResponseWriter){fail(500, "InternalServiceError")}, 2, true},
		{"after throttling", []func(http.ResponseWriter){fail(400, "ThrottlingException"), fail(429, "")}, 3, true},
		{"after no answer, or half of one", []func(http.ResponseWriter){hangUp, cutOff}, 3, true},
		{"not where it may not", []func(http.ResponseWriter){fail(400, "AccessDeniedException")}, 1, false},
		{"not for ever", slices.Repeat([]func(http.ResponseWriter){fail(503, "")}, 9), 5, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := &manager{status: 200, answer: answer, fails: test.fails}
			_, err := vault.Read(environment(t, arn, m), variable)
			if (err == nil) != test.ok || len(m.calls) != test.calls {
				t.Errorf("%v after %d calls", err, len(m.calls))
			}
		})
	}
}

func TestReadTakesASecretThatIsWrittenOut(t *testing.T) {
	t.Parallel()
	m := &manager{status: 500}
	if _, err := vault.Read(environment(t, written, m), variable); err != nil {
		t.Error(err)
	}
	if len(m.calls) != 0 {
		t.Errorf("%d calls for a secret that is there", len(m.calls))
	}
}

// A function without its secret does not start. Its error names the missing secret but contains
// nothing of its value (ASVS V13.3.1, V16.5.3).
func TestReadFails(t *testing.T) {
	t.Parallel()
	long := `{"SecretString":"` + written + `","Name":"` + strings.Repeat("x", 200<<10) + `"}`
	for _, test := range []struct {
		name, setting string
		manager       *manager
		says          string
	}{
		{"where it is refused", arn, &manager{status: 400, answer: `{"__type":"AccessDeniedException","Message":"private"}`}, "answered 400"},
		{"where the service fails", arn, &manager{status: 500, answer: "private"}, "answered 500"},
		{"where the service sends it elsewhere", arn, &manager{status: 302, answer: "private"}, ""},
		{"where the answer is no JSON", arn, &manager{status: 200, answer: `private`}, "decode"},
		{"where the answer is too long", arn, &manager{status: 200, answer: long}, "decode"},
		{"where the answer has no text", arn, &manager{status: 200, answer: `{"SecretBinary":"cHJpdmF0ZQ=="}`}, "letters and digits"},
		{"where the secret is too short", arn, &manager{status: 200, answer: `{"SecretString":"base64:cHJpdmF0ZQ=="}`}, "at least 32 bytes"},
		{"where nobody answers", arn, nil, "fetch secret"},
		{"where the setting is neither", "private", &manager{status: 200}, "must be written"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := vault.Read(environment(t, test.setting, test.manager), variable)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), variable) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error is %q, want it to name %s and to say %q", err, variable, test.says)
			}
			for _, secret := range []string{"private", "cHJpdmF0ZQ", "example"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, err)
				}
			}
		})
	}
}
