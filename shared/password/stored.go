package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// The most that a stored hash may cost. Hashes come from imports too, and a hostile one must not stop a function.
const (
	maxMemory     = 64 << 10 // KiB
	maxPasses     = 10
	maxLanes      = 4
	maxBcryptCost = 15
	maxIterations = 10_000_000
	maxSalt       = 64
	maxKey        = 64
)

var errUnreadable = errors.New("stored password hash is not one that this version can read")

// stored is a stored hash, ready to be checked: by deriving a key and comparing, or by compare alone.
type stored struct {
	derive    derivation
	compare   func(password []byte) bool
	salt, key []byte
	weak      bool
}

func parse(text string) (stored, error) {
	if strings.HasPrefix(text, "$2") {
		return parseBcrypt(text)
	}
	fields := strings.Split(text, "$")
	if len(fields) < 5 || fields[0] != "" {
		return stored{}, errUnreadable
	}
	n := len(fields)
	salt, err := base64.RawStdEncoding.DecodeString(fields[n-2])
	key, err2 := base64.RawStdEncoding.DecodeString(fields[n-1])
	if err != nil || err2 != nil || len(salt) < 8 || len(salt) > maxSalt || len(key) < 16 || len(key) > maxKey {
		return stored{}, errUnreadable
	}
	s := stored{salt: salt, key: key}
	switch {
	case fields[1] == "argon2id" && n == 6:
		err = s.argon(fields[2], fields[3])
	case strings.HasPrefix(fields[1], "pbkdf2-") && n == 5:
		err = s.pbkdf2(fields[1], fields[2])
	default:
		err = errUnreadable
	}
	return s, err
}

// argon reads "v=19" and "m=19456,t=2,p=1".
func (s *stored) argon(version, parameters string) error {
	var m, t, p uint32
	if _, err := fmt.Sscanf(parameters, "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || version != "v="+strconv.Itoa(argon2.Version) {
		return errUnreadable
	}
	if m < 8*p || m > maxMemory || t < 1 || t > maxPasses || p < 1 || p > maxLanes {
		return fmt.Errorf("%w: argon2id parameters m=%d t=%d p=%d are out of bounds", errUnreadable, m, t, p)
	}
	s.derive = argon(m, t, uint8(p), uint32(len(s.key)))
	s.weak = m < memory || t < passes || len(s.key) < keyLength
	return nil
}

// pbkdf2 reads "pbkdf2-sha256" and "i=600000".
func (s *stored) pbkdf2(algorithm, parameters string) error {
	functions := map[string]func() hash.Hash{"pbkdf2-sha1": sha1.New, "pbkdf2-sha256": sha256.New, "pbkdf2-sha512": sha512.New}
	function, known := functions[algorithm]
	iterations, err := strconv.Atoi(strings.TrimPrefix(parameters, "i="))
	if !known || err != nil {
		return errUnreadable
	}
	if iterations < 1 || iterations > maxIterations {
		return fmt.Errorf("%w: %d iterations are out of bounds", errUnreadable, iterations)
	}
	length := len(s.key)
	s.weak = true
	s.derive = func(password, salt []byte) []byte {
		key, err := pbkdf2.Key(function, string(password), salt, iterations, length)
		if err != nil {
			return nil // matches nothing
		}
		return key
	}
	return nil
}

func parseBcrypt(text string) (stored, error) {
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil {
		return stored{}, errUnreadable
	}
	if cost > maxBcryptCost {
		return stored{}, fmt.Errorf("%w: bcrypt cost %d is out of bounds", errUnreadable, cost)
	}
	return stored{compare: func(password []byte) bool {
		return bcrypt.CompareHashAndPassword([]byte(text), password) == nil
	}}, nil
}
