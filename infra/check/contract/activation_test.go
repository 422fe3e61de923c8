package contract_test

import (
	"strings"
	"testing"

	adminusers "github.com/cloudentity/acp-client-go/clients/identity/client/users"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"

	"identitypools/infra/check/systemtest"
)

// generate creates an activation code for a user.
func (c *caller) generate(t *testing.T, pool, user string) *systemmodels.Codes {
	t.Helper()
	params := systemusers.NewGenerateCodeParams().WithIPID(pool).WithUserID(user).WithCodeRequest(&systemmodels.RequestCode{Type: "activation"})
	codes := must(c.system.Users.GenerateCode(params, nil))(t).Payload
	if codes.Code == "" || codes.ExtendedCode == "" {
		t.Fatalf("generated %s", asText(t, codes))
	}
	return codes
}

// activation returns the parameters that redeem a code of a user.
func activation(
	pool, user string, proof *systemmodels.ActivateSelfRegisteredUser,
) *systemusers.ActivateSelfRegisteredUserParams {
	return systemusers.NewActivateSelfRegisteredUserParams().WithIPID(pool).WithUserID(user).WithActivation(proof)
}

// byLink returns the parameters that redeem an extended code.
func byLink(
	pool string, proof *systemmodels.ActivateSelfRegisteredUser,
) *systemusers.ActivateSelfRegisteredUserUsingExtendedCodeParams {
	return systemusers.NewActivateSelfRegisteredUserUsingExtendedCodeParams().WithIPID(pool).WithActivation(proof)
}

func TestAnInvitationIsSentAndRedeemed(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("ann")
	user := c.newUser(t, pool, email)
	must(c.admin.Users.SendActivationMessage(adminusers.NewSendActivationMessageParams().WithIPID(pool).WithUserID(user), nil))(t)
	if sent := c.wire.last(t, "/activation/send"); sent.body != "" ||
		sent.header.Get("Content-Type") != "" {
		t.Errorf("the client no longer sends nothing, so this shows nothing: %q of type %q",
			sent.body, sent.header.Get("Content-Type"))
	}
	code := systemtest.LinkIn(t, c.product.Inbox.Await(t, email, 1)[0]).Query().Get("code")
	got := must(c.system.Users.ActivateSelfRegisteredUserUsingExtendedCode(byLink(pool,
		&systemmodels.ActivateSelfRegisteredUser{Code: code, Password: systemtest.Password}), nil))(t)
	if u := got.Payload; u.ID != user || u.Status != "active" ||
		u.Credentials[0].Type != "password" || got.Etag == "" {
		t.Errorf("activated %s", asText(t, u))
	}
	_, err := c.admin.Users.SendActivationMessage(adminusers.NewSendActivationMessageParams().WithIPID(pool).WithUserID(user), nil)
	typed[*adminusers.SendActivationMessageUnprocessableEntity](t, err)
}

func TestTheOptionsOfAnActivationMessage(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("bob")
	user := c.newUser(t, pool, email)
	ask := adminusers.NewSendActivationMessageParams().WithIPID(pool).WithUserID(user).
		WithSendActivationMessage(&adminmodels.RequestActivation{Address: email}).
		WithCodeTypeInMessage(ptr("code")).WithMode(ptr("invitation")).WithPostActivationURL(ptr("https://app.example.com/start?a=b&c=d"))
	must(c.admin.Users.SendActivationMessage(ask, nil))(t)
	code := systemtest.CodeIn(t, c.product.Inbox.Await(t, email, 1)[0])
	must(c.system.Users.ActivateSelfRegisteredUser(activation(pool, user,
		&systemmodels.ActivateSelfRegisteredUser{Code: code}), nil))(t)

	quiet := systemusers.NewSelfSendActivationMessageParams().WithIPID(pool).WithUserID(user)
	// the system tree does not reveal that the user is active
	must(c.system.Users.SelfSendActivationMessage(quiet, nil))(t)
	_, err := c.system.Users.SelfSendActivationMessage(quiet.WithUserID("nobody"), nil)
	typed[*systemusers.SelfSendActivationMessageNotFound](t, err)
	_, err = c.admin.Users.SendActivationMessage(ask.WithUserID("nobody"), nil)
	typed[*adminusers.SendActivationMessageNotFound](t, err)
}

