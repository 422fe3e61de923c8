package identity_test

import (
	"strings"
	"testing"

	"identitypools/shared/identity"
)

// A mail comes from the name of its pool, unless that could pass for an address or hides something.
func TestTheNameOfASender(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ pool, set, want string }{
		"the pool's":             {"Acme & Sons, Ltd.", "", "Acme & Sons, Ltd."},
		"the one that is set":    {"Acme", "Acme Support", "Acme Support"},
		"the longest":            {strings.Repeat("ż", 64), "", strings.Repeat("ż", 64)},
		"a longer one":           {strings.Repeat("ż", 65), "", ""},
		"an address":             {"support@example.com", "", ""},
		"an address in brackets": {"A <b>", "", ""},
		"a quotation mark":       {`A"`, "", ""},
		"two lines":              {"A\r\nBcc: b", "", ""},
		"one that turns around":  {"A\u202eb", "", ""},
		"a line separator":       {"A\u2028b", "", ""},
		"an encoded word":        {"=?utf-8?q?a?=", "", ""},
		"a zero-width space":     {"A\u200bb", "", ""},
		"one where one is set":   {"support@example.com", "Acme", "Acme"},
		"nothing, as in no pool": {"", "", ""},
	} {
		p := identity.Pool{Name: row.pool, Branding: identity.Branding{SenderName: row.set}}
		if got := p.SenderName(); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// Mails show no logo that mail services do not show.
func TestTheLogoOfMails(t *testing.T) {
	t.Parallel()
	for logo, isShown := range map[string]bool{
		"": false, "https://example.com/logo.png": true, "https://example.com/logo": true,
		"https://example.com/logo.PNG?x=.svg": true, "https://example.com/logo.svg": false,
		"https://example.com/LOGO.SVG?v=1": false, "https://example.com/logo.svgz": false,
	} {
		if got := (identity.Branding{LogoURL: logo}).MailLogo(); got != map[bool]string{true: logo}[isShown] {
			t.Errorf("of %q: %q", logo, got)
		}
	}
}
