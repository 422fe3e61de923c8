package identity_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
)

const totpSecret = "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"

func TestSecretsOfAuthenticatorApps(t *testing.T) {
	t.Parallel()
	want, err := identity.ParseTOTPSecret("/s", totpSecret)
	if err != nil || len(want) != 20 {
		t.Fatalf("%d bytes, %v", len(want), err)
	}
	for _, same := range []string{
		strings.ToLower(totpSecret), "BLEX AM6O PBBZ TCFU OPVH DQ2H VG7P TMK3", "BLEX-AM6O-PBBZ-TCFU-OPVH-DQ2H-VG7P-TMK3", " " + totpSecret + " ",
	} {
		if got, err := identity.ParseTOTPSecret("/s", same); err != nil || string(got) != string(want) {
			t.Errorf("%q: %x, %v", same, got, err)
		}
	}
	for text, isGood := range map[string]bool{
		"":                                       false,
		strings.Repeat("A", 24):                  false, // 15 bytes
		strings.Repeat("A", 26):                  true,  // 16 bytes
		strings.Repeat("A", 26) + "======":       true,
		strings.Repeat("A", 27):                  false, // ends within a byte
		strings.Repeat("A", 103):                 true,  // 64 bytes
		strings.Repeat("A", 104):                 false,
		strings.Repeat("A ", 101):                false,
		strings.Repeat("1", 32):                  false,
		strings.Repeat("é", 32):                  false,
		totpSecret[:16] + "\n" + totpSecret[16:]: false,
	} {
		_, err := identity.ParseTOTPSecret("/s", text)
		if want := []string{"/s"}; !isGood {
			checkInvalid(t, err, want...)
		} else if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error has the secret: %v", err)
		}
	}
}

func TestATimeStepIsUsedOnce(t *testing.T) {
	t.Parallel()
	var u identity.User
	if err := u.UseTOTP(7, maker(start())); !errors.Is(err, identity.InvalidCode{}) {
		t.Errorf("without an app: %v", err)
	}
	u.SetTOTP("sealed", maker(start()))
	before := u
	for _, c := range []struct {
		step int64
		good bool
	}{{7, true}, {7, false}, {6, false}, {8, true}} {
		if err := u.UseTOTP(c.step, maker(start())); (err == nil) != c.good {
			t.Errorf("step %d: %v", c.step, err)
		}
	}
	if set, _ := before.TOTP(); set.TOTP.LastStep != 0 {
		t.Error("a copy of the user has changed")
	}
	u.SetTOTP("other", maker(start()))
	if set, has := u.TOTP(); !has || set.TOTP.LastStep != 8 || set.TOTP.Secret != "other" || len(u.Credentials) != 1 {
		t.Errorf("the new app is %+v", u.Credentials)
	}
	one, other := identity.UserRef{Tenant: "a", Pool: "p", ID: "u"}, identity.UserRef{Tenant: "a", Pool: "q", ID: "u"}
	if one.TOTPGuesses() == other.TOTPGuesses() || len(one.TOTPGuesses().Digest) == len(identity.MailboxDigest(identity.TypeEmail, "a@example.com")) {
		t.Error("budgets of guesses have the same name")
	}
}

// passkey returns a passkey whose id consists of a byte.
func passkey(id byte) identity.NewPasskey {
	return identity.NewPasskey{
		ID: []byte(strings.Repeat(string(rune(id)), 16)), PublicKey: append([]byte{0xa5}, make([]byte, 76)...),
		Flags: identity.PasskeyFlags{UserPresent: true, UserVerified: true},
	}
}

