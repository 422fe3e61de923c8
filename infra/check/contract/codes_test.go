package contract_test

import (
	"strings"
	"testing"

	adminotp "github.com/cloudentity/acp-client-go/clients/identity/client/o_t_p"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systemotp "github.com/cloudentity/acp-client-go/clients/identitysystem/client/o_t_p"
	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"

	"identitypools/infra/check/systemtest"
)

// newOwner creates an active user with a verified address and one that is not verified.
func (c *caller) newOwner(t *testing.T, pool, verified, unverified string) string {
	t.Helper()
	user := &systemmodels.NewUser{
		Status:      "active",
		Identifiers: []*systemmodels.NewUserIdentifier{{Identifier: "uid-" + systemtest.Unique(), Type: "uid"}},
		VerifiableAddresses: []*systemmodels.NewUserVerifiableAddress{
			{Address: verified, Type: "email", Status: "active", Verified: true},
			{Address: unverified, Type: "email", Status: "active"},
		},
	}
	return must(c.system.Users.SystemCreateUser(systemusers.NewSystemCreateUserParams().WithIPID(pool).WithNewUser(user), nil))(t).Payload.ID
}

// generateFor creates a code of a type for a user.
func (c *caller) generateFor(t *testing.T, pool, user, kind string) *systemmodels.Codes {
	t.Helper()
	params := systemusers.NewGenerateCodeParams().WithIPID(pool).WithUserID(user).WithCodeRequest(&systemmodels.RequestCode{Type: kind})
	return must(c.system.Users.GenerateCode(params, nil))(t).Payload
}

func TestAChallengeIsAnswered(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("ann")
	user := c.newOwner(t, pool, email, systemtest.Address("second"))
	ask := systemotp.NewRequestOTPChallengeParams().WithIPID(pool)
	must(c.system.Otp.RequestOTPChallenge(ask.WithRequestOTPChallenge(&systemmodels.RequestOTPCode{Address: email}), nil))(t)
	code := systemtest.CodeIn(t, c.product.Inbox.Await(t, email, 1)[0])
	// The answer is the same for nobody.
	must(c.system.Otp.RequestOTPChallenge(ask.WithRequestOTPChallenge(&systemmodels.RequestOTPCode{Address: "nobody@example.com"}), nil))(t)
	_, err := c.system.Otp.RequestOTPChallenge(ask.WithRequestOTPChallenge(&systemmodels.RequestOTPCode{Address: email, Identifier: email, UserID: user}), nil)
	typed[*systemotp.RequestOTPChallengeUnprocessableEntity](t, err)

	verify := systemotp.NewVerifyOTPParams().WithIPID(pool).WithVerifyOTP(&systemmodels.VerifyOTP{Code: code, UserID: user})
	if got := must(c.system.Otp.VerifyOTP(verify, nil))(t).Payload.ID; got != user {
		t.Errorf("the code is of %s, want %s", got, user)
	}
	_, err = c.system.Otp.VerifyOTP(verify, nil)
	failure := typed[*systemotp.VerifyOTPUnprocessableEntity](t, err)
	if failure.Payload.ErrorCode != "invalid_code" || len(c.wire.to("/otp/verify")) != 2 {
		t.Errorf("a code that is spent is refused with %s, after %d requests", asText(t, failure.Payload), len(c.wire.to("/otp/verify")))
	}
}

func TestAnAdministratorChallengesAUser(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("bob")
	user := c.newOwner(t, pool, email, systemtest.Address("second"))
	ask := adminotp.NewRequestOTPChallengeParams().WithIPID(pool).WithUserID(user).WithRequestOTPChallenge(&adminmodels.RequestOTPChallenge{Address: email})
	must(c.admin.Otp.RequestOTPChallenge(ask, nil))(t)
	code := systemtest.CodeIn(t, c.product.Inbox.Await(t, email, 1)[0])
	_, err := c.admin.Otp.RequestOTPChallenge(ask, nil)
	typed[*adminotp.RequestOTPChallengeTooManyRequests](t, err)
	_, err = c.admin.Otp.RequestOTPChallenge(ask.WithUserID("nobody"), nil)
	typed[*adminotp.RequestOTPChallengeNotFound](t, err)
	ask = ask.WithUserID(user).WithRequestOTPChallenge(&adminmodels.RequestOTPChallenge{Address: "nobody@example.com"})
	_, err = c.admin.Otp.RequestOTPChallenge(ask, nil)
	typed[*adminotp.RequestOTPChallengeUnprocessableEntity](t, err)

	verify := func(code string) *adminotp.VerifyOTPParams {
		return adminotp.NewVerifyOTPParams().WithIPID(pool).WithUserID(user).WithInspectOTP(&adminmodels.InspectOTP{Code: code})
	}
	_, err = c.admin.Otp.VerifyOTP(verify(systemtest.WrongCode(code)), nil)
	typed[*adminotp.VerifyOTPUnprocessableEntity](t, err)
	if got := must(c.admin.Otp.VerifyOTP(verify(code), nil))(t).Payload.ID; got != user {
		t.Errorf("the code is of %s, want %s", got, user)
	}
}

