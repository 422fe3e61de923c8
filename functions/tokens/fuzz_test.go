package tokens_test

import (
	"net/http"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// FuzzGrant sends any token request. Only a request with the secret gets a token, and each refusal
// is one of RFC 6749 §5.2.
func FuzzGrant(f *testing.F) {
	product := systemtest.New(f)
	if err := product.EnsureClient(f.Context(), access.Client{Tenant: "acme", ID: oddID, Caller: access.System, Scopes: []string{"identity"}}, oddSecret); err != nil {
		f.Fatal(err)
	}
	const form = "application/x-www-form-urlencoded"
	for _, body := range []string{
		"", grant, grant + "&client_id=" + oddID + "&client_secret=x", grant + "&" + grant, "%zz", "grant_type", grant + "&scope=a%20b", "&&==", "\x00\xff", strings.Repeat("a=b&", 3000), "grant_type=password",
	} {
		f.Add(form, "", body)
		f.Add(form, basic(oddID, "x"), body)
	}
	for _, authorization := range []string{"Basic", "Basic %%%", "Basic Og==", "basic YTpi", "Bearer x", "Basic JXp6Ong=", "Basic YTolenA="} {
		f.Add(form, authorization, grant)
	}
	f.Add("application/json", "", "{}")
	f.Add("a/b; c", "", grant)
	f.Fuzz(func(t *testing.T, contentType, authorization, body string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://id.example.com"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": {contentType}, "Authorization": {authorization}}
		answer, err := product.Functions["tokens"](t.Context(), api.Event(r, []byte(body), "fuzz"))
		if err != nil {
			t.Fatal(err)
		}
		codes := map[int][]string{400: {"invalid_request", "unsupported_grant_type", "invalid_scope", "malformed"}, 401: {"invalid_client"}}
		known := false
		for _, code := range codes[answer.StatusCode] {
			known = known || strings.Contains(answer.Body, `"error":"`+code+`"`) || strings.Contains(answer.Body, `"error_code":"`+code+`"`)
		}
		if !known || answer.Headers["Cache-Control"] != "no-store" {
			t.Errorf("answered %d %s %v", answer.StatusCode, answer.Body, answer.Headers)
		}
	})
}
