package registration_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"identitypools/functions/registration"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{
		Routes: registration.Routes(), Cases: slices.Concat(faultCases(), pageFaultCases()),
	}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

// "Without a key a retry never makes two of anything that has an identifier"; with one it is
// answered as the first try would have been, whatever has become of that.
func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRetriesUnderAKey(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

func faultCases() []faulttest.Case {
	register := func(f *fixture) *http.Request {
		return f.PublicRequest("POST", f.Pool+"/register?code_type_in_message=code",
			faulttest.Registration(f.Email))
	}
	return []faulttest.Case{
		{
			Name: "system.selfRegisterUser", Status: 201, Check: checkLink,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/register",
					faulttest.Registration(f.Email))
			},
		},
		{
			Name: "public.getPool", Status: 200,
			Request: func(f *fixture) *http.Request { return f.PublicRequest("GET", f.Pool, nil) },
		},
		{Name: "public.register", Request: register, Status: 201, Check: checkTicket},
		{
			Name: "public.register, again", Setup: (*fixture).RegisterWithoutMail,
			Request: register, Status: 201, Check: checkTicket,
		},
		{
			Name: "public.register, a taken address", Setup: (*fixture).CreateActiveUser,
			Request: register, Status: 201, Check: (*fixture).CheckOwnerNotice,
		},
		{
			Name: "public.activate", Setup: registerAndProve, Status: 201,
			Check: (*fixture).CheckActivated,
			Request: func(f *fixture) *http.Request {
				return f.PublicRequest("POST", f.Pool+"/activate",
					fields{"ticket": f.Ticket, "code": f.Code})
			},
		},
		{
			Name: "public.sendActivation", Setup: (*fixture).RegisterWithoutMail, Status: 202,
			Check: checkNewCode,
			Request: func(f *fixture) *http.Request {
				return f.PublicRequest("POST", f.Pool+"/activation/send", fields{"ticket": f.Ticket})
			},
		},
		{
			Name:  "public.sendActivation, to an address",
			Setup: (*fixture).RegisterWithoutMail, Status: 202, Check: checkNewCode,
			Request: func(f *fixture) *http.Request {
				return f.PublicRequest("POST", f.Pool+"/activation/send", fields{"address": f.Email})
			},
		},
	}
}

// registerAndProve registers the user, with a code that the request of the case presents.
func registerAndProve(f *fixture) {
	f.RegisterWithCode()
	f.Proved[f.User] = true
}

// checkTicket checks that a mail has come, and that the holder of the ticket in the answer can
// activate the user. It uses the code of another mail, because a retry is another registration,
// whose mail may have been held back by the pause between two mails.
func checkTicket(f *fixture, answer systemtest.Response) {
	f.Ticket = answer.Text(f.T, "ticket")
	f.FindUser()
	f.DeliverMessages()
	f.CheckMails("Confirm your address for Partners")
	f.Clock.Advance(time.Minute + time.Second)
	f.Tenant.RenewTokens(f.T)
	f.Tenant.Public.Must(f.T, 202, "POST", f.Pool+"/activation/send", fields{"ticket": f.Ticket})
	f.DeliverMessages()
	checkNewCode(f, answer)
}

// checkNewCode checks that the code of the newest mail works for the holder of the ticket.
func checkNewCode(f *fixture, _ systemtest.Response) {
	f.DeliverMessages()
	mails := f.CheckMails("Confirm your address for Partners", "Your new code for Partners")
	code := systemtest.CodeIn(f.T, mails[len(mails)-1])
	f.Proved[f.User] = true
	f.Tenant.Public.Must(f.T, 201, "POST", f.Pool+"/activate",
		fields{"ticket": f.Ticket, "code": code})
	f.CheckSpent(code)
}

// checkLink checks that the link of the first mail works.
func checkLink(f *fixture, answer systemtest.Response) {
	f.User = answer.Text(f.T, "id")
	f.DeliverMessages()
	mail := f.CheckMails("Confirm your address for Partners")[0]
	f.Link = systemtest.LinkIn(f.T, mail).Query().Get("code")
	f.Proved[f.User] = true
	f.Tenant.Public.Must(f.T, 201, "POST", f.Pool+"/activate", fields{
		// the password is needed because after a retry two registrations wait
		"code": f.Link, "password": systemtest.Password,
	})
	f.CheckPassword()
	f.CheckSpent(f.Link)
}
