package browser_test

import (
	"testing"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// members are people of a tenant who can sign in to a workspace, each with the usual password.
type members struct {
	*site
	ann string // has one factor
	bob string // has a second one, in a pool that asks for it
	cid string // must choose another password
}

// openWorkspace starts a product with a workspace, to which a pool for one factor and another for two are
// connected.
func openWorkspace(t *testing.T) *members {
	t.Helper()
	s := open(t, fields{"name": "Acme Customers", "authentication_mechanisms": []string{"password", "otp"}})
	two := s.tenant.NewPool(t, fields{
		"name": "Acme Staff", "second_factor_authentication_mechanisms": []string{"totp", "email_otp"},
		"public_registration_allowed": false,
	})
	s.tenant.Workspaces.Must(t, 201, "POST", "/servers", fields{"id": "acme", "name": "Acme"})
	for _, pool := range []string{s.pool, two} {
		s.tenant.Workspaces.Must(t, 201, "POST", "/servers/acme/idps/identity_pool", fields{
			"identity_pool_id": pool, "name": pool,
		})
	}
	m := &members{s, systemtest.Address("ann"), systemtest.Address("bob"), systemtest.Address("cid")}
	password := fields{"type": "password", "password": systemtest.Password}
	app := fields{"type": "totp", "totp_secret": "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"}
	s.tenant.NewUser(t, s.pool, "active", m.ann, fields{"credentials": []fields{password}})
	s.tenant.NewUser(t, two, "active", m.bob, fields{"credentials": []fields{password, app}})
	user := s.tenant.NewUser(t, s.pool, "active", m.cid, fields{"credentials": []fields{password}})
	s.tenant.Admin.Must(t, 204, "PUT", "/pools/"+s.pool+"/users/"+user+"/password/state", fields{
		"state": "must_be_changed",
	})
	return m
}

// at returns the address of a page of the workspace.
func (m *members) at(path string) string { return m.BaseURL + "/" + m.tenant.ID + "/acme" + path }

// signIn submits the form for signing in, and asks to stay signed in.
func (m *members) signIn(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	tab.Go(t, m.at("/signin"))
	tab.Fill(t, "#identifier", name)
	tab.Fill(t, "#password", systemtest.Password)
	tab.Click(t, "[name=remember]")
	submitForm(t, tab)
}

// signInState is a state of a page for signing in and out, which has an element that no other page has.
type signInState struct {
	state
	has string
}

// signInStates returns the states of the pages for signing in and out.
func signInStates(m *members) []signInState {
	open := func(path string) func(*testing.T, *site, *browser.Tab) {
		return func(t *testing.T, _ *site, tab *browser.Tab) { tab.Go(t, m.at(path)) }
	}
	as := func(name string) func(*testing.T, *site, *browser.Tab) {
		return func(t *testing.T, _ *site, tab *browser.Tab) { m.signIn(t, tab, name) }
	}
	wrongCode := func(t *testing.T, tab *browser.Tab) {
		tab.Fill(t, "#code", "000000")
		tab.Submit(t, submit)
	}
	mailed := func(t *testing.T, _ *site, tab *browser.Tab) {
		tab.Go(t, m.at("/signin"))
		tab.Fill(t, "#identifier", "somebody@example.com")
		tab.Submit(t, "button[value=code]")
	}
	return []signInState{
		{state{"the form", open("/signin"), nil}, "#password"},
		{state{"the form with errors", open("/signin"), func(t *testing.T, tab *browser.Tab) {
			disableValidation(t, tab)
			tab.Submit(t, submit)
		}}, "[aria-invalid=true]"},
		{state{"a wrong password", open("/signin"), func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#identifier", "somebody@example.com")
			tab.Fill(t, "#password", "a wrong password")
			tab.Submit(t, submit)
		}}, "[role=alert]"},
		{state{"a mailed code", mailed, nil}, "#code"},
		{state{"a wrong mailed code", mailed, wrongCode}, "#code[aria-invalid=true]"},
		{state{"a forgotten password", open("/signin/forgot"), nil}, "#address"},
		{state{"a forgotten password, asked for", open("/signin/forgot"), func(t *testing.T, tab *browser.Tab) {
			if tab.Has(t, "#address") {
				tab.Fill(t, "#address", "somebody@example.com")
				tab.Submit(t, submit)
			}
		}}, "[role=status]"},
		{state{"a second factor", as(m.bob), nil}, "#code"},
		{state{"a wrong second factor", as(m.bob), wrongCode}, "#code[aria-invalid=true]"},
		{state{"a mailed second factor", func(t *testing.T, _ *site, tab *browser.Tab) {
			m.signIn(t, tab, m.bob)
			tab.Submit(t, "#again")
		}, nil}, "#again"},
		{state{"another password", as(m.cid), nil}, "input[autocomplete=new-password]"},
		{state{"another password, refused", as(m.cid), func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#password", "password123")
			tab.Submit(t, submit)
		}}, "#password[aria-invalid=true]"},
		{state{"signed in", as(m.ann), nil}, "button[value=signout]"},
		{state{"a chooser of names", func(t *testing.T, _ *site, tab *browser.Tab) {
			m.signIn(t, tab, m.ann)
			tab.Go(t, m.at("/oidc/logout"))
			tab.Submit(t, submit)
			tab.Go(t, m.at("/signin"))
		}, nil}, ".names"},
		{state{"signing out", func(t *testing.T, _ *site, tab *browser.Tab) {
			m.signIn(t, tab, m.ann)
			tab.Go(t, m.at("/oidc/logout"))
		}, nil}, "button.go[value=signout]"},
		{state{"signed out", func(t *testing.T, _ *site, tab *browser.Tab) {
			m.signIn(t, tab, m.ann)
			tab.Go(t, m.at("/oidc/logout"))
			tab.Submit(t, submit)
		}, nil}, "[role=status]"},
		{state{"a step that is lost", open("/signin/factor?step=x"), nil}, "a.go"},
		{state{"a request that is refused", open("/oauth2/authorize?client_id=nobody"), nil}, "main code"},
	}
}

// Every page for signing in and out can be read and used by everybody, on the smallest phone and on a
// desktop, with light and dark colours, and its text fits a phone in every language.
func TestTheSignInPagesAreForEverybody(t *testing.T) {
	t.Parallel()
	m := openWorkspace(t)
	for _, st := range signInStates(m) {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			tab := browser.NewTab(t, browser.View{})
			st.reach(t, m.site, tab)
			spoil := func() {
				if st.spoil != nil {
					st.spoil(t, tab)
				}
			}
			spoil()
			if !tab.Has(t, st.has) {
				t.Fatalf("the page has no %s: %s", st.has, tab.Text(t, "main"))
			}
			checkLooks(t, tab)
			narrow := browser.View{Width: 320}
			tab.SetView(t, narrow)
			for _, language := range identity.Languages() {
				tab.Go(t, in(t, tab.URL(t), language))
				spoil()
				checkLanguage(t, tab, language, narrow)
				// What is wrong with a request is told to its developer, in English.
				browser.Eval[any](t, tab, "document.querySelector('main code')?.remove()")
				if got := untranslated.FindString(address.ReplaceAllString(tab.Text(t, "body"), "")); got != "" {
					t.Errorf("in %s the page shows %s", language, got)
				}
			}
		})
	}
}