func TestAnAuthenticationAndAnInspection(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool := c.newPool(t)
	user := c.newOwner(t, pool, systemtest.Address("cid"), systemtest.Address("second"))
	codes := c.generateFor(t, pool, user, "authentication")
	inspect := systemotp.NewInspectOTPParams().WithIPID(pool).WithInspectOTP(&systemmodels.InspectOTP{Code: codes.ExtendedCode})
	want := systemmodels.InspectOTPUserOperationalData{UserID: user, CodeType: "authentication"}
	if got := must(c.system.Otp.InspectOTP(inspect, nil))(t).Payload; *got != want {
		t.Errorf("inspected %s", asText(t, got))
	}
	_, err := c.system.Otp.InspectOTP(inspect.WithInspectOTP(&systemmodels.InspectOTP{Code: codes.Code}), nil)
	typed[*systemotp.InspectOTPUnprocessableEntity](t, err)
	verify := systemusers.NewVerifyAuthenticationCodeParams().WithIPID(pool).
		WithVerifyAuthenticationCode(&systemmodels.BaseVerifyOTP{Code: codes.Code, UserID: user})
	if got := must(c.system.Users.VerifyAuthenticationCode(verify, nil))(t).Payload.ID; got != user {
		t.Errorf("the code is of %s, want %s", got, user)
	}
	_, err = c.system.Users.VerifyAuthenticationCode(verify, nil)
	typed[*systemusers.VerifyAuthenticationCodeUnprocessableEntity](t, err)
}

func TestAnAddressIsProved(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email, second, others := c.newPool(t), systemtest.Address("dora"), systemtest.Address("second"), systemtest.Address("other")
	user := c.newOwner(t, pool, email, second)
	other := c.newOwner(t, pool, others, strings.ToUpper(email)) // an unverified address that is another user's
	adminAsk := func(user, address string) error {
		_, err := c.admin.Otp.RequestAddressVerification(adminotp.NewRequestAddressVerificationParams().WithIPID(pool).WithUserID(user).
			WithRequestAddressVerification(&adminmodels.RequestOTPForAddress{Address: address}), nil)
		return err
	}
	typed[*adminotp.RequestAddressVerificationNotFound](t, adminAsk("nobody", second))
	typed[*adminotp.RequestAddressVerificationNotFound](t, adminAsk(user, email)) // it is verified
	typed[*adminotp.RequestAddressVerificationConflict](t, adminAsk(other, email))
	if err := adminAsk(user, second); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	link := systemtest.LinkIn(t, c.product.Inbox.Await(t, second, 1)[0]).Query().Get("code")

	ask := systemotp.NewRequestAddressVerificationParams().WithIPID(pool).WithUserID(user)
	must(c.system.Otp.RequestAddressVerification(ask.WithRequestAddressVerification(&systemmodels.RequestOTPForAddress{Address: email}), nil))(t)
	_, err := c.system.Otp.RequestAddressVerification(ask.WithUserID("nobody").WithRequestAddressVerification(&systemmodels.RequestOTPForAddress{Address: second}), nil)
	typed[*systemotp.RequestAddressVerificationNotFound](t, err)

	complete := func(address, code string) error {
		_, err := c.system.Otp.CompleteAddressVerification(systemotp.NewCompleteAddressVerificationParams().WithIPID(pool).WithUserID(user).
			WithCompleteAddressVerification(&systemmodels.CompleteAddressVerification{Address: address, Code: code}), nil)
		return err
	}
	typed[*systemotp.CompleteAddressVerificationUnprocessableEntity](t, complete(others, link))
	if err := complete(second, link); err != nil {
		t.Fatalf("the client says: %v", err)
	}
	typed[*systemotp.CompleteAddressVerificationUnprocessableEntity](t, complete(second, link))
}