func TestBoundsOfPasskeys(t *testing.T) {
	t.Parallel()
	key := func(n int) identity.Bytes { return append([]byte{0xbf}, make([]byte, n-1)...) }
	for name, c := range map[string]struct {
		change func(*identity.NewPasskey)
		wrong  string
	}{
		"nothing":                  {func(*identity.NewPasskey) {}, ""},
		"the shortest id":          {func(p *identity.NewPasskey) { p.ID = make([]byte, 16) }, ""},
		"a shorter id":             {func(p *identity.NewPasskey) { p.ID = make([]byte, 15) }, "/p/0/id"},
		"the longest id":           {func(p *identity.NewPasskey) { p.ID = make([]byte, 1023) }, ""},
		"a longer id":              {func(p *identity.NewPasskey) { p.ID = make([]byte, 1024) }, "/p/0/id"},
		"no id":                    {func(p *identity.NewPasskey) { p.ID = nil }, "/p/0/id"},
		"the longest key":          {func(p *identity.NewPasskey) { p.PublicKey = key(1024) }, ""},
		"a longer key":             {func(p *identity.NewPasskey) { p.PublicKey = key(1025) }, "/p/0/publicKey"},
		"a short key":              {func(p *identity.NewPasskey) { p.PublicKey = key(31) }, "/p/0/publicKey"},
		"a key that is no map":     {func(p *identity.NewPasskey) { p.PublicKey = make([]byte, 77) }, "/p/0/publicKey"},
		"a model of another size":  {func(p *identity.NewPasskey) { p.Authenticator.AAGUID = make([]byte, 15) }, "/p/0/authenticator/AAGUID"},
		"a model":                  {func(p *identity.NewPasskey) { p.Authenticator.AAGUID = make([]byte, 16) }, ""},
		"a copy":                   {func(p *identity.NewPasskey) { p.Authenticator.CloneWarning = true }, "/p/0/authenticator/cloneWarning"},
		"nobody there":             {func(p *identity.NewPasskey) { p.Flags.UserPresent = false }, "/p/0/flags/userPresent"},
		"nobody verified":          {func(p *identity.NewPasskey) { p.Flags.UserVerified = false }, "/p/0/flags/userVerified"},
		"an impossible backup":     {func(p *identity.NewPasskey) { p.Flags.BackupState = true }, "/p/0/flags/backupState"},
		"ten transports":           {func(p *identity.NewPasskey) { p.Transport = strings.Split("abcdefghij", "") }, ""},
		"eleven transports":        {func(p *identity.NewPasskey) { p.Transport = strings.Split("abcdefghijk", "") }, "/p/0/transport"},
		"a transport without name": {func(p *identity.NewPasskey) { p.Transport = []string{""} }, "/p/0/transport/0"},
	} {
		p := passkey('a')
		c.change(&p)
		var want []string
		if c.wrong != "" {
			want = []string{c.wrong}
		}
		t.Run(name, func(t *testing.T) { checkInvalid(t, identity.CheckPasskeys("/p", []identity.NewPasskey{p}), want...) })
	}
}

func TestPasskeysOfAUser(t *testing.T) {
	t.Parallel()
	var u identity.User
	m := maker(start())
	for i := range byte(identity.MaxPasskeys) {
		if err := u.AddPasskey("/p", passkey('a'+i), m); err != nil {
			t.Fatal(err)
		}
	}
	var taken identity.Conflict
	if err := u.AddPasskey("/p", passkey('b'), m); !errors.As(err, &taken) || taken.Pointer != "/p/id" {
		t.Errorf("a passkey that is there: %v", err)
	}
	checkInvalid(t, u.AddPasskey("/p", passkey('z'), m), "/p")
	before := u
	id := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("b", 16)))
	if err := u.NamePasskey(id, "My phone", maker(at(time.Hour))); err != nil {
		t.Fatal(err)
	}
	if c := u.Passkeys()[1]; c.Passkey.Name != "My phone" || !c.UpdatedAt.Equal(at(time.Hour)) || before.Passkeys()[1].Passkey.Name != "" {
		t.Errorf("the named passkey is %+v", c)
	}
	if err := u.RemovePasskey(u.Passkeys()[1].ID, m); err != nil || len(u.Passkeys()) != identity.MaxPasskeys-1 || len(before.Passkeys()) != identity.MaxPasskeys {
		t.Errorf("%d are left, %v", len(u.Passkeys()), err)
	}
	if err := u.RemovePasskey(id, m); !errors.As(err, new(identity.NotFound)) {
		t.Errorf("a passkey that is gone: %v", err)
	}
	if err := u.NamePasskey("", "x", m); !errors.As(err, new(identity.NotFound)) {
		t.Errorf("a passkey without a name: %v", err)
	}
}

