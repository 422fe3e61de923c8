package factors

import (
	"fmt"
	"net"
	"net/url"

	"github.com/go-webauthn/webauthn/webauthn"
)

// Site is what passkeys are for: the host of the deployment's public URL. A passkey can be used on
// pages of this host alone (WebAuthn Level 3 §5.1.3, "relying party identifier"), so another host
// makes all passkeys useless.
type Site struct {
	id      string
	library *webauthn.WebAuthn
}

// NewSite returns the site of a public URL. The host of an address on this machine is called localhost,
// because the host of passkeys must be a name; then pages may have either. It fails for another IP
// address.
func NewSite(public string) (*Site, error) {
	u, err := url.Parse(public)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the public URL %q has no host", public)
	}
	id, origins := u.Hostname(), []string{u.Scheme + "://" + u.Host}
	if ip := net.ParseIP(id); ip != nil && ip.IsLoopback() {
		id = "localhost"
		local := url.URL{Scheme: u.Scheme, Host: id}
		if port := u.Port(); port != "" {
			local.Host = net.JoinHostPort(id, port)
		}
		origins = append(origins, local.String())
	}
	library, err := webauthn.New(&webauthn.Config{RPID: id, RPOrigins: origins})
	if err != nil {
		return nil, fmt.Errorf("make the site of passkeys: %w", err)
	}
	return &Site{id, library}, nil
}
