package codes_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
)

// codesOfAUser are the codes of one user for whom codes of every purpose can be made: a new user with
// a verified address and one that is not verified.
type codesOfAUser struct {
	*systemtest.Product
	tenant        *systemtest.Tenant
	pool          identity.Pool
	path          string // the path of the user
	own, unproved string // the user's addresses, of which the first is verified
	redeemer      *onetime.Redeemer
	purposes      []identity.CodePurpose
}

func newUserWithCodes(t *testing.T) *codesOfAUser {
	t.Helper()
	c := &codesOfAUser{Product: systemtest.New(t), own: systemtest.Address("ann"), unproved: systemtest.Address("new")}
	c.tenant = c.NewTenant(t)
	pool := c.tenant.NewPool(t, nil)
	tools, err := onetime.Open(cloud.Environment(func(name string) string { return c.Environment[name] }))
	if err != nil {
		t.Fatal(err)
	}
	if c.pool, err = c.Table.Pools.Cached(t.Context(), c.tenant.ID, pool); err != nil {
		t.Fatal(err)
	}
	c.redeemer = tools.NewRedeemer(c.Table, c.Clock.Now, systemtest.Unique)
	c.path = "/pools/" + pool + "/users/ann"
	for purpose := range identity.CodeLifetimes() {
		c.purposes = append(c.purposes, purpose)
	}
	c.createUser(t)
	return c
}

// createUser makes the user, always with the same id and addresses.
func (c *codesOfAUser) createUser(t *testing.T) {
	t.Helper()
	c.tenant.NewUser(t, c.pool.ID, "new", c.own, fields{"id": "ann", "verifiable_addresses": []fields{
		{"address": c.own, "type": "email", "verified": true, "status": "active"},
		{"address": c.unproved, "type": "email", "verified": false, "status": "active"},
	}})
}

// presentedCode is a code for a purpose, in a form.
type presentedCode struct {
	purpose identity.CodePurpose
	form    string
	text    string
}

