package contract_test

import (
	"testing"

	adminusers "github.com/cloudentity/acp-client-go/clients/identity/client/users"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	selfusers "github.com/cloudentity/acp-client-go/clients/identityself/client/users"
	selfmodels "github.com/cloudentity/acp-client-go/clients/identityself/models"
	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"

	"identitypools/infra/check/systemtest"
)

// The passwords that users get after the usual one.
const (
	second = "a second password for tests"
	third  = "a third password for tests"
)

// result returns the result of verifying a user's password.
func (c *caller) result(t *testing.T, pool, user, password string) string {
	t.Helper()
	proof := &systemmodels.VerifyPassword{UserID: user, Password: password}
	return must(c.system.Users.VerifyPasswordV2(systemusers.NewVerifyPasswordV2Params().WithIPID(pool).WithVerifyPassword(proof), nil))(t).Payload.Result
}

func TestAPasswordIsResetWithACode(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("ann")
	user := c.newSignedUp(t, pool, email)
	ask := systemusers.NewRequestResetPasswordParams().WithIPID(pool).WithCodeTypeInMessage(ptr("code"))
	must(c.system.Users.RequestResetPassword(ask.WithRequestResetPassword(&systemmodels.RequestAddOrResetCredential{Address: email}), nil))(t)
	code := systemtest.CodeIn(t, c.product.Inbox.Await(t, email, 1)[0])
	// The answer is the same for nobody.
	must(c.system.Users.RequestResetPassword(ask.WithRequestResetPassword(&systemmodels.RequestAddOrResetCredential{Address: "nobody@example.com"}), nil))(t)
	_, err := c.system.Users.RequestResetPassword(ask.WithRequestResetPassword(&systemmodels.RequestAddOrResetCredential{Address: email, Identifier: email, UserID: user}), nil)
	typed[*systemusers.RequestResetPasswordUnprocessableEntity](t, err)

	complete := func(code, password string) error {
		_, err := c.system.Users.CompleteResetPassword(systemusers.NewCompleteResetPasswordParams().WithIPID(pool).
			WithCompleteResetPassword(&systemmodels.CompleteResetPassword{Code: code, Address: email, NewPassword: password}), nil)
		return err
	}
	typed[*systemusers.CompleteResetPasswordUnprocessableEntity](t, complete(code, "short"))
	if err := complete(code, second); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	if got := c.result(t, pool, user, second); got != "password_correct" {
		t.Errorf("the new password is %s", got)
	}
	refused := typed[*systemusers.CompleteResetPasswordUnauthorized](t, complete(code, third))
	if refused.Payload.StatusCode != 401 {
		t.Errorf("a code that is spent is refused with %s", asText(t, refused.Payload))
	}
}

// The client takes every 401 for an expired token and sends the request again. Such a pair costs one
// guess at the code (63B §3.2.2): four mistakes stay below the limit of five, which eight would exceed.
func TestAWrongCodeOfAResetCountsOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("bob")
	user := c.newSignedUp(t, pool, email)
	ask := systemusers.NewRequestResetPasswordParams().WithIPID(pool).WithCodeTypeInMessage(ptr("code")).
		WithRequestResetPassword(&systemmodels.RequestAddOrResetCredential{Address: email})
	must(c.system.Users.RequestResetPassword(ask, nil))(t)
	code := systemtest.CodeIn(t, c.product.Inbox.Await(t, email, 1)[0])
	confirm := func(code string) *systemusers.ConfirmResetPasswordParams {
		return systemusers.NewConfirmResetPasswordParams().WithIPID(pool).
			WithConfirmResetPassword(&systemmodels.ConfirmResetPassword{Code: code, UserID: user, NewPassword: second})
	}
	wrong := code
	for range 4 {
		wrong = systemtest.WrongCode(wrong)
		_, err := c.system.Users.ConfirmResetPassword(confirm(wrong), nil)
		typed[*systemusers.ConfirmResetPasswordUnauthorized](t, err)
	}
	if sent := len(c.wire.to("/reset/confirm")); sent != 8 {
		t.Fatalf("the client no longer repeats, so this shows nothing: %d calls", sent)
	}
	must(c.system.Users.ConfirmResetPassword(confirm(code), nil))(t)
}

func TestAnAdministratorLetsAPasswordBeReset(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("cid")
	user := c.newSignedUp(t, pool, email)
	ask := func(user, address string) error {
		_, err := c.admin.Users.RequestResetPassword(adminusers.NewRequestResetPasswordParams().WithIPID(pool).WithUserID(user).
			WithRequestResetPassword(&adminmodels.RequestResetPassword{Address: address}), nil)
		return err
	}
	typed[*adminusers.RequestResetPasswordNotFound](t, ask("nobody", email))
	typed[*adminusers.RequestResetPasswordUnprocessableEntity](t, ask(user, "nobody@example.com"))
	if err := ask(user, email); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	link := systemtest.LinkIn(t, c.product.Inbox.Await(t, email, 1)[0]).Query().Get("code")
	must(c.system.Users.ConfirmResetPassword(systemusers.NewConfirmResetPasswordParams().WithIPID(pool).
		WithConfirmResetPassword(&systemmodels.ConfirmResetPassword{Code: link, NewPassword: second}), nil))(t)
	plain(t, ask(user, email), 429) // the description lists no such answer
}

