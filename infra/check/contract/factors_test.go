package contract_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"testing"

	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"
	"github.com/descope/virtualwebauthn"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/otp"
)

// The vendor's own example of a secret, and another one.
const (
	totpSecret      = "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"
	otherTOTPSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// newVerified creates an active user with a verified address and the credentials, with the client.
func (c *caller) newVerified(t *testing.T, pool, email string, credentials ...*systemmodels.NewUserCredential) *systemmodels.UserWithData {
	t.Helper()
	user := &systemmodels.NewUser{
		Status: "active", Credentials: credentials,
		Identifiers: []*systemmodels.NewUserIdentifier{{Identifier: email, Type: "email"}},
		VerifiableAddresses: []*systemmodels.NewUserVerifiableAddress{
			{Address: email, Type: "email", Verified: true, Status: "active"},
		},
	}
	return must(c.system.Users.SystemCreateUser(systemusers.NewSystemCreateUserParams().WithIPID(pool).WithNewUser(user), nil))(t).Payload
}

// codeFor returns a code of a user for a purpose.
func (c *caller) codeFor(t *testing.T, pool, id, purpose string) string {
	t.Helper()
	params := systemusers.NewGenerateCodeParams().WithIPID(pool).WithUserID(id).WithCodeRequest(&systemmodels.RequestCode{Type: purpose})
	return must(c.system.Users.GenerateCode(params, nil))(t).Payload.Code
}

func TestAnAuthenticatorAppWithTheClient(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.product.Clock.Stop()
	pool, email := c.newPool(t), systemtest.Address("ann")
	u := c.newVerified(t, pool, email, &systemmodels.NewUserCredential{Type: "totp", TotpSecret: totpSecret})
	if len(u.Credentials) != 1 || u.Credentials[0].Type != "totp" || u.Credentials[0].State != "valid" {
		t.Fatalf("made %s", asText(t, u.Credentials))
	}
	secret, err := base32.StdEncoding.DecodeString(totpSecret)
	if err != nil {
		t.Fatal(err)
	}
	change := func(code string) error {
		body := &systemmodels.ChangeTotpSecret{Totp: code, NewTotpSecret: otherTOTPSecret}
		_, err := c.system.Users.ChangeTotpSecret(
			systemusers.NewChangeTotpSecretParams().WithIPID(pool).WithUserID(u.ID).WithChangeTotpSecret(body), nil,
		)
		return err
	}
	typed[*systemusers.ChangeTotpSecretUnprocessableEntity](t, change("12345"))
	if sent := len(c.wire.to("/totp/change")); sent != 1 {
		t.Errorf("a wrong code is sent %d times", sent)
	}
	if err := change(otp.TOTP(secret, c.product.Clock.Now())); err != nil {
		t.Errorf("the right code: %v", err)
	}
	reset := func(code string) error {
		body := &systemmodels.CompleteResetTotp{Code: code, Address: email, NewTotpSecret: totpSecret}
		_, err := c.system.Users.CompleteResetTotp(systemusers.NewCompleteResetTotpParams().WithIPID(pool).WithCompleteResetTotp(body), nil)
		return err
	}
	typed[*systemusers.CompleteResetTotpUnauthorized](t, reset("12345"))
	if err := reset(c.codeFor(t, pool, u.ID, "reset_totp")); err != nil {
		t.Errorf("the right code for a reset: %v", err)
	}
	// The mail that this asks for would replace the code.
	request := &systemmodels.RequestAddOrResetCredential{Address: email}
	must(c.system.Users.RequestResetTotp(systemusers.NewRequestResetTotpParams().WithIPID(pool).WithRequestResetTotp(request), nil))(t)
}

// A virtual authenticator creates a passkey with the options as the client has decoded them.
func TestAPasskeyWithTheClient(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("bea")
	u := c.newVerified(t, pool, email)
	for _, key := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		passkey := c.createPasskey(t, pool, u.ID, key)
		request := &systemmodels.RequestAddOrResetCredential{Address: email}
		must(c.system.Users.RequestAddWebAuthn(systemusers.NewRequestAddWebAuthnParams().WithIPID(pool).WithRequestAddWebAuthn(request), nil))(t)
		add := func(code string) error {
			body := &systemmodels.CompleteAddWebAuthn{Code: code, Identifier: email, NewWebAuthn: passkey}
			_, err := c.system.Users.CompleteAddWebAuthn(
				systemusers.NewCompleteAddWebAuthnParams().WithIPID(pool).WithCompleteAddWebAuthn(body), nil,
			)
			return err
		}
		typed[*systemusers.CompleteAddWebAuthnUnauthorized](t, add("12345"))
		if err := add(c.codeFor(t, pool, u.ID, "enroll_webauthn")); err != nil {
			t.Fatalf("the right code: %v", err)
		}
	}
	read := must(c.system.Users.SystemGetUser(systemusers.NewSystemGetUserParams().WithIPID(pool).WithUserID(u.ID), nil))(t).Payload
	if len(read.Credentials) != 2 || read.Credentials[0].Type != "webauthn" {
		t.Fatalf("the user has %s", asText(t, read.Credentials))
	}
	name := systemusers.NewNameWebAuthnKeyParams().WithIPID(pool).WithUserID(u.ID).WithWebAuthnCredentialID(read.Credentials[0].ID)
	must(c.system.Users.NameWebAuthnKey(name.WithNameWebAuthnKey(&systemmodels.NameWebAuthnKey{Name: "My phone"}), nil))(t)
	remove := systemusers.NewDeleteWebAuthnKeyParams().WithIPID(pool).WithUserID(u.ID).WithWebAuthnCredentialID(read.Credentials[0].ID)
	must(c.system.Users.DeleteWebAuthnKey(remove, nil))(t)
	_, err := c.system.Users.DeleteWebAuthnKey(remove, nil)
	typed[*systemusers.DeleteWebAuthnKeyNotFound](t, err)

	// A passkey may also come with a new user.
	passkey := c.createPasskey(t, pool, u.ID, virtualwebauthn.KeyTypeEC2)
	with := c.newVerified(t, pool, systemtest.Address("cid"), &systemmodels.NewUserCredential{
		Type: "webauthn", WebauthnCredentials: []*systemmodels.Credential{passkey},
	})
	if len(with.Credentials) != 1 || with.Credentials[0].Type != "webauthn" {
		t.Errorf("made %s", asText(t, with.Credentials))
	}
}

