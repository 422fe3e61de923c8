package api_test

import (
	"crypto/subtle"
	"log/slog"
	"net/http"
	"testing"

	"identitypools/shared/access"
	"identitypools/shared/api"
)

const (
	gatewaySees = "192.0.2.1" // the source of every request, as API Gateway sees it
	proxySecret = "gI4mW8qzV2nD7sKxJ1yLrB5tEhUcPoNa6fHbQwTdRvZ0XjCl"
	viewerAt    = "CloudFront-Viewer-Address"
	formPath    = "/acme/pools/p/register"
)

// ASVS V4.1.3, V15.3.4: the source is what API Gateway saw, whatever headers a caller sends.
func TestNobodyChoosesTheirSource(t *testing.T) {
	t.Parallel()
	headers := map[string]string{"x-origin-verify": proxySecret}
	for _, name := range []string{
		"x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "cloudfront-viewer-address",
	} {
		headers[name] = "198.51.100.7:46532"
	}
	if seen, status := sourceOf(t, nil, "GET", formPath, headers); seen != gatewaySees || status != 204 {
		t.Errorf("the source is %q, and the answer %d", seen, status)
	}
}

// Behind a proxy the source is the address that the proxy names, and only the proxy can name one.
func TestOnlyTheProxyNamesTheSource(t *testing.T) {
	t.Parallel()
	const viewer = "198.51.100.7:46532"
	for name, c := range map[string]struct {
		secret, address string
		source          string
		status          int // if the proxy is the only way in
	}{
		"through the proxy":          {proxySecret, viewer, "198.51.100.7", 204},
		"no secret":                  {"", viewer, gatewaySees, 403},
		"a wrong secret":             {"x" + proxySecret[1:], viewer, gatewaySees, 403},
		"a part of the secret":       {proxySecret[:43], viewer, gatewaySees, 403},
		"the secret and more":        {proxySecret + "x", viewer, gatewaySees, 403},
		"the secret of a small case": {"gi4mw8qzv2nd7skxj1ylrb5tehucpona6fhbqwtdrvz0xjcl", viewer, gatewaySees, 403},
		"two secrets":                {proxySecret + "," + proxySecret, viewer, gatewaySees, 403},
		"a guess and the secret":     {"x," + proxySecret, viewer, gatewaySees, 403},
		"IPv6 in brackets":           {proxySecret, "[2001:db8::1]:443", "2001:db8::1", 204},
		"IPv6 as CloudFront writes":  {proxySecret, "2001:db8::1:443", "2001:db8::1", 204},
		"IPv6 in full":               {proxySecret, "2001:0DB8:0:0:0:0:0:1:443", "2001:db8::1", 204},
		"IPv4 in IPv6":               {proxySecret, "::ffff:198.51.100.7:443", "198.51.100.7", 204},
		"no address":                 {proxySecret, "", gatewaySees, 204},
		"no port":                    {proxySecret, "198.51.100.7", gatewaySees, 204},
		"an empty port":              {proxySecret, "198.51.100.7:", gatewaySees, 204},
		"a port that is none":        {proxySecret, "198.51.100.7:65536", gatewaySees, 204},
		"a port with a sign":         {proxySecret, "198.51.100.7:+80", gatewaySees, 204},
		"two addresses":              {proxySecret, "203.0.113.9:1,198.51.100.7:46532", gatewaySees, 204},
		"two ports":                  {proxySecret, "198.51.100.7:1:2", gatewaySees, 204},
		"a name":                     {proxySecret, "localhost:80", gatewaySees, 204},
		"IPv4 in brackets":           {proxySecret, "[198.51.100.7]:80", gatewaySees, 204},
		"half a bracket":             {proxySecret, "[2001:db8::1:443", gatewaySees, 204},
		"a zone":                     {proxySecret, "[fe80::1%eth0]:443", gatewaySees, 204},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := map[string]string{}
			for header, value := range map[string]string{"x-origin-verify": c.secret, "cloudfront-viewer-address": c.address} {
				if value != "" {
					headers[header] = value
				}
			}
			if seen, status := sourceOf(t, proxy(false), "GET", formPath, headers); seen != c.source || status != 204 {
				t.Errorf("the source is %q, and the answer %d", seen, status)
			}
			source := c.source
			if c.status == 403 {
				source = "" // the handler is not reached
			}
			if seen, status := sourceOf(t, proxy(true), "GET", formPath, headers); seen != source || status != c.status {
				t.Errorf("if the proxy is the only way in, the source is %q, and the answer %d", seen, status)
			}
		})
	}
}

// Routes that need a token, or an API client's secret, do not depend on the source, so they take
// requests on any way.
func TestAProxyIsForPublicRoutes(t *testing.T) {
	t.Parallel()
	const oauth = "/acme/admin/oauth2/token"
	if _, status := sourceOf(t, proxy(true), "POST", oauth, nil); status != 204 {
		t.Errorf("a request for a token is answered %d", status)
	}
	e := newEdge(t, "registration", ok)
	const system = "/api/identity/acme/system/pools/p/user/register"
	token := e.token(t, tenant, access.System, api.ScopeSystem)
	o := e.options
	o.Proxy = proxy(true)
	call := gateway(t, "registration", ok, o)
	if answer := send(t, call, event("POST", system, token, "")); answer.StatusCode != 204 {
		t.Errorf("a back end is answered %d %s", answer.StatusCode, answer.Body)
	}
}

// The proxy's secret goes no further, and a proxy that names no address is reported.
func TestWhatAProxyLeaves(t *testing.T) {
	t.Parallel()
	log, shown := &lines{}, "nothing"
	call := gateway(t, "registration", func(w http.ResponseWriter, r *http.Request) {
		shown = r.Header.Get(api.ProxySecretHeader)
		ok(w, r)
	}, api.Options{Proxy: proxy(false), Log: slog.New(slog.NewJSONHandler(log, nil))})
	request := event("GET", formPath, "", "")
	request.Headers["x-origin-verify"] = proxySecret
	send(t, call, request)
	if shown != "" {
		t.Errorf("a handler sees the secret: %q", shown)
	}
	if all := log.all(t); len(all) != 1 || all[0]["msg"] != "the proxy names no address" || all[0]["level"] != "WARN" {
		t.Errorf("the log has %v", all)
	}
}

// proxy returns a proxy that names the viewer as CloudFront does.
func proxy(only bool) *api.Proxy {
	return &api.Proxy{
		Knows: func(secret string) bool {
			return subtle.ConstantTimeCompare([]byte(secret), []byte(proxySecret)) == 1
		},
		AddressHeader: viewerAt, Only: only,
	}
}

// sourceOf returns the source that the handler of a request sees, and the status of the answer.
func sourceOf(
	t *testing.T, p *api.Proxy, method, path string, headers map[string]string,
) (seen string, status int) {
	t.Helper()
	call := gateway(t, "registration", func(w http.ResponseWriter, r *http.Request) {
		seen = r.RemoteAddr
		ok(w, r)
	}, api.Options{Proxy: p, Log: silent()})
	request := event(method, path, "", "")
	request.RequestContext.HTTP.SourceIP = gatewaySees
	for name, value := range headers {
		request.Headers[name] = value
	}
	answer := send(t, call, request)
	return seen, answer.StatusCode
}
