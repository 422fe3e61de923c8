// Package work is a proof of work in ALTCHA's form: a challenge that takes a person's device about
// a second to solve, and the server a hash to check. It knows no HTTP and stores nothing: whoever
// calls it sees to it that a solution counts once.
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

// Lifetime is how long a challenge can be solved: longer than it takes to fill in a form.
const Lifetime = 20 * time.Minute

// MaxNumber is the largest number that a solution can have. Half as many hashes are tried on
// average, which the page's script does in about a second on an average phone, and in a quarter of
// that on a desktop.
const MaxNumber = 500_000

const algorithm = "SHA-256"

// largestSolution bounds a solution, in bytes. Those of ALTCHA's clients have about 400.
const maxSolution = 1024

// saltBytes is how many random bytes a salt has. With its time and a number it fits into one block
// of SHA-256 (55 bytes), and the page's script counts on that.
const saltBytes = 12

// Challenge asks for the number which, written behind the salt, has the SHA-256 hash that Challenge
// names in hexadecimal digits.
type Challenge struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	MaxNumber int64  `json:"maxnumber"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// Solution is what a client makes of a challenge. It is sent as JSON in base64.
type Solution struct {
	Algorithm string  `json:"algorithm"`
	Challenge string  `json:"challenge"`
	Number    int64   `json:"number"`
	Salt      string  `json:"salt"`
	Signature string  `json:"signature"`
	Took      float64 `json:"took,omitzero"` // milliseconds, which ALTCHA's clients tell
}

// Issuer makes challenges and checks their solutions.
type Issuer struct {
	Key    []byte
	Random io.Reader
	Now    func() time.Time
}

// New is a challenge that is good for a pool.
func (i Issuer) New(tenant, pool string) (Challenge, error) {
	random := make([]byte, saltBytes)
	if _, err := io.ReadFull(i.Random, random); err != nil {
		return Challenge{}, fmt.Errorf("read random bytes: %w", err)
	}
	number, err := rand.Int(i.Random, big.NewInt(MaxNumber+1))
	if err != nil {
		return Challenge{}, fmt.Errorf("read a random number: %w", err)
	}
	// The & ends the time, so that no digit of the number can be taken for one of the time's.
	salt := hex.EncodeToString(random) + "?expires=" + strconv.FormatInt(i.Now().Add(Lifetime).Unix(), 10) + "&"
	hash := solutionHash(salt, number.Int64())
	return Challenge{
		Algorithm: algorithm, Challenge: hash, MaxNumber: MaxNumber, Salt: salt,
		Signature: i.sign(tenant, pool, salt, hash),
	}, nil
}

// Check returns the name of the challenge that a solution solves, which no other challenge has;
// false where the solution is not one of a challenge that was made for the pool, or comes too late.
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
	// The signature covers the salt and with it the time, which is trusted from here on.
	if !equalStrings(i.sign(tenant, pool, s.Salt, s.Challenge), s.Signature) || !equalStrings(solutionHash(s.Salt, s.Number), s.Challenge) {
		return "", false
	}
	if !i.Now().Before(expiry(s.Salt)) {
		return "", false
	}
	return s.Challenge, true
}

// Solve finds the number by trying all, as a client does; false where there is none.
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

// Encode is the solution as it is sent.
func (s Solution) Encode() string {
	text, _ := json.Marshal(s) // of texts and numbers, which can't fail
	return base64.StdEncoding.EncodeToString(text)
}

// sign binds a challenge to its salt and to the pool that it is for. The length of each part stands
// before it, so that no part can go on in the next.
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

// expiryOf is until when a challenge can be solved, as its salt says.
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
