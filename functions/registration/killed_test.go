package registration_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/systemtest"
)

// If an administrator kills the code of an invitation, it does not live on with its mailbox.
// Otherwise somebody who has got hold of it could register the address and use it.
func TestAKilledCodeStaysDead(t *testing.T) {
	t.Parallel()
	for way, kill := range map[string]func(*testing.T, *setup, string, fields){
		"by a change of status": func(t *testing.T, s *setup, id string, _ fields) {
			s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "inactive"})
			s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "new"})
		},
		"with its user, who is made anew under the same id": func(t *testing.T, s *setup, id string, user fields) {
			s.tenant.Admin.Must(t, 204, "DELETE", s.path()+"/users/"+id, nil)
			user["id"] = id
			s.tenant.NewUser(t, s.pool, "new", s.email, user)
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			user := fields{"metadata": fields{"role": "administrator"}}
			id := s.tenant.NewUser(t, s.pool, "new", s.email, user)
			s.tenant.Admin.Must(
				t, 204, "POST", s.path()+"/users/"+id+"/activation/send?mode=invitation", nil,
			)
			killed := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
			s.product.Clock.Advance(2 * time.Minute)
			kill(t, s, id, user)
			s.activate(t, 422, fields{"code": killed, "password": strangersPassword})
			s.product.Clock.Advance(2 * time.Minute)
			ticket := s.register(t, strangersPassword)
			newestMail(t, s.product, s.email, 2)
			s.product.AwaitEmptyOutbox(t)
			s.activate(t, 422, fields{"code": killed, "password": strangersPassword})
			s.activate(t, 422, fields{"ticket": ticket, "code": killed, "password": strangersPassword})
		})
	}
}

// A code that its user has redeemed does not work again after the user has been set to new.
func TestARedeemedCodeStaysRedeemed(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	first := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": "ann", "otp_address": s.email, "password": ownersPassword,
	}).Text(t, "ticket")
	code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
	s.activate(t, 201, fields{"ticket": first, "code": code})
	id := findUser(t, s.tenant, s.pool, "ann")["id"].(string)
	s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "new"})
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": "ann"})
	newestMail(t, s.product, s.email, 2)
	other := "/pools/" + s.tenant.NewPool(t, nil)
	ticket := s.tenant.Public.Must(t, 201, "POST", other+"/register", fields{
		"identifier": s.email, "password": strangersPassword,
	}).Text(t, "ticket")
	s.product.AwaitEmptyOutbox(t)
	s.tenant.Public.Must(t, 422, "POST", other+"/activate", fields{"ticket": ticket, "code": code})
}

// A change of status also kills a code that the courier is making at the same time.
func TestAStatusKillsACodeThatIsBeingMade(t *testing.T) {
	t.Parallel()
	var meanwhile atomic.Pointer[func()]
	watch := func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meanwhile", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			get, ok := in.Parameters.(*dynamodb.GetItemInput)
			if ok && strings.Contains(fmt.Sprint(get.Key["sk"]), "CODE#activation") {
				if do := meanwhile.Swap(nil); do != nil {
					(*do)()
				}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
	s := newSetup(t, nil, noCourier, systemtest.WithMiddleware(watch))
	id := s.tenant.NewUser(t, s.pool, "new", s.email, nil)
	s.tenant.Admin.Must(t, 204, "POST", s.path()+"/users/"+id+"/activation/send", nil)
	s.product.Clock.Advance(time.Second)
	do := func() {
		s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "inactive"})
		s.product.Clock.Advance(time.Second)
		s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "new"})
	}
	meanwhile.Store(&do)
	s.deliver(t)
	if mails := s.product.Inbox.Mails(t, s.email); len(mails) > 0 {
		s.activate(t, 422, fields{
			"code": systemtest.LinkIn(t, mails[0]).Query().Get("code"), "password": ownersPassword,
		})
	}
	if meanwhile.Load() != nil {
		t.Error("the courier has read no codes")
	}
}

