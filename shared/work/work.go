// Package work implements a proof of work that is compatible with ALTCHA. A challenge takes a
// person's device about a second to solve, while the server checks a solution by computing one
// hash.
//
// The package knows no HTTP and stores nothing. Its caller must make sure that a solution counts
// only once.
package work

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Lifetime is how long a solution of a challenge is accepted. It is longer than it takes to fill in
// a form.
const Lifetime = 20 * time.Minute

// MaxNumber is the largest number that can solve a challenge. On average, half as many hashes have
// to be tried. The page's script does that in about a second on an average phone, and in a quarter
// of a second on a desktop.
const MaxNumber = 500_000

const algorithm = "SHA-256"

// maxSolution is the length of the longest solution that is looked at, in bytes. The solutions of
// ALTCHA's clients have about 400.
const maxSolution = 1024

// saltBytes is the number of random bytes in a salt. Together with the time and a number, a salt
// fits into one block of SHA-256 (55 bytes). The page's script relies on that.
const saltBytes = 12

// A Challenge asks for a number. The SHA-256 hash of the salt followed by the number in decimal
// must be the value of the field Challenge, which is in hexadecimal.
type Challenge struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	MaxNumber int64  `json:"maxnumber"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// A Solution is the answer of a client to a challenge. It is sent as the base64 encoding of its
// JSON.
type Solution struct {
	Algorithm string  `json:"algorithm"`
	Challenge string  `json:"challenge"`
	Number    int64   `json:"number"`
	Salt      string  `json:"salt"`
	Signature string  `json:"signature"`
	Took      float64 `json:"took,omitzero"` // milliseconds, as ALTCHA's clients report; ignored
}

// An Issuer makes challenges and checks their solutions. It is safe for concurrent use if Random
// and Now are.
type Issuer struct {
	Key    []byte           // signs challenges
	Random io.Reader        // for salts and numbers
	Now    func() time.Time // the clock
}

// New makes a challenge that is valid for one pool. It fails if Random fails.
func (i Issuer) New(tenant, pool string) (Challenge, error) {
	random := make([]byte, saltBytes)
	if _, err := io.ReadFull(i.Random, random); err != nil {
		return Challenge{}, fmt.Errorf("read random bytes: %w", err)
	}
	number, err := rand.Int(i.Random, big.NewInt(MaxNumber+1))
	if err != nil {
		return Challenge{}, fmt.Errorf("read a random number: %w", err)
	}
	// The & ends the time, so that no digit of the number can be read as part of the time.
	expires := strconv.FormatInt(i.Now().Add(Lifetime).Unix(), 10)
	salt := hex.EncodeToString(random) + "?expires=" + expires + "&"
	hash := solutionHash(salt, number.Int64())
	return Challenge{
		Algorithm: algorithm, Challenge: hash, MaxNumber: MaxNumber, Salt: salt,
		Signature: i.sign(tenant, pool, salt, hash),
	}, nil
}

// Check returns the challenge that a solution solves, as a string that is different for every
// challenge. It returns false if the solution is wrong or too late, or if its challenge was not
// made for this pool by an Issuer with the same key.
func (i Issuer) Check(tenant, pool, solution string) (challenge string, ok bool) {
	if len(solution) > maxSolution {
		return "", false
	}
	text, err := base64.StdEncoding.DecodeString(solution)
	if err != nil {
		return "", false
	}
	var s Solution
	if err := json.Unmarshal(text, &s); err != nil {
		return "", false
	}
	if s.Algorithm != algorithm || s.Number < 0 || s.Number > MaxNumber {
		return "", false
	}
	// The signature covers the salt, which contains the time. Both can be trusted from here on.
	if !equalStrings(i.sign(tenant, pool, s.Salt, s.Challenge), s.Signature) ||
		!equalStrings(solutionHash(s.Salt, s.Number), s.Challenge) {
		return "", false
	}
	if !i.Now().Before(expiry(s.Salt)) {
		return "", false
	}
	return s.Challenge, true
}

// Solve finds the number by trying all of them, as a client does, and returns the encoded solution.
// It returns false if there is none.
func (c Challenge) Solve() (solution string, ok bool) {
	for number := range c.MaxNumber + 1 {
		if solutionHash(c.Salt, number) == c.Challenge {
			return Solution{
				Algorithm: c.Algorithm, Challenge: c.Challenge, Number: number, Salt: c.Salt,
				Signature: c.Signature,
			}.Encode(), true
		}
	}
	return "", false
}

// Encode returns the solution in the form in which it is sent.
func (s Solution) Encode() string {
	text, _ := json.Marshal(s) // strings and numbers can always be encoded
	return base64.StdEncoding.EncodeToString(text)
}

// sign returns the signature that binds a challenge to its salt and to its pool. Each part is
// preceded by its length, so that different parts never give the same input.
func (i Issuer) sign(tenant, pool, salt, hash string) string {
	mac := hmac.New(sha256.New, i.Key)
	for _, part := range []string{tenant, pool, salt, hash} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func solutionHash(salt string, number int64) string {
	sum := sha256.Sum256(strconv.AppendInt([]byte(salt), number, 10))
	return hex.EncodeToString(sum[:])
}

func equalStrings(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// expiry returns the time until which a challenge can be solved, as its salt says. It returns the
// zero time if the salt is malformed.
func expiry(salt string) time.Time {
	_, query, _ := strings.Cut(salt, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(values.Get("expires"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
