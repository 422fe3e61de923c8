package systemtest

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/parttest"
)

// Fields is a JSON object.
type Fields = map[string]any

// Password is a password that every pool accepts.
const Password = "correct horse battery staple"

// NewPool creates a pool that allows registration and accepts passwords of eight characters, and
// returns its id. The given settings replace these defaults.
func (t *Tenant) NewPool(tb testing.TB, settings Fields) string {
	tb.Helper()
	pool := Fields{
		"name": "Partners", "public_registration_allowed": true,
		"authentication_mechanisms": []string{"password", "otp"},
	}
	maps.Copy(pool, settings)
	return t.Admin.Must(tb, http.StatusCreated, "POST", "/pools", pool).Text(tb, "id")
}

// NewUser creates a user with an e-mail identifier through the admin tree, and returns its id.
func (t *Tenant) NewUser(tb testing.TB, pool, status, email string, fields Fields) string {
	tb.Helper()
	user := Fields{"status": status, "identifiers": []Fields{{"identifier": email, "type": "email"}}}
	maps.Copy(user, fields)
	return t.Admin.Must(tb, http.StatusCreated, "POST", "/pools/"+pool+"/users", user).Text(tb, "id")
}

// CodeIn returns the short code in a mail, without the spaces between its groups.
func CodeIn(tb testing.TB, m parttest.Mail) string {
	tb.Helper()
	code := regexp.MustCompile(`(?m)^ {4}(\d{3,4}(?: \d{3,4})+)$`).FindStringSubmatch(m.Text)
	if code == nil {
		tb.Fatalf("no code in the mail: %s", m.Text)
	}
	return strings.ReplaceAll(code[1], " ", "")
}

// LinkIn returns the link in a mail.
func LinkIn(tb testing.TB, m parttest.Mail) *url.URL {
	tb.Helper()
	link, err := url.Parse(regexp.MustCompile(`(?m)^http\S+$`).FindString(m.Text))
	if err != nil || link.Host == "" {
		tb.Fatalf("no link in the mail: %s", m.Text)
	}
	return link
}

// WrongCode returns another code of the same length.
func WrongCode(code string) string {
	wrong := []byte(code)
	wrong[0] = '0' + (wrong[0]-'0'+1)%10
	return string(wrong)
}