// V6.5.1: a code works once, and a new code replaces the old one. A repeat of the request is answered
// as the first, and another request is refused.
func TestACodeActivatesOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	user := c.newUser(t, pool, systemtest.Address("cid"))
	old := c.generate(t, pool, user)
	byID := systemusers.NewGenerateCodeForUserParams().WithIPID(pool).WithCodeRequest(&systemmodels.RequestCodeForUser{Type: "activation", UserID: user})
	codes := must(c.system.Users.GenerateCodeForUser(byID, nil))(t).Payload
	_, err := c.system.Users.ActivateSelfRegisteredUserUsingExtendedCode(byLink(pool,
		&systemmodels.ActivateSelfRegisteredUser{Code: old.ExtendedCode}), nil)
	typed[*systemusers.ActivateSelfRegisteredUserUsingExtendedCodeUnprocessableEntity](t, err)

	redeem := activation(pool, user, &systemmodels.ActivateSelfRegisteredUser{
		Code:     codes.Code,
		Password: systemtest.Password,
	})
	got := must(c.system.Users.ActivateSelfRegisteredUser(redeem, nil))(t)
	if u := got.Payload; u.Status != "active" || !u.VerifiableAddresses[0].Verified || got.Etag == "" {
		t.Errorf("activated %s", asText(t, u))
	}
	if sent := c.wire.last(t, "/activate"); sent.status != 201 ||
		!strings.Contains(sent.body, `"webauthn":null`) {
		t.Errorf("sent %s, answered %d", sent.body, sent.status)
	}
	if again := must(c.system.Users.ActivateSelfRegisteredUser(redeem, nil))(t); again.Etag != got.Etag {
		t.Errorf("a repeat is answered %s, and the first request %s", again.Etag, got.Etag)
	}
	_, err = c.system.Users.ActivateSelfRegisteredUser(activation(pool, user,
		&systemmodels.ActivateSelfRegisteredUser{Code: codes.Code}), nil)
	typed[*systemusers.ActivateSelfRegisteredUserUnprocessableEntity](t, err)
}

// The client sends a wrong code once. It repeats requests after 401 and 403, which would cost a
// second one of the five attempts (63B §3.2.2).
func TestAWrongCodeIsSentOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	user := c.newUser(t, pool, systemtest.Address("dora"))
	codes := c.generate(t, pool, user)
	wrong := activation(pool, user,
		&systemmodels.ActivateSelfRegisteredUser{Code: systemtest.WrongCode(codes.Code)})
	for range 4 {
		_, err := c.system.Users.ActivateSelfRegisteredUser(wrong, nil)
		failure := typed[*systemusers.ActivateSelfRegisteredUserUnprocessableEntity](t, err)
		if failure.Payload.ErrorCode != "invalid_code" {
			t.Errorf("refused with %s", asText(t, failure.Payload))
		}
	}
	if sent := len(c.wire.to("/activate")); sent != 4 {
		t.Errorf("four wrong codes were sent %d times", sent)
	}
	must(c.system.Users.ActivateSelfRegisteredUser(activation(pool, user,
		&systemmodels.ActivateSelfRegisteredUser{Code: codes.Code}), nil))(t)
}