// Registrations and resends of strangers do not kill the code that an administrator or a back end
// has sent.
func TestStrangersKillNoCodeThatIsNotTheirs(t *testing.T) {
	t.Parallel()
	link := func(t *testing.T, s *setup, n int) string {
		return systemtest.LinkIn(t, newestMail(t, s.product, s.email, n)).Query().Get("code")
	}
	for _, who := range []string{"an administrator", "a back end"} {
		for _, how := range []string{
			"registrations", "resends", "registrations of a name with other addresses",
		} {
			t.Run(who+", by "+how, func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, nil)
				name := s.email
				body := fields{"identifier": name, "password": ownersPassword}
				if how == "registrations of a name with other addresses" {
					name = "gil"
					body = fields{
						"identifier": name, "otp_address": s.email, "password": ownersPassword,
					}
				}
				if who == "a back end" || name == "gil" {
					id := s.tenant.System.Must(
						t, 201, "POST", s.path()+"/user/register", body,
					).Text(t, "id")
					if who == "an administrator" {
						newestMail(t, s.product, s.email, 1)
						s.product.Clock.Advance(2 * time.Minute)
						s.tenant.Admin.Must(
							t, 204, "POST", s.path()+"/users/"+id+"/activation/send",
							fields{"address": s.email},
						)
					}
				} else {
					id := s.tenant.NewUser(t, s.pool, "new", s.email, nil)
					s.tenant.Admin.Must(
						t, 204, "POST", s.path()+"/users/"+id+"/activation/send?mode=invitation",
						nil,
					)
				}
				n := 1
				if who == "an administrator" && name == "gil" {
					n = 2
				}
				code := link(t, s, n)
				for i := range 5 {
					switch how {
					case "registrations":
						s.product.Clock.Advance(15 * time.Minute)
						s.register(t, strangersPassword)
						newestMail(t, s.product, s.email, n+i+1)
					case "resends":
						s.product.Clock.Advance(15 * time.Minute)
						s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send?code_type_in_message=link", fields{
							"address": s.email,
						})
					default:
						s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
							"identifier": name, "otp_address": systemtest.Address("stranger"),
						})
					}
				}
				s.tenant.RenewTokens(t)
				s.product.AwaitEmptyOutbox(t)
				s.tenant.System.Must(t, 201, "POST", s.path()+"/user/activate", fields{
					"code": code, "password": ownersPassword,
				})
			})
		}
	}
}

// A resend by user name, which goes to the only address that waits, replaces nobody's code.
func TestAResendByUserNameKillsNoCode(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"a back end", "an administrator", "the owner"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			body := fields{"identifier": "ann", "otp_address": s.email, "password": ownersPassword}
			id, n := "", 1
			if by == "the owner" {
				s.ownerTicket = s.tenant.Public.Must(
					t, 201, "POST", s.path()+"/register", body,
				).Text(t, "ticket")
			} else {
				id = s.tenant.System.Must(
					t, 201, "POST", s.path()+"/user/register?code_type_in_message=code", body,
				).Text(t, "id")
			}
			newestMail(t, s.product, s.email, 1)
			s.product.Clock.Advance(61 * time.Second)
			if by == "an administrator" {
				s.tenant.Admin.Must(
					t, 204, "POST",
					s.path()+"/users/"+id+"/activation/send?code_type_in_message=code", nil,
				)
				n = 2
			}
			code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, n))
			s.product.Clock.Advance(61 * time.Second)
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": "ann"})
			newestMail(t, s.product, s.email, n+1)
			s.product.AwaitEmptyOutbox(t)
			switch by {
			case "the owner":
				s.activate(t, 201, fields{"ticket": s.ownerTicket, "code": code})
			case "an administrator":
				s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+id+"/activate", fields{
					"code": code, "password": ownersPassword,
				})
			default: // the back end's code still belongs to the only registration
				s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+id+"/activate", fields{
					"code": code,
				})
			}
		})
	}
}

// The code of a public registration works and replaces no code of a back end, however many codes
// there are.
func TestANewCodeIsNotPushedOut(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	first := systemtest.Address("first")
	for i := range 5 {
		address := first
		if i > 0 {
			address = systemtest.Address("other")
		}
		s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register", fields{
			"identifier": "ann", "otp_address": address,
		})
		newestMail(t, s.product, address, 1)
	}
	for range 3 {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
			"identifier": "ann", "otp_address": systemtest.Address("stranger"),
		})
	}
	s.product.AwaitEmptyOutbox(t)
	s.registerName(t, "ann", "link")
	public := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
	ofBackEnd := systemtest.LinkIn(t, newestMail(t, s.product, first, 1)).Query().Get("code")
	// The password that is missing is the only fault of a right code.
	for _, code := range []string{public, ofBackEnd} {
		got := s.tenant.Public.Must(t, 422, "POST", s.path()+"/activate", fields{"code": code})
		if !contains(got.Body, "/password") {
			t.Errorf("answers %s", got.Body)
		}
	}
	s.activate(t, 201, fields{"code": public, "password": ownersPassword})
}

// An invited user can activate with every mail that a stranger causes, without a ticket.
func TestAnInvitationThatIsSentAgainIsALink(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"register", "activation/send"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			s.tenant.NewUser(t, s.pool, "new", s.email, nil)
			status, body := 201, fields{"identifier": s.email, "password": strangersPassword}
			if how == "activation/send" {
				status, body = 202, fields{"address": s.email}
			}
			s.tenant.Public.Must(t, status, "POST", s.path()+"/"+how+"?code_type_in_message=code", body)
			code := systemtest.LinkIn(t, newestMail(t, s.product, s.email, 1)).Query().Get("code")
			s.activate(t, 201, fields{"code": code, "password": ownersPassword})
			verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
		})
	}
}
