package identity_test

import (
	"errors"
	"testing"

	"identitypools/shared/identity"
)

func TestMessageOptionsAreChecked(t *testing.T) {
	t.Parallel()
	allowed := func(url string) bool { return url == "https://shop.example/" }
	for name, row := range map[string]struct {
		given, want identity.MessageOptions
		wrong       []string
	}{
		"defaults are a link and a registration": {identity.MessageOptions{}, identity.MessageOptions{CodeType: "link", Mode: "registration"}, nil},
		"others may be given": {
			identity.MessageOptions{CodeType: "code", Mode: "invitation", PostActivationURL: "https://shop.example/"},
			identity.MessageOptions{CodeType: "code", Mode: "invitation", PostActivationURL: "https://shop.example/"},
			nil,
		},
		"others than these may not": {
			identity.MessageOptions{CodeType: "qr", Mode: "advert", PostActivationURL: "https://evil.example/"},
			identity.MessageOptions{CodeType: "qr", Mode: "advert", PostActivationURL: "https://evil.example/"},
			[]string{"code_type_in_message", "mode", "post_activation_url"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := row.given.Checked(allowed)
			checkInvalid(t, err, row.wrong...)
			if got != row.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestMessageSaysWhomItIsFor(t *testing.T) {
	t.Parallel()
	u := identity.User{Tenant: "default", Pool: "shop", ID: "u1"}
	o := identity.MessageOptions{CodeType: "code", Mode: "invitation", PostActivationURL: "https://shop.example/"}
	got := identity.NewMessage(identity.MessageActivation, u, identity.Address{Value: "Ann@Example.com", Normalized: ann}, o, maker(start()))
	want := identity.Message{
		ID: "id1", Kind: identity.MessageActivation, Tenant: "default", Pool: "shop", User: "u1", Address: "Ann@Example.com", Normalized: ann,
		CodeType: "code", Mode: "invitation", PostActivationURL: "https://shop.example/", CreatedAt: identity.At(start()),
	}
	if got != want || got.UserRef() != u.Ref() {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestViolationsAreCollected(t *testing.T) {
	t.Parallel()
	var v identity.Violations
	if v.Err() != nil {
		t.Error("nothing is wrong, yet", v.Err())
	}
	broken := errors.New("broken")
	if err := v.AddUnder("/payload", broken); !errors.Is(err, broken) {
		t.Errorf("another error: %v", err)
	}
	if err := v.AddUnder("/payload", nil); err != nil {
		t.Errorf("no error: %v", err)
	}
	v.Add("/name", identity.Required())
	if err := v.AddUnder("/payload", identity.InvalidField("/a", identity.WrongType("string"))); err != nil {
		t.Errorf("violations: %v", err)
	}
	checkInvalid(t, v.Err(), "/name", "/payload/a")
	if text := v.Err().Error(); text != "/name: must be given; /payload/a: must be a string" {
		t.Errorf("reads %q", text)
	}
}