func TestCodesOfUsersWhoAreFound(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("eve")
	user := c.newUser(t, pool, email)
	found := systemusers.NewGenerateCodeForUserParams().WithIPID(pool).WithCodeRequest(&systemmodels.RequestCodeForUser{Type: "activation", Identifier: strings.ToUpper(email)})
	codes := must(c.system.Users.GenerateCodeForUser(found, nil))(t).Payload
	got := must(c.system.Users.ActivateSelfRegisteredUserUsingExtendedCode(byLink(pool,
		&systemmodels.ActivateSelfRegisteredUser{Code: codes.ExtendedCode}), nil))(t)
	if got.Payload.ID != user {
		t.Errorf("activated %s, want %s", got.Payload.ID, user)
	}
	_, err := c.system.Users.GenerateCodeForUser(found.WithCodeRequest(&systemmodels.RequestCodeForUser{Type: "activation", Identifier: "nobody"}), nil)
	typed[*systemusers.GenerateCodeForUserNotFound](t, err)
	_, err = c.system.Users.GenerateCodeForUser(found.WithCodeRequest(&systemmodels.RequestCodeForUser{Type: "activation"}), nil)
	typed[*systemusers.GenerateCodeForUserUnprocessableEntity](t, err)
	odd := systemusers.NewGenerateCodeParams().WithIPID(pool).WithUserID(user).WithCodeRequest(&systemmodels.RequestCode{Type: "odd"})
	_, err = c.system.Users.GenerateCode(odd, nil)
	typed[*systemusers.GenerateCodeUnprocessableEntity](t, err)
}

// The old operation also has an optional body, and its answer contains only the code.
func TestTheOldWayToMakeACode(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	user := c.newUser(t, pool, systemtest.Address("fay"))
	made := must(c.system.Users.GenerateActivationCode(systemusers.NewGenerateActivationCodeParams().WithIPID(pool).WithUserID(user), nil))(t)
	if made.Payload.CodeID == "" {
		t.Error("the code has no id")
	}
}

func TestSelfRegistration(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("gil")
	asked := &systemmodels.SelfRegisterUser{
		Identifier: email, Password: systemtest.Password,
		Payload: map[string]any{"given_name": "Gil"},
	}
	register := systemusers.NewSelfRegisterUserParams().WithIPID(pool).WithNewUser(asked).WithCodeTypeInMessage(ptr("code")).WithSendActivationMessage(ptr(true))
	id := must(c.system.Users.SelfRegisterUser(register, nil))(t).Payload.ID
	if sent := c.wire.last(t, "/user/register").body; !strings.Contains(sent,
		`"webauthn_credentials":null`) {
		t.Errorf("the client no longer sends null lists, so this shows nothing: %s", sent)
	}
	code := systemtest.CodeIn(t, c.product.Inbox.Await(t, email, 1)[0])
	u := must(c.system.Users.ActivateSelfRegisteredUser(activation(pool, id,
		&systemmodels.ActivateSelfRegisteredUser{Code: code, OtpAddress: email}), nil))(t).Payload
	if u.Status != "active" || asText(t, u.Payload) != `{"given_name":"Gil"}` {
		t.Errorf("activated %s", asText(t, u))
	}
	proof := &systemmodels.VerifyPassword{Identifier: email, Password: systemtest.Password}
	if got := must(c.system.Users.VerifyPassword(systemusers.NewVerifyPasswordParams().WithIPID(pool).WithVerifyPassword(proof), nil))(t).Payload; got.ID != id {
		t.Errorf("the password is of %s, want %s", got.ID, id)
	}
	silent := register.WithNewUser(&systemmodels.SelfRegisterUser{Identifier: systemtest.Address("hal")}).WithSendActivationMessage(ptr(false))
	other := must(c.system.Users.SelfRegisterUser(silent, nil))(t).Payload.ID
	must(c.system.Users.ActivateSelfRegisteredUser(activation(pool, other,
		&systemmodels.ActivateSelfRegisteredUser{Code: c.generate(t, pool, other).Code}), nil))(t)
	_, err := c.system.Users.SelfRegisterUser(register.WithNewUser(&systemmodels.SelfRegisterUser{Identifier: "no address@"}), nil)
	typed[*systemusers.SelfRegisterUserUnprocessableEntity](t, err)
	_, err = c.system.Users.SelfRegisterUser(register.WithIPID("none"), nil)
	typed[*systemusers.SelfRegisterUserNotFound](t, err)
}
