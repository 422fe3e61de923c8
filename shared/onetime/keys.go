package onetime

import (
	"crypto/rand"
	"strings"

	"identitypools/shared/otp"
	"identitypools/shared/secret"
)

// Labels of the keys that are derived from the codes' secret. Changing one makes all codes or tickets that are out invalid.
const (
	codesKey   = "codes"
	ticketsKey = "tickets"
	keyLength  = 32
)

// NewCoder is a Coder with its key derived from the codes' secret.
func NewCoder(master secret.Master) (*otp.Coder, error) {
	key, err := master.Key(codesKey, keyLength)
	if err != nil {
		return nil, err
	}
	return otp.NewCoder(key, rand.Reader), nil
}

// NewSealer is a Sealer with its key derived from the codes' secret.
func NewSealer(master secret.Master) (*otp.Sealer, error) {
	key, err := master.Key(ticketsKey, keyLength)
	if err != nil {
		return nil, err
	}
	return otp.NewSealer(key, rand.Reader)
}

// ReturnURLs says which post-activation URLs messages may carry: https URLs of the origins listed, with commas between them. None
// listed, none allowed.
func ReturnURLs(origins string) func(url string) bool {
	allowed := strings.FieldsFunc(origins, func(r rune) bool { return r == ',' || r == ' ' })
	return func(url string) bool {
		for _, origin := range allowed {
			rest, ok := strings.CutPrefix(url, strings.TrimSuffix(origin, "/"))
			if ok && strings.HasPrefix(url, "https://") && (rest == "" || strings.ContainsAny(rest[:1], "/?#")) {
				return true
			}
		}
		return false
	}
}
