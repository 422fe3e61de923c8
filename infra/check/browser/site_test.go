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

// document is a schema with a field of each kind that a form has.
const document = `{"type":"object","required":["given_name","terms"],"properties":{
	"given_name":{"type":"string","minLength":2,"maxLength":40},
	"age":{"type":"integer","title":"Age","minimum":16},
	"newsletter":{"type":"boolean","title":"Newsletter"},
	"terms":{"type":"string","const":"accepted","title":"Terms"},
	"plan":{"type":"string","title":"Plan","enum":["free","paid"],"description":"It can be changed later."},
	"topics":{"type":"array","title":"Topics","items":{"type":"string","enum":["news","offers"]}},
	"birthdate":{"type":"string","maxLength":10},
	"address":{"type":"object","title":"Address","properties":{"street":{"type":"string","title":"Street"},"city":{"type":"string","title":"City"}}}}}`

// scene is a product with a pool in which people may register.
type scene struct {
	*systemtest.Product
	tenant  *systemtest.Tenant
	pool    string
	payload fields // of users whom an administrator makes
}

// open starts a product and makes the pool, with the settings given over the usual ones.
func open(t *testing.T, settings fields, options ...func(*system.Config)) *scene {
	t.Helper()
	s := &scene{Product: systemtest.New(t, options...)}
	s.tenant = s.NewTenant(t)
	s.pool = s.tenant.NewPool(t, settings)
	return s
}

// openDetailed is open with a schema that asks for more.
func openDetailed(t *testing.T, settings fields) *scene {
	t.Helper()
	s := &scene{Product: systemtest.New(t), payload: fields{"given_name": "Ann", "terms": "accepted"}}
	s.tenant = s.NewTenant(t)
	schema := s.tenant.Admin.Must(t, 201, "POST", "/schemas", `{"name":"people","schema":`+document+`}`).Text(t, "id")
	with := fields{"payload_schema_id": schema}
	maps.Copy(with, settings)
	s.pool = s.tenant.NewPool(t, with)
	return s
}

// page is the address of one of the pool's pages.
func (s *scene) page(name string) string {
	return s.BaseURL + "/" + s.tenant.ID + "/pools/" + s.pool + "/" + name
}

// at says whether a tab shows one of the pool's pages.
func (s *scene) at(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	if at, _, _ := strings.Cut(tab.URL(t), "?"); at != s.page(name) {
		t.Fatalf("the tab shows %s, want %s", at, s.page(name))
	}
}

// goesOn submits the page's main form, which has to be accepted.
func goesOn(t *testing.T, tab *browser.Tab) {
	t.Helper()
	if got := tab.Submit(t, submit); got != 200 {
		t.Fatalf("the form is answered %d: %s", got, tab.Text(t, "main"))
	}
}

// signsUp opens the form, and fills it in and submits it as far as to where the code is asked for.
func (s *scene) signsUp(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	tab.Go(t, s.page("register"))
	s.asksForCode(t, tab, email)
}

// asksForCode fills in the form that a tab shows, and submits it.
func (s *scene) asksForCode(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	tab.Fill(t, "#identifier", email)
	if tab.Has(t, "#password") {
		tab.Fill(t, "#password", systemtest.Password)
	}
	goesOn(t, tab)
	s.at(t, tab, "register/code")
}

// code is the code in the newest of n mails to an address.
func (s *scene) code(t *testing.T, email string, n int) string {
	t.Helper()
	return systemtest.CodeIn(t, s.Inbox.Await(t, email, n)[n-1])
}

// link is the link in the newest of n mails to an address.
func (s *scene) link(t *testing.T, email string, n int) string {
	t.Helper()
	return systemtest.LinkIn(t, s.Inbox.Await(t, email, n)[n-1]).String()
}

// invite makes a user and sends the invitation.
func (s *scene) invite(t *testing.T, email, query string) (user string) {
	t.Helper()
	user = s.tenant.NewUser(t, s.pool, "new", email, fields{"payload": s.payload})
	s.tenant.Admin.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+user+"/activation/send?mode=invitation"+query, nil)
	return user
}

// verified checks what a back end is told of a password.
func (s *scene) verified(t *testing.T, email, password string, want int) {
	t.Helper()
	s.tenant.System.Must(t, want, "POST", "/pools/"+s.pool+"/user/password/verify", fields{"identifier": email, "password": password})
}

// submit is the button of the page's main form.
const submit = "main button.go"

// told is what a page tells, without what differs from one person and one second to the next.
func told(t *testing.T, tab *browser.Tab, email string) string {
	t.Helper()
	return regexp.MustCompile(`\d+`).ReplaceAllString(strings.ReplaceAll(tab.Text(t, "body"), email, "…"), "0")
}
