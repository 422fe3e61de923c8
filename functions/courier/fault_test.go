package courier_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

// The courier's calls may fail: a batch comes again then, and in the end each mail has arrived, at least
// once, with the newest code as the one that works, and nothing is left behind.
func TestAnyCallOfTheCourierMayFail(t *testing.T) {
	t.Parallel()
	faulttest.RunBatches(t, []faulttest.Batch{
		{
			Name: "the code of a registration", Setup: registerOnce,
			Check: func(f *faulttest.Fixture) {
				f.FindUser()
				f.CheckNewestCode("Confirm your address for Partners")
			},
		},
		{
			Name: "a message that an administrator asked for",
			Setup: func(f *faulttest.Fixture) {
				f.CreateUser()
				path := f.UserPath() + "/activation/send?code_type_in_message=code&mode=invitation"
				f.Tenant.Admin.Must(f.T, 204, "POST", path, nil)
			},
			Check: func(f *faulttest.Fixture) { f.CheckNewestCode("You are invited to Partners") },
		},
		{
			Name:  "a notice to the owner of an address",
			Setup: func(f *faulttest.Fixture) { f.CreateActiveUser(); registerOnce(f) },
			Check: func(f *faulttest.Fixture) { f.CheckOwnerNotice(systemtest.Response{}) },
		},
		{
			Name: "a welcome", Setup: activateOneOfTwo,
			Check: func(f *faulttest.Fixture) {
				f.CheckMails("Welcome to Partners")
				for _, it := range f.Stored(f.T, "USER#"+f.Tenant.ID+"#") {
					if isSpent := it["live"] == "[]"; !isSpent && !strings.HasPrefix(it["sk"], "SPARE#") {
						f.T.Errorf("still waits with the user: %v", it)
					}
				}
			},
		},
		{
			Name:  "a message that is too late",
			Setup: func(f *faulttest.Fixture) { registerOnce(f); f.Clock.Advance(25 * time.Hour) },
			Check: (*faulttest.Fixture).CheckNoMails,
		},
	})
}

func registerOnce(f *faulttest.Fixture) { f.Ticket = f.Register(f.Email) }

// activateOneOfTwo activates the user by the code of a registration, while another registration of
// the same address waits.
func activateOneOfTwo(f *faulttest.Fixture) {
	f.RegisterWithoutMail()
	f.RegisterWithCode()
	f.Proved[f.User] = true
	f.Tenant.System.Must(f.T, 201, "POST", f.UserPath()+"/activate",
		fields{"code": f.Code, "password": systemtest.Password})
}
