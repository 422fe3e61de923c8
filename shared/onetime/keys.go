package onetime

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"identitypools/shared/cloud"
	"identitypools/shared/otp"
	"identitypools/shared/vault"
)

// Labels of the keys that are derived from the codes' secret. Changing one makes all codes or tickets that are out invalid.
const (
	codesKey   = "codes"
	ticketsKey = "tickets"
	sourcesKey = "sources"
	workKey    = "work"
	keyLength  = 32
)

// Tools make and recognize codes and tickets.
type Tools struct {
	Coder   *otp.Coder
	Sealer  *otp.Sealer
	Work    []byte // the key of proofs of work (shared/work)
	sources []byte
}

// Open makes the tools with keys that are derived from the secret that CODE_SECRET names.
func Open(env cloud.Env) (Tools, error) {
	master, err := vault.Read(env, "CODE_SECRET")
	if err != nil {
		return Tools{}, err
	}
	codes, err := master.Key(codesKey, keyLength)
	if err != nil {
		return Tools{}, err
	}
	tickets, err := master.Key(ticketsKey, keyLength)
	if err != nil {
		return Tools{}, err
	}
	sources, err := master.Key(sourcesKey, keyLength)
	if err != nil {
		return Tools{}, err
	}
	work, err := master.Key(workKey, keyLength)
	if err != nil {
		return Tools{}, err
	}
	sealer, err := otp.NewSealer(tickets, rand.Reader)
	return Tools{Coder: otp.NewCoder(codes, rand.Reader), Sealer: sealer, Work: work, sources: sources}, err
}

// Source is a name for where a request comes from, which tells nobody the address: an IPv4 address, or the network of an IPv6 one, since
// a household has 2^64 of those (RFC 6177).
func (t Tools) Source(r *http.Request) string {
	source := r.RemoteAddr
	if ip, err := netip.ParseAddr(source); err == nil && ip.Unmap().Is6() {
		network, _ := ip.WithZone("").Prefix(64) // every IPv6 address has one
		source = network.String()
	}
	mac := hmac.New(sha256.New, t.sources)
	mac.Write([]byte(source))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// ReturnURLs says which post-activation URLs messages may carry: https URLs of the origins listed, with commas between them. None
// listed, none allowed; what is listed but is no https origin allows nothing.
func ReturnURLs(origins string) func(url string) bool {
	allowed := strings.FieldsFunc(origins, func(r rune) bool { return r == ',' || r == ' ' })
	allowed = slices.DeleteFunc(allowed, func(origin string) bool { return !isHTTPS(origin) })
	return func(url string) bool {
		return isHTTPS(url) && slices.ContainsFunc(allowed, func(origin string) bool {
			rest, ok := strings.CutPrefix(url, strings.TrimSuffix(origin, "/"))
			return ok && (rest == "" || strings.ContainsAny(rest[:1], "/?#"))
		})
	}
}

// isHTTPS says whether text is an https URL with a host; one with a control character is none.
func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && strings.HasPrefix(text, "https://") && u.Host != "" && !strings.ContainsFunc(text, unicode.IsControl)
}
