package onetime

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"

	"identitypools/shared/cloud"
	"identitypools/shared/factor"
	"identitypools/shared/otp"
	"identitypools/shared/vault"
)

// Labels of the keys that are derived from the codes' secret. A changed label makes all codes or
// tickets that people have invalid.
const (
	codesKey   = "codes"
	ticketsKey = "tickets"
	sourcesKey = "sources"
	workKey    = "work"
	keyLength  = 32
)

// Tools make and recognize codes, tickets and proofs of work, and name the sources of requests. Factors
// are the keys of authenticator apps and passkeys, which are derived from the same secret.
type Tools struct {
	Coder   *otp.Coder
	Sealer  *otp.Sealer
	Work    []byte // the key of proofs of work (shared/work)
	Factors factor.Keys
	sources []byte // the key of the names of sources
}

// Open returns the tools with keys that are derived from the secret that CODE_SECRET names.
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
	factors, err := factor.New(master)
	if err != nil {
		return Tools{}, err
	}
	sealer, err := otp.NewSealer(tickets, rand.Reader)
	return Tools{
		Coder: otp.NewCoder(codes, rand.Reader), Sealer: sealer, Work: work, Factors: factors, sources: sources,
	}, err
}

// Source returns a name for the source of a request, which tells nobody the address. A source is an
// IPv4 address, or the network of an IPv6 address, since a household has 2^64 of those (RFC 6177).
func (t Tools) Source(r *http.Request) string {
	source := r.RemoteAddr
	if ip, err := netip.ParseAddr(source); err == nil && ip.Unmap().Is6() {
		network, _ := ip.WithZone("").Prefix(64) // every IPv6 address has such a network
		source = network.String()
	}
	mac := hmac.New(sha256.New, t.sources)
	mac.Write([]byte(source))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
