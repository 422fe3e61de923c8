package browser_test

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

// document is a schema with a field of each kind that a form supports.
const document = `{"type":"object","required":["given_name","terms"],"properties":{
	"given_name":{"type":"string","minLength":2,"maxLength":40},
	"age":{"type":"integer","title":"Age","minimum":16},
	"newsletter":{"type":"boolean","title":"Newsletter"},
	"terms":{"type":"string","const":"accepted","title":"Terms"},
	"plan":{"type":"string","title":"Plan","enum":["free","paid"],"description":"It can be changed later."},
	"topics":{"type":"array","title":"Topics","items":{"type":"string","enum":["news","offers"]}},
	"birthdate":{"type":"string","maxLength":10},
	"address":{"type":"object","title":"Address","properties":{"street":{"type":"string","title":"Street"},"city":{"type":"string","title":"City"}}}}}`

// site is a product with a pool that allows registration, and with its pages.
type site struct {
	*systemtest.Product
	tenant  *systemtest.Tenant
	pool    string
	payload fields // payload of users that an administrator creates
}

// open starts a product and creates the pool. The given settings replace the usual ones.
func open(t *testing.T, settings fields, options ...func(*system.Config)) *site {
	t.Helper()
	s := &site{Product: systemtest.New(t, options...)}
	s.tenant = s.NewTenant(t)
	s.pool = s.tenant.NewPool(t, settings)
	return s
}

// openDetailed is like open, with a schema that requires more input.
func openDetailed(t *testing.T, settings fields) *site {
	t.Helper()
	s := openWithSchema(t, document, settings)
	s.payload = fields{"given_name": "Ann", "terms": "accepted"}
	return s
}

// openWithSchema is like open, with a schema for payloads.
func openWithSchema(t *testing.T, document string, settings fields) *site {
	t.Helper()
	s := &site{Product: systemtest.New(t)}
	s.tenant = s.NewTenant(t)
	schema := s.tenant.Admin.Must(t, 201, "POST", "/schemas",
		`{"name":"people","schema":`+document+`}`).Text(t, "id")
	with := fields{"payload_schema_id": schema}
	maps.Copy(with, settings)
	s.pool = s.tenant.NewPool(t, with)
	return s
}

// page returns the address of one of the pool's pages.
func (s *site) page(name string) string {
	return s.BaseURL + "/" + s.tenant.ID + "/pools/" + s.pool + "/" + name
}

// mustShow fails the test unless the tab shows one of the pool's pages.
func (s *site) mustShow(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	if at, _, _ := strings.Cut(tab.URL(t), "?"); at != s.page(name) {
		t.Fatalf("the tab shows %s, want %s", at, s.page(name))
	}
}

// submitForm submits the page's main form, which must be accepted.
func submitForm(t *testing.T, tab *browser.Tab) {
	t.Helper()
	if got := tab.Submit(t, submit); got != 200 {
		t.Fatalf("the form is answered %d: %s", got, tab.Text(t, "main"))
	}
}

// startRegistration opens the form, fills it in and submits it. After that the tab shows the page
// that asks for the code.
func (s *site) startRegistration(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	tab.Go(t, s.page("register"))
	s.submitRegistration(t, tab, email)
}

// submitRegistration fills in the form that a tab shows, and submits it.
func (s *site) submitRegistration(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	tab.Fill(t, "#identifier", email)
	if tab.Has(t, "#password") {
		tab.Fill(t, "#password", systemtest.Password)
	}
	submitForm(t, tab)
	s.mustShow(t, tab, "register/code")
}

// code returns the code in the newest of n mails to an address.
func (s *site) code(t *testing.T, email string, n int) string {
	t.Helper()
	return systemtest.CodeIn(t, s.Inbox.Await(t, email, n)[n-1])
}

// link returns the link in the newest of n mails to an address.
func (s *site) link(t *testing.T, email string, n int) string {
	t.Helper()
	return systemtest.LinkIn(t, s.Inbox.Await(t, email, n)[n-1]).String()
}

// invite creates a user and sends the invitation.
func (s *site) invite(t *testing.T, email, query string) (user string) {
	t.Helper()
	user = s.tenant.NewUser(t, s.pool, "new", email, fields{"payload": s.payload})
	s.tenant.Admin.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+user+"/activation/send?mode=invitation"+query, nil)
	return user
}

// checkPassword checks the status of the answer when a back end verifies a password.
func (s *site) checkPassword(t *testing.T, email, password string, want int) {
	t.Helper()
	s.tenant.System.Must(t, want, "POST", "/pools/"+s.pool+"/user/password/verify",
		fields{"identifier": email, "password": password})
}

// submit selects the button of the page's main form.
const submit = "main button.go"

// pageText returns the text of a page without what differs between people and times.
func pageText(t *testing.T, tab *browser.Tab, email string) string {
	t.Helper()
	return regexp.MustCompile(`\d+`).ReplaceAllString(strings.ReplaceAll(tab.Text(t, "body"),
		email, "…"), "0")
}