func TestTheStateOfAPasswordIsSet(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	user, without := c.newSignedUp(t, pool, systemtest.Address("dora")), c.newUser(t, pool, systemtest.Address("eve"))
	admin := func(user, state string) error {
		_, err := c.admin.Users.SetPasswordState(adminusers.NewSetPasswordStateParams().WithIPID(pool).WithUserID(user).
			WithState(&adminmodels.SetPasswordStateRequest{State: state}), nil)
		return err
	}
	system := func(user, state string) error {
		_, err := c.system.Users.SetPasswordState(systemusers.NewSetPasswordStateParams().WithIPID(pool).WithUserID(user).
			WithState(&systemmodels.SetPasswordStateRequest{State: state}), nil)
		return err
	}
	if err := admin(user, "must_be_reset"); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	if got := c.result(t, pool, user, systemtest.Password); got != "password_incorrect" {
		t.Errorf("a password that must be reset is %s", got)
	}
	if err := system(user, "valid"); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	typed[*adminusers.SetPasswordStateNotFound](t, admin("nobody", "valid"))
	typed[*systemusers.SetPasswordStateNotFound](t, system("nobody", "valid"))
	typed[*adminusers.SetPasswordStateUnprocessableEntity](t, admin(without, "valid"))
	typed[*systemusers.SetPasswordStateUnprocessableEntity](t, system(user, "odd"))
}

func TestAPasswordIsChangedByItsOwner(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	user := c.newSignedUp(t, pool, systemtest.Address("fay"))
	change := func(old, next string) *systemusers.ChangePasswordParams {
		return systemusers.NewChangePasswordParams().WithIPID(pool).WithUserID(user).
			WithChangePassword(&systemmodels.ChangePassword{OldPassword: old, NewPassword: next})
	}
	_, err := c.system.Users.ChangePassword(change("wrong", second), nil)
	typed[*systemusers.ChangePasswordUnauthorized](t, err)
	_, err = c.system.Users.ChangePassword(change(systemtest.Password, "short"), nil)
	typed[*systemusers.ChangePasswordUnprocessableEntity](t, err)
	_, err = c.system.Users.ChangePassword(change(systemtest.Password, second).WithIfMatch(ptr(`"99"`)), nil)
	typed[*systemusers.ChangePasswordPreconditionFailed](t, err)
	_, err = c.system.Users.ChangePassword(change(systemtest.Password, second).WithUserID("nobody"), nil)
	typed[*systemusers.ChangePasswordNotFound](t, err)
	must(c.system.Users.ChangePassword(change(systemtest.Password, second), nil))(t)
	must(c.system.Users.DeprecatedChangePassword(systemusers.NewDeprecatedChangePasswordParams().WithIPID(pool).WithUserID(user).
		WithChangePassword(&systemmodels.ChangePassword{OldPassword: second, NewPassword: third}), nil))(t)
	if got := c.result(t, pool, user, third); got != "password_correct" {
		t.Errorf("the new password is %s", got)
	}
}

// The client for people sends its request below the path of a workspace, whatever that is called.
func TestAPersonResetsAPassword(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("ann")
	user := c.newSignedUp(t, pool, email)
	self := build(t, c.product, c.ID, "system", c.System.ID, c.System.Secret, c.wire).IdentitySelf.Users
	confirm := func(code, password string) error {
		_, err := self.ResetPasswordConfirm(selfusers.NewResetPasswordConfirmParams().WithIPID(pool).
			WithResetPasswordConfirm(&selfmodels.ResetPasswordConfirm{Code: code, Identifier: email, NewPassword: password}))
		return err
	}
	code := c.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+user+"/code/generate", map[string]string{
		"type": "reset_password", "address": email,
	}).Text(t, "code")
	typed[*selfusers.ResetPasswordConfirmUnauthorized](t, confirm(systemtest.WrongCode(code), second))
	typed[*selfusers.ResetPasswordConfirmUnprocessableEntity](t, confirm(code, "short"))
	if err := confirm(code, second); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	if got := c.result(t, pool, user, second); got != "password_correct" {
		t.Errorf("the new password is %s", got)
	}
	c.Admin.Must(t, 200, "PUT", "/pools/"+pool, map[string]any{
		"name": "Partners", "reset_credentials_settings": map[string]bool{"do_not_allow_users_to_self_reset_credentials": true},
	})
	c.product.ExpireCaches()
	typed[*selfusers.ResetPasswordConfirmForbidden](t, confirm(code, third))
}