func TestCredentialsOfNewUsers(t *testing.T) {
	t.Parallel()
	totp := identity.NewCredential{Type: "totp", TOTPSecret: totpSecret}
	keys := func(ids ...byte) identity.NewCredential {
		c := identity.NewCredential{Type: "webauthn"}
		for _, id := range ids {
			c.Passkeys = append(c.Passkeys, passkey(id))
		}
		return c
	}
	password := identity.NewCredential{Type: "password", Password: "x"}
	for name, c := range map[string]struct {
		list  []identity.NewCredential
		wrong []string
	}{
		"one of each":     {[]identity.NewCredential{keys('a', 'b'), totp, keys('c'), password}, nil},
		"two apps":        {[]identity.NewCredential{totp, totp}, []string{"/credentials/1/type"}},
		"two passwords":   {[]identity.NewCredential{password, totp, password}, []string{"/credentials/2/type"}},
		"a passkey twice": {[]identity.NewCredential{keys('a'), keys('b', 'a')}, []string{"/credentials/1/webauthn_credentials/1/id"}},
		"no passkeys":     {[]identity.NewCredential{keys()}, []string{"/credentials/0/webauthn_credentials"}},
		"a bad passkey": {[]identity.NewCredential{{Type: "webauthn", Passkeys: []identity.NewPasskey{{}}}}, []string{
			"/credentials/0/webauthn_credentials/0/flags/userPresent", "/credentials/0/webauthn_credentials/0/flags/userVerified",
			"/credentials/0/webauthn_credentials/0/id", "/credentials/0/webauthn_credentials/0/publicKey",
		}},
		"no secret": {[]identity.NewCredential{{Type: "totp"}}, []string{"/credentials/0/totp_secret"}},
		"members of other types": {[]identity.NewCredential{{Type: "password", Password: "x", TOTPSecret: totpSecret, Passkeys: keys('a').Passkeys}}, []string{
			"/credentials/0/totp_secret", "/credentials/0/webauthn_credentials",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := caseInsensitive().Create(identity.NewUser{Status: "active", Credentials: c.list}, maker(start()))
			checkInvalid(t, err, c.wrong...)
			if _, has := u.TOTP(); c.wrong == nil && (!has || len(u.Passkeys()) != 3 || len(u.Credentials) != 5) {
				t.Errorf("the user has %+v", u.Credentials)
			}
		})
	}
	u, err := caseInsensitive().Create(identity.NewUser{Status: "active", Credentials: []identity.NewCredential{
		totp, {Type: "password", Password: "x", MustBeReset: true},
	}}, maker(start()))
	if set, _ := u.Password(); err != nil || set.State != identity.StateMustBeReset {
		t.Errorf("the password after an app is %+v, %v", set, err)
	}
}

// What an earlier release stored is read, and what is stored is read back.
func TestStoredCredentials(t *testing.T) {
	t.Parallel()
	var u identity.User
	old := `{"id":"u","credentials":[{"id":"c","type":"password","state":"valid","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}]}`
	if err := json.Unmarshal([]byte(old), &u); err != nil {
		t.Fatal(err)
	}
	if _, has := u.TOTP(); has || len(u.Passkeys()) != 0 {
		t.Errorf("an old user has %+v", u.Credentials)
	}
	u.SetTOTP("sealed", maker(start()))
	_ = u.AddPasskey("/p", passkey('a'), maker(start()))
	stored, err := json.Marshal(u)
	var again identity.User
	if err == nil {
		err = json.Unmarshal(stored, &again)
	}
	if rewritten, _ := json.Marshal(again); err != nil || string(rewritten) != string(stored) || len(again.Passkeys()) != 1 {
		t.Errorf("%s is read as %+v, %v", stored, again, err)
	}
}

// FuzzBytes reads any JSON as bytes. What can be read is written in one form, and read back as the same.
func FuzzBytes(f *testing.F) {
	for _, text := range []string{`"AAEC"`, `"-_-_"`, `"+/+/"`, `"AA=="`, `"A"`, `[0,255]`, `[256]`, `[1.5]`, `[-1]`, `[`, `null`, `{}`, `1`, "\"AA\\nAA\"", `"===="`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var read, again identity.Bytes
		if json.Unmarshal([]byte(text), &read) != nil {
			return
		}
		written, err := json.Marshal(read)
		if err != nil || string(written) != `"`+base64.StdEncoding.EncodeToString(read)+`"` {
			t.Fatalf("%s: written %s, %v", text, written, err)
		}
		if err := json.Unmarshal(written, &again); err != nil || string(again) != string(read) {
			t.Errorf("%s: written %s, read back %x, %v", text, written, again, err)
		}
	})
}

// FuzzTOTPSecret reads any text as a secret, which then has an allowed length.
func FuzzTOTPSecret(f *testing.F) {
	for _, text := range []string{totpSecret, "", "=", strings.Repeat("7", 27), "a b-c", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := identity.ParseTOTPSecret("/s", text)
		if err == nil && (len(secret) < identity.MinTOTPSecret || len(secret) > identity.MaxTOTPSecret) {
			t.Errorf("%q has %d bytes", text, len(secret))
		}
	})
}
