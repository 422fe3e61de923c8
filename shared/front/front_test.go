package front_test

import (
	"fmt"
	"strings"
	"testing"

	"identitypools/shared/cloud"
	"identitypools/shared/front"
)

const written = "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func ExampleOpen() {
	// A function passes os.Getenv. Without a proxy, all three variables are empty.
	variables := map[string]string{"PROXY_HEADER": "CloudFront-Viewer-Address", "PROXY_SECRET": written}
	proxy, err := front.Open(cloud.Environment(func(name string) string { return variables[name] }))
	fmt.Println(proxy.AddressHeader, proxy.Only, proxy.Knows(written), proxy.Knows("a guess"), err)
	// Output: CloudFront-Viewer-Address false true false <nil>
}

func TestOpen(t *testing.T) {
	t.Parallel()
	open := func(header, secret, only string) (string, error) {
		variables := map[string]string{"PROXY_HEADER": header, "PROXY_SECRET": secret, "PROXY_ONLY": only}
		proxy, err := front.Open(cloud.Environment(func(name string) string { return variables[name] }))
		if proxy == nil {
			return "none", err
		}
		return fmt.Sprint(proxy.AddressHeader, " ", proxy.Only), err
	}
	for name, c := range map[string]struct {
		header, secret, only string
		proxy, fault         string
	}{
		"no proxy":                    {"", "", "", "none", ""},
		"a proxy":                     {"X-Viewer", written, "false", "X-Viewer false", ""},
		"a proxy as the only way in":  {"X-Viewer", written, "true", "X-Viewer true", ""},
		"a secret that is too short":  {"X-Viewer", "base64:AAEC", "", "none", "read PROXY_SECRET"},
		"a secret that is no secret":  {"X-Viewer", "letmein", "", "none", "read PROXY_SECRET"},
		"a secret of a proxy no more": {"", written, "true", "none", ""},
	} {
		proxy, err := open(c.header, c.secret, c.only)
		if proxy != c.proxy || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %s, %v", name, proxy, err)
		}
	}
}

// A function that should know a secret and has none does not start.
func TestAProxyHasASecret(t *testing.T) {
	t.Parallel()
	defer func() {
		if fault := fmt.Sprint(recover()); !strings.Contains(fault, "PROXY_SECRET") {
			t.Errorf("it starts: %s", fault)
		}
	}()
	variables := map[string]string{"PROXY_HEADER": "X-Viewer"}
	_, _ = front.Open(cloud.Environment(func(name string) string { return variables[name] }))
}
