package access_test

import (
	"errors"
	"slices"
	"testing"

	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// A client has one secret, or two during a rotation, after which the newer one replaces the older
// one.
func TestTheSecretsOfAClientRotate(t *testing.T) {
	t.Parallel()
	// The slice has room, so that an append in place would change the client before the rotation.
	one := access.Client{ID: "c", Secrets: slices.Grow([]string{"first"}, 4)}
	two, err := one.WithSecret("second")
	if err != nil || !slices.Equal(two.Secrets, []string{"first", "second"}) || two.ID != "c" {
		t.Fatalf("with a second: %+v %v", two, err)
	}
	other, err := one.WithSecret("other")
	if err != nil || !slices.Equal(two.Secrets, []string{"first", "second"}) ||
		!slices.Equal(other.Secrets, []string{"first", "other"}) {
		t.Errorf("two rotations of one client are %v and %v", two.Secrets, other.Secrets)
	}
	if left, err := two.WithoutOldest(); err != nil ||
		!slices.Equal(left.Secrets, []string{"second"}) || len(two.Secrets) != 2 {
		t.Errorf("without the oldest: %+v %v", left, err)
	}
	for name, change := range map[string]func() (access.Client, error){
		"a third secret":   func() (access.Client, error) { return two.WithSecret("third") },
		"no secret left":   one.WithoutOldest,
		"none from no one": access.Client{}.WithoutOldest,
	} {
		if _, err := change(); !errors.As(err, new(identity.Conflict)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
