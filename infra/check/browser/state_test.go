package browser_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
)

// state is a state of a page: how a tab reaches the page, and what a person then does that makes
// the page appear again, if anything.
type state struct {
	name  string
	reach func(t *testing.T, s *site, tab *browser.Tab)
	spoil func(t *testing.T, tab *browser.Tab)
}

// states returns all states of the pages of a pool that requires much input.
func states() []state {
	return []state{
		{"the form", openForm, nil},
		{"the form with errors", openForm, func(t *testing.T, tab *browser.Tab) {
			disableValidation(t, tab)
			tab.Fill(t, "#identifier", "ann@")
			tab.Fill(t, "#payload-age", "1")
			tab.Submit(t, submit)
		}},
		{"the code", openCodePage, nil},
		{"a wrong code", openCodePage, func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#code", "123456")
			tab.Submit(t, submit)
		}},
		{"a new code", requestNewCode, nil},
		{"no registration", func(t *testing.T, s *site, tab *browser.Tab) {
			tab.Go(t, s.page("register/code"))
		}, nil},
		{"done", func(t *testing.T, s *site, tab *browser.Tab) {
			tab.Go(t, s.page("register?return_to="+url.QueryEscape("https://app.example.com/start")))
			fillPayload(t, tab)
			email := systemtest.Address("ann")
			s.submitRegistration(t, tab, email)
			tab.Fill(t, "#code", s.code(t, email, 1))
			tab.Submit(t, submit)
		}, nil},
		{"invited", openInvitation, nil},
		{"invited, with errors", openInvitation, func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#password", "password123")
			tab.Submit(t, submit)
		}},
		{"a dead link", func(t *testing.T, s *site, tab *browser.Tab) {
			tab.Go(t, s.page("activate?code=x"))
		}, nil},
		{"an invitation's code", func(t *testing.T, s *site, tab *browser.Tab) {
			tab.Go(t, s.page("activate/code"))
		}, nil},
		{"an invitation's code that is wrong", func(t *testing.T, s *site, tab *browser.Tab) {
			tab.Go(t, s.page("activate/code"))
		}, func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#identifier", "ann@example.com")
			tab.Fill(t, "#code", "123456")
			tab.Submit(t, submit)
		}},
		{"no pool", func(t *testing.T, s *site, tab *browser.Tab) {
			tab.Go(t, strings.Replace(s.page("register"), s.pool, "none", 1))
		}, nil},
	}
}

func openForm(t *testing.T, s *site, tab *browser.Tab) {
	t.Helper()
	tab.Go(t, s.page("register"))
}

func openCodePage(t *testing.T, s *site, tab *browser.Tab) {
	t.Helper()
	openForm(t, s, tab)
	fillPayload(t, tab)
	s.submitRegistration(t, tab, systemtest.Address("ann"))
}

func requestNewCode(t *testing.T, s *site, tab *browser.Tab) {
	t.Helper()
	openCodePage(t, s, tab)
	s.Clock.Advance(61 * time.Second)
	tab.Reload(t)
	tab.Submit(t, resend)
}

func openInvitation(t *testing.T, s *site, tab *browser.Tab) {
	t.Helper()
	email := systemtest.Address("ann")
	s.invite(t, email, "")
	tab.Go(t, s.link(t, email, 1))
}
