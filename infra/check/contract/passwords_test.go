package contract_test

import (
	"fmt"
	"testing"

	systemusers "github.com/cloudentity/acp-client-go/clients/identitysystem/client/users"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"

	"identitypools/infra/check/systemtest"
)

// newSignedUp creates an active user with a password, with the client.
func (c *caller) newSignedUp(t *testing.T, pool, email string) string {
	t.Helper()
	user := &systemmodels.NewUser{
		Status: "active", Identifiers: []*systemmodels.NewUserIdentifier{{
			Identifier: email,
			Type:       "email",
		}},
		Credentials: []*systemmodels.NewUserCredential{{Type: "password", Password: systemtest.Password}},
	}
	return must(c.system.Users.SystemCreateUser(systemusers.NewSystemCreateUserParams().WithIPID(pool).WithNewUser(user), nil))(t).Payload.ID
}

func (c *caller) verify(
	pool string, proof *systemmodels.VerifyPassword,
) (*systemusers.VerifyPasswordOK, error) {
	return c.system.Users.VerifyPassword(systemusers.NewVerifyPasswordParams().WithIPID(pool).WithVerifyPassword(proof), nil)
}

func TestARightPassword(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("ann")
	id := c.newSignedUp(t, pool, email)
	for name, proof := range map[string]*systemmodels.VerifyPassword{
		"by identifier":         {Identifier: email, Password: systemtest.Password},
		"by id":                 {UserID: id, Password: systemtest.Password},
		"by the old name of id": {ID: id, Password: systemtest.Password},
	} {
		if got := must(c.verify(pool, proof))(t).Payload; got.ID != id || got.State != "valid" {
			t.Errorf("%s: %s", name, asText(t, got))
		}
	}
	_, err := c.verify(pool, &systemmodels.VerifyPassword{Password: systemtest.Password})
	typed[*systemusers.VerifyPasswordUnprocessableEntity](t, err)
}

// The client takes every 401 for an expired token, gets a new token and repeats the call. Such a
// pair counts as one failure (63B §3.2.2): four wrong passwords stay below the limit of five, which
// eight would exceed.
func TestAWrongPasswordCountsOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("bob")
	c.newSignedUp(t, pool, email)
	tokens := len(c.wire.to("/system/oauth2/token"))
	for i := range 4 {
		_, err := c.verify(pool, &systemmodels.VerifyPassword{
			Identifier: email,
			Password:   fmt.Sprintf("mistake number %d", i),
		})
		failure := typed[*systemusers.VerifyPasswordUnauthorized](t, err)
		if failure.Payload.ErrorCode != "wrong_password" || failure.Payload.StatusCode != 401 {
			t.Fatalf("mistake %d is refused with %s", i, asText(t, failure.Payload))
		}
	}
	sent := c.wire.to("/user/password/verify")
	if len(sent) != 8 || len(c.wire.to("/system/oauth2/token")) != tokens+4 {
		t.Fatalf("the client no longer repeats, so this shows nothing: %d calls, %d tokens more",
			len(sent), len(c.wire.to("/system/oauth2/token"))-tokens)
	}
	for i := 0; i < len(sent); i += 2 {
		if sent[i].status != 401 || sent[i+1].status != 401 || sent[i].body != sent[i+1].body ||
			sent[i].body == "" {
			t.Errorf("a call answered %d is repeated with an answer of %d", sent[i].status,
				sent[i+1].status)
		}
	}
	if got := must(c.verify(pool, &systemmodels.VerifyPassword{
		Identifier: email,
		Password:   systemtest.Password,
	}))(t).Payload; got.State != "valid" {
		t.Errorf("then the right one: %s", asText(t, got))
	}
}

// The second version answers 200 whatever the result is, so the client does not repeat the call.
func TestTheOutcomeOfAPassword(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email, without := c.newPool(t), systemtest.Address("cid"), systemtest.Address("dora")
	id := c.newSignedUp(t, pool, email)
	empty := c.newUser(t, pool, without)
	for _, row := range []struct {
		name, identifier, password string
		want                       systemmodels.VerifyPasswordResponseDataV2
	}{
		{
			"right", email, systemtest.Password,
			systemmodels.VerifyPasswordResponseDataV2{ID: id, Result: "password_correct", State: "valid"},
		},
		{"wrong", email, "wrong", systemmodels.VerifyPasswordResponseDataV2{
			ID:     id,
			Result: "password_incorrect", State: "valid",
		}},
		{
			"of a user who has none", without, "wrong",
			systemmodels.VerifyPasswordResponseDataV2{ID: empty, Result: "no_password", State: "valid"},
		},
		{
			"of nobody", "nobody@example.com", "wrong",
			systemmodels.VerifyPasswordResponseDataV2{Result: "user_not_found", State: "valid"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			proof := &systemmodels.VerifyPassword{Identifier: row.identifier, Password: row.password}
			got := must(c.system.Users.VerifyPasswordV2(systemusers.NewVerifyPasswordV2Params().WithIPID(pool).WithVerifyPassword(proof), nil))(t).Payload
			if *got != row.want {
				t.Errorf("answers %+v, want %+v", *got, row.want)
			}
		})
	}
	if sent := len(c.wire.to("/v2/verify")); sent != 4 {
		t.Errorf("four checks were sent %d times", sent)
	}
}
