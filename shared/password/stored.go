package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Upper and lower bounds for the parameters of a stored hash. Stored hashes may have been imported,
// and a hostile one must not be able to exhaust a function's memory or time.
const (
	MaxMemory     = 64 << 10   // of argon2id, in KiB
	MaxPasses     = 10         // of argon2id
	maxLanes      = 4          // of argon2id
	MaxBcryptCost = 15         // the base-2 logarithm of the number of rounds
	MaxIterations = 10_000_000 // of PBKDF2, summed over all blocks of the key
	minSalt       = 8          // bytes
	maxSalt       = 64         // bytes
	minKey        = 16         // bytes
	maxKey        = 64         // bytes
	maxStored     = 512        // bytes of the whole text
	bcryptTail    = 53         // characters of bcrypt's salt and key together
)

var errUnreadable = errors.New("stored password hash is not one that this version can read")

// A storedHash is a parsed hash. Its check function compares a password with the hash and returns
// the computed key, or nil if the algorithm does not expose one.
type storedHash struct {
	check func(password []byte) (key []byte, ok bool)
	weak  bool // the hash is weaker than a new one
}

// parseHash parses a stored hash of any supported algorithm. The error is or wraps errUnreadable.
func parseHash(text string) (storedHash, error) {
	if len(text) > maxStored {
		return storedHash{}, errUnreadable
	}
	if strings.HasPrefix(text, "{") {
		return parseSaltedSHA2(text)
	}
	fields := strings.Split(text, "$")
	switch {
	case len(fields) < 4 || fields[0] != "":
		return storedHash{}, errUnreadable
	case fields[1] == "argon2id" && len(fields) == 6 && fields[2] == "v="+strconv.Itoa(argon2.Version):
		return parseArgon(fields[3], fields[4], fields[5])
	case strings.HasPrefix(fields[1], "pbkdf2-") && len(fields) == 5:
		return parsePBKDF2(fields[1], fields[2], fields[3], fields[4])
	case len(fields) == 4:
		return parseBcrypt(text, fields[1], fields[2], fields[3])
	}
	return storedHash{}, errUnreadable
}

// parseArgon parses an argon2id hash from its parameters, such as "m=19456,t=2,p=1", its salt and
// its key.
func parseArgon(parameters, salt64, key64 string) (storedHash, error) {
	salt, key, err := decodeSaltAndKey(salt64, key64)
	if err != nil {
		return storedHash{}, err
	}
	var m, t, p uint32
	_, err = fmt.Sscanf(parameters, "m=%d,t=%d,p=%d", &m, &t, &p)
	if err != nil || parameters != fmt.Sprintf("m=%d,t=%d,p=%d", m, t, p) {
		return storedHash{}, errUnreadable
	}
	if p < 1 || p > maxLanes || t < 1 || t > MaxPasses || m < 8*p || m > MaxMemory {
		return storedHash{}, fmt.Errorf("%w: argon2id parameters m=%d t=%d p=%d are out of bounds",
			errUnreadable, m, t, p)
	}
	s := derivedHash(key, func(password []byte) []byte {
		return argon2.IDKey(password, salt, t, m, uint8(p), uint32(len(key)))
	})
	s.weak = m < argonMemory || t < argonPasses || len(salt) < saltLength || len(key) < keyLength
	return s, nil
}

// parsePBKDF2 parses a PBKDF2 hash from its algorithm, such as "pbkdf2-sha256", its parameters, its
// salt and its key. The parameters are "i=600000", "i=600000,l=32" with the length of the key, or
// "600000" as passlib writes it.
func parsePBKDF2(algorithm, parameters, salt64, key64 string) (storedHash, error) {
	functions := map[string]func() hash.Hash{
		"pbkdf2-sha1": sha1.New, "pbkdf2-sha256": sha256.New, "pbkdf2-sha512": sha512.New,
	}
	function, known := functions[algorithm]
	// Passlib writes '.' instead of '+'.
	salt, key, err := decodeSaltAndKey(strings.ReplaceAll(salt64, ".", "+"), strings.ReplaceAll(key64, ".", "+"))
	if !known || err != nil {
		return storedHash{}, errUnreadable
	}
	parameters = strings.TrimSuffix(strings.TrimPrefix(parameters, "i="), ",l="+strconv.Itoa(len(key)))
	iterations, err := strconv.ParseUint(parameters, 10, 32)
	if err != nil {
		return storedHash{}, errUnreadable
	}
	size := function().Size()
	blocks := (len(key) + size - 1) / size // each block costs all iterations (RFC 8018 §5.2)
	if iterations < 1 || iterations*uint64(blocks) > MaxIterations {
		return storedHash{}, fmt.Errorf("%w: %d iterations are out of bounds", errUnreadable, iterations)
	}
	s := derivedHash(key, func(password []byte) []byte {
		made, err := pbkdf2.Key(function, string(password), salt, int(iterations), len(key))
		if err != nil {
			return nil // a strict FIPS mode refuses the function; nil matches no key
		}
		return made
	})
	s.weak = true
	return s, nil
}