// createPasskey lets a virtual authenticator create a passkey for a user.
func (c *caller) createPasskey(t *testing.T, pool, id string, key virtualwebauthn.KeyType) *systemmodels.Credential {
	t.Helper()
	begin := systemusers.NewBeginWebAuthnCredentialsGenerationParams().WithIPID(pool).WithUserID(id)
	options := must(c.system.Users.BeginWebAuthnCredentialsGeneration(begin, nil))(t).Payload.PublicKey
	if options.Timeout != 300_000 || len(options.Challenge) != 36 {
		t.Fatalf("the client reads %s", asText(t, options))
	}
	site := virtualwebauthn.RelyingParty{ID: "localhost", Name: "Partners", Origin: c.product.BaseURL}
	response := virtualwebauthn.CreateAttestationResponse(site, virtualwebauthn.NewAuthenticator(),
		virtualwebauthn.NewCredential(key), virtualwebauthn.AttestationOptions{Challenge: options.Challenge})
	var created struct {
		ID       string
		Response struct{ AttestationObject, ClientDataJSON base64URL }
	}
	if err := json.Unmarshal([]byte(response), &created); err != nil {
		t.Fatalf("read %s: %v", response, err)
	}
	var raw base64URL
	if err := raw.UnmarshalText([]byte(created.ID)); err != nil {
		t.Fatal(err)
	}
	complete := systemusers.NewCompleteWebAuthnCredentialsGenerationParams().WithIPID(pool).WithUserID(id)
	made := must(c.system.Users.CompleteWebAuthnCredentialsGeneration(complete.WithCompleteWebAuthnCreate(&systemmodels.CredentialCreationResponse{
		ID: created.ID, RawID: systemmodels.URLEncodedBase64(raw), Type: "public-key",
		Response: &systemmodels.AuthenticatorAttestationResponse{
			AttestationObject: systemmodels.URLEncodedBase64(created.Response.AttestationObject),
			ClientDataJSON:    systemmodels.URLEncodedBase64(created.Response.ClientDataJSON),
		},
	}), nil))(t).Payload.Credentials
	if len(made) != 1 || string(made[0].ID) != string(raw) || len(made[0].PublicKey) == 0 || !made[0].Flags.UserVerified {
		t.Fatalf("the client reads %s", asText(t, made))
	}
	return made[0]
}

// base64URL are bytes in base64url, as browsers write them.
type base64URL []byte

// UnmarshalText reads base64url without padding.
func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}
