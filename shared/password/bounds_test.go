package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"identitypools/shared/password"
)

// Each parameter of a stored hash has bounds, because the hash may have been imported and anybody
// can make the product check a password against it. The context has already ended, so Verify fails
// with the context's error if it would have worked on the hash, and with another error if it
// refused it.
func TestEachParameterOfAHashIsBounded(t *testing.T) {
	t.Parallel()
	h, ended := hasher(), canceled(t)
	const tail = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	argon := func(m, p, lanes int) string { return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d", m, p, lanes) + tail }
	pbkdf2 := func(function string, iterations, key int) string {
		return fmt.Sprintf("$pbkdf2-%s$i=%d$%s$%s", function, iterations, pbkdf2Salt, strings.Repeat("AAAA", key/3))
	}
	sized := func(salt, key int) string {
		return "$argon2id$v=19$m=256,t=2,p=1$" + strings.Repeat("AAAA", salt/3) + "$" + strings.Repeat("AAAA", key/3)
	}
	const bcryptTail = "$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"
	for name, c := range map[string]struct{ within, beyond string }{
		"argon2id, most memory":  {argon(password.MaxMemory, 1, 1), argon(password.MaxMemory+1, 1, 1)},
		"argon2id, least memory": {argon(32, 1, 4), argon(31, 1, 4)}, // 8 KiB a lane (RFC 9106 §3.1)
		"argon2id, most passes":  {argon(256, password.MaxPasses, 1), argon(256, password.MaxPasses+1, 1)},
		"argon2id, least passes": {argon(256, 1, 1), argon(256, 0, 1)},
		"argon2id, most lanes":   {argon(256, 1, 4), argon(256, 1, 5)},
		"argon2id, least lanes":  {argon(256, 1, 1), argon(256, 1, 0)},
		"longest salt":           {sized(63, 33), sized(66, 33)},
		"shortest salt":          {sized(9, 33), sized(6, 33)},
		"longest key":            {sized(9, 63), sized(9, 66)},
		"shortest key":           {sized(9, 18), sized(9, 15)},
		"bcrypt, cost":           {"$2a$15" + bcryptTail, "$2a$16" + bcryptTail},
		"PBKDF2, most iterations": {
			pbkdf2("sha256", password.MaxIterations, 30), pbkdf2("sha256", password.MaxIterations+1, 30),
		},
		"PBKDF2, least iterations": {pbkdf2("sha256", 1, 30), pbkdf2("sha256", 0, 30)},
		"PBKDF2, blocks of the key": {
			pbkdf2("sha256", password.MaxIterations/2, 63), pbkdf2("sha256", password.MaxIterations/2+1, 63),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := h.Verify(ended, c.within, horse); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want it to be worked on", c.within, err)
			}
			if _, err := h.Verify(ended, c.beyond, horse); err == nil || errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want it to be refused", c.beyond, err)
			}
		})
	}
}
