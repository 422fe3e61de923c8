package browser_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
)

// state is what pages can be in: how a tab comes there, and what is then done on the page, if anything, that it is shown again with.
type state struct {
	name  string
	reach func(t *testing.T, s *scene, tab *browser.Tab)
	spoil func(t *testing.T, tab *browser.Tab)
}

// states are all that the pages can be in, of a pool that asks for much.
func states() []state {
	return []state{
		{"the form", opensForm, nil},
		{"the form with errors", opensForm, func(t *testing.T, tab *browser.Tab) {
			asText(t, tab)
			tab.Fill(t, "#identifier", "ann@")
			tab.Fill(t, "#payload-age", "1")
			tab.Submit(t, submit)
		}},
		{"the code", waitsForCode, nil},
		{"a wrong code", waitsForCode, func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#code", "123456")
			tab.Submit(t, submit)
		}},
		{"a new code", asksAgain, nil},
		{"no registration", func(t *testing.T, s *scene, tab *browser.Tab) { tab.Go(t, s.page("register/code")) }, nil},
		{"done", func(t *testing.T, s *scene, tab *browser.Tab) {
			tab.Go(t, s.page("register?return_to="+url.QueryEscape("https://app.example.com/start")))
			fillPayload(t, tab)
			email := systemtest.Address("ann")
			s.asksForCode(t, tab, email)
			tab.Fill(t, "#code", s.code(t, email, 1))
			tab.Submit(t, submit)
		}, nil},
		{"invited", opensInvitation, nil},
		{"invited, with errors", opensInvitation, func(t *testing.T, tab *browser.Tab) {
			tab.Fill(t, "#password", "password123")
			tab.Submit(t, submit)
		}},
		{"a dead link", func(t *testing.T, s *scene, tab *browser.Tab) { tab.Go(t, s.page("activate?code=x")) }, nil},
		{"no pool", func(t *testing.T, s *scene, tab *browser.Tab) {
			tab.Go(t, strings.Replace(s.page("register"), s.pool, "none", 1))
		}, nil},
	}
}

func opensForm(t *testing.T, s *scene, tab *browser.Tab) {
	t.Helper()
	tab.Go(t, s.page("register"))
}

func waitsForCode(t *testing.T, s *scene, tab *browser.Tab) {
	t.Helper()
	opensForm(t, s, tab)
	fillPayload(t, tab)
	s.asksForCode(t, tab, systemtest.Address("ann"))
}

func asksAgain(t *testing.T, s *scene, tab *browser.Tab) {
	t.Helper()
	waitsForCode(t, s, tab)
	s.Clock.Advance(61 * time.Second)
	tab.Reload(t)
	tab.Submit(t, resend)
}

func opensInvitation(t *testing.T, s *scene, tab *browser.Tab) {
	t.Helper()
	email := systemtest.Address("ann")
	s.invite(t, email, "")
	tab.Go(t, s.link(t, email, 1))
}
