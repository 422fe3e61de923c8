package faulttest

import (
	"net/http"
	"slices"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

// CheckInvariants checks the invariants of the table.
func (f *Fixture) CheckInvariants(when string) {
	f.T.Helper()
	for _, broken := range f.BrokenInvariants(f.T, f.Tenant.ID, f.Proved) {
		f.T.Errorf("%s: %s", when, broken)
	}
}

// DeliverMessages passes the messages of the outbox to the courier, without faults. The outbox must
// be empty afterwards.
func (f *Fixture) DeliverMessages() {
	f.T.Helper()
	f.Deliver(NoFault(), f.OutboxEvent(f.T))
	f.CheckEmptyOutbox()
}

// CheckEmptyOutbox checks that no message is in the outbox.
func (f *Fixture) CheckEmptyOutbox() {
	f.T.Helper()
	if left := f.Stored(f.T, "MESSAGE#"); len(left) > 0 {
		f.T.Errorf("still in the outbox: %v", left)
	}
}

// Deliver passes an event of the stream to the courier and the keeper until all of its records succeed, and
// returns the number of attempts. Only the first attempt meets the fault.
func (f *Fixture) Deliver(fault *systemtest.Fault, event events.DynamoDBEvent) (attempts int) {
	f.T.Helper()
	ctx := fault.Context(f.T.Context())
	for attempts = 1; attempts <= 3; attempts++ {
		failed := f.Stream(ctx, event)
		f.CheckInvariants("after the courier")
		if len(failed) == 0 {
			return attempts
		}
		ctx = f.T.Context()
	}
	f.T.Errorf("the event fails again and again")
	return attempts
}

// CheckMails returns the mails to Email. There must be one, and all must have one of the subjects.
func (f *Fixture) CheckMails(subjects ...string) []parttest.Mail {
	f.T.Helper()
	mails := f.Inbox.Mails(f.T, f.Email)
	for _, m := range mails {
		if !slices.Contains(subjects, m.Subject) {
			f.T.Errorf("a mail has the subject %q, want %q", m.Subject, subjects)
		}
	}
	if len(mails) == 0 {
		f.T.Fatalf("no mail has arrived: %q", subjects)
	}
	return mails
}

// CheckNoMails checks that there is no mail to Email.
func (f *Fixture) CheckNoMails() {
	f.T.Helper()
	if mails := f.Inbox.Mails(f.T, f.Email); len(mails) > 0 {
		f.T.Errorf("%d mails are sent to %s", len(mails), f.Email)
	}
}

// CheckStatus checks the status of the user, which is "" for a user who does not exist.
func (f *Fixture) CheckStatus(want string) {
	f.T.Helper()
	got, status := f.Tenant.Admin.Call(f.T, "GET", f.UserPath(), nil), ""
	if got.Status != http.StatusNotFound {
		status = got.Text(f.T, "status")
	}
	if status != want {
		f.T.Errorf("the user is %q, want %q", status, want)
	}
}

// Activate presents a code as a back end does, without a password, and reports whether the code was
// accepted.
func (f *Fixture) Activate(code string) bool {
	f.T.Helper()
	f.Proved[f.User] = true
	got := f.Tenant.System.Call(f.T, "POST", f.UserPath()+"/activate", fields{"code": code})
	return got.Status == http.StatusCreated
}

// CheckSpent checks that the user is active and that none of the codes works any more, whatever an
// administrator does then.
func (f *Fixture) CheckSpent(codes ...string) {
	f.T.Helper()
	f.CheckStatus("active")
	for _, it := range f.Stored(f.T, "USER#"+f.Tenant.ID+"#") {
		if it["sk"] == "CODE#activation" && it["live"] != "[]" {
			f.T.Errorf("the active user has codes: %v", it)
		}
	}
	for _, status := range []string{"active", "new"} {
		f.Tenant.Admin.Must(f.T, http.StatusOK, "PUT", f.UserPath(), fields{"status": status})
		for _, code := range codes {
			if f.Activate(code) {
				f.T.Errorf("a code works twice, and the user is %s", status)
			}
		}
	}
}

// CheckPassword checks that the user has the usual password.
func (f *Fixture) CheckPassword() {
	f.T.Helper()
	f.Tenant.System.Must(f.T, http.StatusOK, "POST", f.Pool+"/user/password/verify",
		fields{"identifier": f.Email, "password": systemtest.Password})
}

// CheckNewestCode checks that only the code of the newest mail works, and that it works once. All
// mails must have the subject. SES may have sent a mail twice.
func (f *Fixture) CheckNewestCode(subject string) {
	f.T.Helper()
	var codes []string
	for _, m := range f.CheckMails(subject) {
		codes = append(codes, systemtest.CodeIn(f.T, m))
	}
	codes = slices.Compact(codes)
	for i, code := range codes {
		if works := f.Activate(code); works != (i == len(codes)-1) {
			f.T.Errorf("code %d of %d works: %t, want the opposite", i+1, len(codes), works)
		}
	}
	f.CheckSpent(codes...)
}

// CheckActivated checks that the user is active and has the usual password, that a mail says so, and
// that neither Code nor Link works any more.
func (f *Fixture) CheckActivated(systemtest.Response) {
	f.T.Helper()
	f.CheckStatus("active")
	f.CheckPassword()
	f.DeliverMessages()
	f.CheckMails("Welcome to Partners")
	f.CheckSpent(f.Code, f.Link)
}

// CheckNotActivated checks that the user is new and that Code still works.
func (f *Fixture) CheckNotActivated(systemtest.Response) {
	f.T.Helper()
	f.CheckStatus("new")
	if !f.Activate(f.Code) {
		f.T.Error("the code does not work any more")
	}
}

// CheckOwnerNotice checks that a mail tells the owner of Email that there is an account, which is
// active.
func (f *Fixture) CheckOwnerNotice(systemtest.Response) {
	f.T.Helper()
	f.DeliverMessages()
	f.CheckMails("You already have an account with Partners")
	f.CheckStatus("active")
}

// CheckPoolIsGone checks that nothing is left of the pool after the courier has handled its deletion.
func (f *Fixture) CheckPoolIsGone(systemtest.Response) {
	f.T.Helper()
	f.Tenant.Admin.Must(f.T, http.StatusNotFound, "GET", f.Pool, nil)
	if deleted := f.Stored(f.T, "POOL#"+f.Tenant.ID+"#"); len(deleted) > 0 {
		f.Deliver(NoFault(),
			systemtest.StreamEvent(events.DynamoDBOperationTypeModify, deleted...))
	}
	for _, kind := range []string{"USERS", "USER", "CLAIM", "POOL"} {
		for _, it := range f.Stored(f.T, kind+"#"+f.Tenant.ID+"#") {
			if it["sk"] != "NAME" { // lists need it for a day
				f.T.Errorf("an item of the deleted pool is left: %v", it)
			}
		}
	}
}