// parseBcrypt parses a bcrypt hash from its version, such as "2b", its cost, such as "12", and the
// concatenated salt and key. Bcrypt ignores everything after the 72nd byte of a password. That ends
// when the user next gives the right password, because the hash is then renewed.
func parseBcrypt(text, version, cost2, tail string) (storedHash, error) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	cost, err := bcrypt.Cost([]byte(text))
	known := version == "2a" || version == "2b" || version == "2y"
	if err != nil || !known || cost2 != fmt.Sprintf("%02d", cost) || len(tail) != bcryptTail ||
		strings.Trim(tail, alphabet) != "" {
		return storedHash{}, errUnreadable
	}
	if cost > MaxBcryptCost {
		return storedHash{}, fmt.Errorf("%w: bcrypt cost %d is out of bounds", errUnreadable, cost)
	}
	check := func(password []byte) (key []byte, ok bool) {
		return nil, bcrypt.CompareHashAndPassword([]byte(text), password) == nil
	}
	return storedHash{check: check, weak: true}, nil
}

// parseSaltedSHA2 parses a salted SHA-2 hash as LDAP directories store it (OpenLDAP's pw-sha2):
// "{SSHA256}" or "{SSHA512}", followed by the base64 encoding of the digest and the salt. The
// digest is that of the password followed by the salt.
func parseSaltedSHA2(text string) (storedHash, error) {
	functions := map[string]func() hash.Hash{"{SSHA256": sha256.New, "{SSHA512": sha512.New}
	scheme, encoded, _ := strings.Cut(text, "}")
	function, known := functions[scheme]
	value, err := decodeBase64(base64.StdEncoding, encoded)
	if !known || err != nil {
		return storedHash{}, errUnreadable
	}
	size := function().Size()
	if len(value) < size+minSalt || len(value) > size+maxSalt {
		return storedHash{}, errUnreadable
	}
	s := derivedHash(value[:size], func(password []byte) []byte {
		h := function()
		h.Write(password)
		h.Write(value[size:])
		return h.Sum(nil)
	})
	s.weak = true
	return s, nil
}

// derivedHash returns a storedHash that derives a key from the password and compares it with key.
func derivedHash(key []byte, derive func(password []byte) []byte) storedHash {
	return storedHash{check: func(password []byte) ([]byte, bool) {
		made := derive(password)
		return made, subtle.ConstantTimeCompare(made, key) == 1
	}}
}

// decodeSaltAndKey decodes a salt and a key from base64 without padding, and checks their lengths.
func decodeSaltAndKey(salt64, key64 string) (salt, key []byte, err error) {
	salt, err = decodeBase64(base64.RawStdEncoding, salt64)
	if err != nil || len(salt) < minSalt || len(salt) > maxSalt {
		return nil, nil, errUnreadable
	}
	key, err = decodeBase64(base64.RawStdEncoding, key64)
	if err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, nil, errUnreadable
	}
	return salt, key, nil
}

// decodeBase64 decodes base64 and accepts only the canonical encoding of each value. The encoding's
// own Strict mode still ignores line breaks.
func decodeBase64(encoding *base64.Encoding, text string) ([]byte, error) {
	value, err := encoding.Strict().DecodeString(text)
	if strings.ContainsAny(text, "\r\n") {
		return nil, errUnreadable
	}
	return value, err
}