// forgetGuesses deletes the counters of all mailboxes, so that a code is not refused only because
// the guesses at it are used up.
func (c *codesOfAUser) forgetGuesses(t *testing.T) {
	t.Helper()
	for _, it := range c.Stored(t, "MAILBOX#") {
		_, err := c.DB.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
			TableName: aws.String(c.TableName), Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: it["pk"]},
				"sk": &types.AttributeValueMemberS{Value: it["sk"]},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// generate makes a code for each purpose and returns both forms of each.
func (c *codesOfAUser) generate(t *testing.T) (codes []presentedCode) {
	t.Helper()
	for _, purpose := range c.purposes {
		address := c.own
		if purpose == identity.PurposeVerifyAddress {
			address = c.unproved
		}
		made := c.tenant.System.Must(t, 201, "POST", c.path+"/code/generate", fields{"type": purpose, "address": address})
		if purpose == identity.PurposeVerifyAddress {
			purpose = purpose.For(identity.Address{Normalized: address})
		}
		for _, form := range []string{"code", "extended_code"} {
			codes = append(codes, presentedCode{purpose, form, made.Text(t, form)})
		}
	}
	return codes
}

// redeem redeems a code for a purpose, as a function does whose domain step is to spend it.
func (c *codesOfAUser) redeem(t *testing.T, purpose identity.CodePurpose, text string) error {
	t.Helper()
	proof := onetime.Proof{User: "ann", Code: text}
	return c.redeemer.Redeem(t.Context(), c.pool, purpose, proof, nil, func(ctx context.Context, right onetime.Redemption) error {
		if right.User.ID != "ann" || right.Code.Normalized != c.own && right.Code.Normalized != c.unproved {
			t.Errorf("the code for %s is redeemed for %s and %s", purpose, right.User.ID, right.Code.Normalized)
		}
		for _, spent := range right.Spent {
			if err := c.Table.Codes.Replace(ctx, spent, once.Reply[once.None]{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// mustBeDead redeems each code, which must be refused.
func (c *codesOfAUser) mustBeDead(t *testing.T, codes []presentedCode) {
	t.Helper()
	for _, code := range codes {
		c.forgetGuesses(t)
		if err := c.redeem(t, code.purpose, code.text); !errors.Is(err, identity.InvalidCode{}) {
			t.Errorf("the %s for %s answers %v", code.form, code.purpose, err)
		}
	}
}

// A code of each purpose is redeemed once, in either form, if nothing has killed it.
func TestCodesOfEveryPurposeAreRedeemedOnce(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	for _, form := range []string{"code", "extended_code"} {
		c.forgetGuesses(t)
		for _, code := range c.generate(t) {
			if code.form != form {
				continue
			}
			c.forgetGuesses(t)
			if err := c.redeem(t, code.purpose, code.text); err != nil {
				t.Errorf("the %s for %s answers %v", form, code.purpose, err)
			}
			if err := c.redeem(t, code.purpose, code.text); !errors.Is(err, identity.InvalidCode{}) {
				t.Errorf("the %s for %s answers %v at the second time", form, code.purpose, err)
			}
		}
	}
}

// Of twenty who present a code at once, one redeems it.
func TestACodeOfEachPurposeIsRedeemedByOne(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	for _, form := range []string{"code", "extended_code"} {
		for _, code := range c.generate(t) {
			if code.form != form {
				continue
			}
			c.forgetGuesses(t)
			var (
				calls    sync.WaitGroup
				redeemed atomic.Int64
			)
			for range 20 {
				calls.Go(func() {
					if c.redeem(t, code.purpose, code.text) == nil {
						redeemed.Add(1)
					}
				})
			}
			calls.Wait()
			if redeemed.Load() != 1 {
				t.Errorf("the %s for %s is redeemed %d times", form, code.purpose, redeemed.Load())
			}
		}
	}
}

// A code for one purpose is refused for each other (V6.6.2).
func TestACodeIsForOnePurpose(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	codes := c.generate(t)
	for _, code := range codes {
		for _, other := range codes {
			if code.form != "extended_code" || other.purpose == code.purpose {
				continue // wrong short codes would use up the guesses
			}
			if err := c.redeem(t, other.purpose, code.text); !errors.Is(err, identity.InvalidCode{}) {
				t.Errorf("the code for %s answers %v for %s", code.purpose, err, other.purpose)
			}
		}
	}
	for _, code := range codes {
		if code.form != "extended_code" {
			continue
		}
		if err := c.redeem(t, code.purpose, code.text); err != nil {
			t.Errorf("the code for %s answers %v for its own purpose", code.purpose, err)
		}
	}
}

// The codes of every purpose die with a user who is deleted, and are of no use to whoever is made
// again under the same id and addresses.
func TestTheCodesOfADeletedUserAreDead(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	codes := c.generate(t)
	c.tenant.Admin.Must(t, 204, "DELETE", c.path, nil)
	c.mustBeDead(t, codes)
	c.createUser(t)
	c.Clock.Advance(identity.CodeLifetimes()[identity.PurposeChallenge].Usual / 2)
	c.mustBeDead(t, codes)
	for _, code := range c.generate(t) {
		if code.form == "extended_code" {
			if err := c.redeem(t, code.purpose, code.text); err != nil {
				t.Errorf("the code of the new user for %s answers %v", code.purpose, err)
			}
		}
	}
}

// The codes of every purpose die when the status of their user changes, and stay dead when it is the
// same again.
func TestTheCodesOfAUserDieWithTheStatus(t *testing.T) {
	t.Parallel()
	change := func(status string) func(*testing.T, *codesOfAUser) {
		return func(t *testing.T, c *codesOfAUser) {
			c.tenant.Admin.Must(t, 200, "PUT", c.path, fields{"status": status})
		}
	}
	for name, kill := range map[string]func(*testing.T, *codesOfAUser){
		"active": change("active"), "inactive": change("inactive"), "deleted": change("deleted"),
		"active by activation": func(t *testing.T, c *codesOfAUser) {
			code := c.tenant.System.Must(t, 201, "POST", c.path+"/code/generate",
				fields{"type": "activation", "address": c.own}).Text(t, "extended_code")
			c.tenant.System.Must(t, 201, "POST", c.path+"/activate", fields{"code": code, "password": systemtest.Password})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newUserWithCodes(t)
			codes := c.generate(t)
			kill(t, c)
			c.mustBeDead(t, codes)
			change("new")(t, c)
			c.mustBeDead(t, codes)
		})
	}
}

// A change that is no change of status kills no code.
func TestCodesOutliveOtherChanges(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	for _, form := range []string{"code", "extended_code"} {
		c.forgetGuesses(t)
		codes := c.generate(t)
		c.tenant.Admin.Must(t, 200, "PUT", c.path, fields{"status": "new", "metadata": fields{"role": "guest"}})
		for _, code := range codes {
			if code.form != form {
				continue
			}
			c.forgetGuesses(t)
			if err := c.redeem(t, code.purpose, code.text); err != nil {
				t.Errorf("the %s for %s answers %v", form, code.purpose, err)
			}
		}
	}
}

// Guesses at codes of all purposes are of one budget of their mailbox.
func TestGuessesAtCodesOfEveryPurposeAreCountedTogether(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	var wrong []presentedCode
	for _, code := range c.generate(t) {
		if code.form == "code" && code.purpose.Base() != identity.PurposeVerifyAddress {
			wrong = append(wrong, code)
		}
	}
	var guesses sync.WaitGroup
	many := c.pool.Limits.GuessesPerDay + 20
	for i := range many {
		code := wrong[int(i)%len(wrong)]
		guesses.Go(func() {
			if err := c.redeem(t, code.purpose, systemtest.WrongCode(code.text)); !errors.Is(err, identity.InvalidCode{}) {
				t.Errorf("guess %d answers %v", i, err)
			}
		})
	}
	guesses.Wait()
	use, err := c.Table.Mailboxes.Get(t.Context(), identity.NewMailboxRef(c.tenant.ID, identity.TypeEmail, c.own))
	if err != nil || use.Spent != many { // those above the limit are counted too, so that they take as long
		t.Errorf("%d guesses are counted, want %d: %v", use.Spent, many, err)
	}
	for _, code := range c.generate(t) {
		isOfOtherMailbox := code.purpose.Base() == identity.PurposeVerifyAddress
		if code.form != "code" {
			continue
		}
		if err := c.redeem(t, code.purpose, code.text); (err == nil) != isOfOtherMailbox {
			t.Errorf("with no guess left the new code for %s answers %v", code.purpose, err)
		}
	}
}

// A mail with a code is counted for its mailbox whatever the code is for, and only a code for
// activation proves the mailbox to somebody who registers.
func TestMailsWithCodesOfEveryPurposeAreCountedTogether(t *testing.T) {
	t.Parallel()
	c := newUserWithCodes(t)
	issuer := onetime.Tools{Coder: c.redeemer.Coder}.NewIssuer(c.Table, c.Clock.Now)
	ref := identity.UserRef{Tenant: c.tenant.ID, Pool: c.pool.ID, ID: "ann"}
	u, err := c.Table.Users.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	to := identity.Address{Value: c.own, Normalized: c.own, Type: identity.TypeEmail}
	free := func(context.Context) error { return nil }
	mail := func(purpose identity.CodePurpose) (identity.MailboxUse, error) {
		maker := identity.Maker{Now: c.Clock.Now(), NewID: systemtest.Unique}
		m := identity.NewMessage(identity.MessageActivation, u, to, identity.MessageOptions{}, maker)
		m.Share = identity.ShareBackEnd
		code := identity.Code{Message: m.ID, Address: c.own, Normalized: c.own, AddressType: to.Type}
		var counted identity.MailboxUse
		prepare := issuer.ForMail(t.Context(), c.pool, purpose, m, m.MailboxRef(), free, func(use identity.MailboxUse) { counted = use })
		_, err := issuer.Issue(t.Context(), c.pool, u, purpose, code, prepare, once.Reply[otp.Issued]{})
		return counted, err
	}
	use, err := mail(identity.PurposeResetPassword)
	if err != nil || len(use.MailedAt[identity.MailsOfPublic]) != 1 || len(use.Codes) != 0 {
		t.Errorf("after one mail %+v, %v", use, err)
	}
	if _, err := mail(identity.PurposeChallenge); !errors.As(err, new(identity.Limited)) {
		t.Errorf("a second mail at once: %v", err)
	}
	c.Clock.Advance(2 * time.Minute)
	use, err = mail(identity.PurposeActivation)
	if err != nil || len(use.MailedAt[identity.MailsOfPublic]) != 2 || len(use.Codes) != 1 {
		t.Errorf("after two mails %+v, %v", use, err)
	}
}
