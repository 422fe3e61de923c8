package faulttest

import (
	"net/http"
	"strings"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

// CreateUser creates the user as an administrator, in the status new.
func (f *Fixture) CreateUser() {
	f.User = f.Tenant.NewUser(f.T, f.PoolID(), "new", f.Email, nil)
}

// CreateActiveUser creates the user as an administrator, active and with a password.
func (f *Fixture) CreateActiveUser() {
	f.CreateActiveUserWith(fields{"type": "password", "password": systemtest.Password})
}

// CreateActiveUserWith creates the user as an administrator, active and with the credential.
func (f *Fixture) CreateActiveUserWith(credential systemtest.Fields) {
	f.User = f.Tenant.NewUser(f.T, f.PoolID(), "active", f.Email,
		fields{"credentials": []fields{credential}})
	f.Proved[f.User] = true
}

// CreateOwner creates the user as an administrator, active, with a password, with Email as a verified
// address and with Second as one that is not verified.
func (f *Fixture) CreateOwner() {
	f.User = f.Tenant.NewUser(f.T, f.PoolID(), "active", f.Email, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
		"verifiable_addresses": []fields{
			{"address": f.Email, "type": "email", "verified": true, "status": "active"},
			{"address": f.Second, "type": "email", "status": "active"},
		},
	})
	f.Proved[f.User] = true
}

// Registration returns the body of a registration.
func Registration(email string) systemtest.Fields {
	return fields{
		"identifier": email, "password": systemtest.Password, "payload": fields{"name": "Ann"},
	}
}

// RegisterForBackEnd registers the user through a back end that sends no mail.
func (f *Fixture) RegisterForBackEnd() {
	path := f.Pool + "/user/register?send_activation_message=false"
	got := f.Tenant.System.Must(f.T, http.StatusCreated, "POST", path, Registration(f.Email))
	f.User = got.Text(f.T, "id")
}

// Register registers an address in a browser and returns the ticket.
func (f *Fixture) Register(email string) (ticket string) {
	f.T.Helper()
	form := fields{"identifier": email, "password": systemtest.Password}
	path := f.Pool + "/register?code_type_in_message=code"
	got := f.Tenant.Public.Must(f.T, http.StatusCreated, "POST", path, form)
	return got.Text(f.T, "ticket")
}

// RegisterWithoutMail registers the user in a browser. The mail is lost.
func (f *Fixture) RegisterWithoutMail() {
	f.Ticket = f.Register(f.Email)
	f.FindUser()
	f.DropMessages()
}

// FindUser makes the user of Email the user of the case.
func (f *Fixture) FindUser() {
	f.T.Helper()
	got := f.Tenant.System.Must(f.T, http.StatusOK, "POST", f.Pool+"/users/by_key",
		fields{"identifier": f.Email})
	f.User = got.Text(f.T, "id")
}

// DropMessages deletes all messages from the outbox.
func (f *Fixture) DropMessages() {
	for _, it := range f.Stored(f.T, "MESSAGE#") {
		message := strings.TrimPrefix(it["pk"], "MESSAGE#")
		if err := f.Table.Outbox.Delete(f.T.Context(), message); err != nil {
			f.T.Fatal(err)
		}
	}
}

// GenerateCode generates an activation code for the user.
func (f *Fixture) GenerateCode() { f.GenerateCodeFor("activation", "") }

// GenerateCodeFor generates a code of a type for an address of the user, or for the only one that it may
// be for if the address is "".
func (f *Fixture) GenerateCodeFor(kind, address string) {
	got := f.Tenant.System.Must(f.T, http.StatusCreated, "POST", f.UserPath()+"/code/generate",
		fields{"type": kind, "address": address})
	f.Code, f.Link = got.Text(f.T, "code"), got.Text(f.T, "extended_code")
}

// CreateOwnerWithCode returns a setup that creates an owner with a code of a type for their only address
// that it may be for.
func CreateOwnerWithCode(kind string) func(f *Fixture) {
	return func(f *Fixture) { f.CreateOwner(); f.GenerateCodeFor(kind, "") }
}

// CreateUserWithCode creates the user as an administrator, with an activation code.
func (f *Fixture) CreateUserWithCode() {
	f.CreateUser()
	f.GenerateCode()
}

// RegisterWithCode registers the user in a browser, with an activation code instead of the mail.
func (f *Fixture) RegisterWithCode() {
	f.RegisterWithoutMail()
	f.GenerateCode()
}

// CreateSchema creates a schema with the id own.
func (f *Fixture) CreateSchema() {
	got := f.Tenant.Admin.Must(f.T, http.StatusCreated, "POST", "/schemas",
		fields{"id": "own", "name": "Own", "schema": fields{"type": "object"}})
	f.Schema = got.Text(f.T, "id")
}

// ReadVersion reads the version of what an administrator can read at a path.
func (f *Fixture) ReadVersion(path string) {
	got := f.Tenant.Admin.Must(f.T, http.StatusOK, "GET", path, nil)
	f.Version = got.Header.Get("ETag")
}

// MailText returns the pool's own text of the mail with the code of a registration.
func MailText(subject string) systemtest.Fields {
	return fields{"subject": subject, "body": "For {pool}:\n\n{code}"}
}

// SetMailText gives the pool its own text of a mail.
func (f *Fixture) SetMailText() {
	f.Tenant.Admin.Must(f.T, http.StatusOK, "PUT", f.Pool+"/mails/registration_code/en",
		MailText("First"))
}

// Bounce passes to the keeper that a mail to Email has bounced, which may meet a fault.
func (f *Fixture) Bounce(fault *systemtest.Fault) error {
	f.T.Helper()
	ctx := fault.Context(system.As(f.T.Context(), "keeper"))
	_, err := f.Keeper.Handle(ctx, systemtest.BounceEvent(f.T, f.Email))
	return err
}

// SuppressEmail makes Email an address to which nothing is sent, because a mail has bounced.
func (f *Fixture) SuppressEmail() {
	f.T.Helper()
	if err := f.Bounce(NoFault()); err != nil {
		f.T.Fatal(err)
	}
}

// SignIn creates the user, active, who is signed in to an application of a workspace. Code is the code of the
// application.
func (f *Fixture) SignIn() {
	f.T.Helper()
	f.CreateActiveUser()
	f.Workspace = f.NewWorkspace(f.T, f.Tenant.ID, f.PoolID())
	f.App = f.Workspace.NewApplication(f.T, nil)
	f.Code = f.Workspace.Code(f.T, f.Workspace.SignIn(f.T, f.PoolID(), f.User), f.App, nil)
}

// GetTokens creates what SignIn creates, and redeems the code.
func (f *Fixture) GetTokens() {
	f.T.Helper()
	f.SignIn()
	got := systemtest.Send(f.T, f.Workspace.Redeem(f.T, f.App, f.Code))
	f.Access, f.Refresh = got.Text(f.T, "access_token"), got.Text(f.T, "refresh_token")
}

// CheckTokens checks whether an access token leads to its user.
func (f *Fixture) CheckTokens(access string, want bool) {
	f.T.Helper()
	if got := systemtest.Send(f.T, f.Workspace.UserInfo(f.T, access)); (got.Status == http.StatusOK) != want {
		f.T.Errorf("userinfo answers %d %s", got.Status, got.Body)
	}
}
