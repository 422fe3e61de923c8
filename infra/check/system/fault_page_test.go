package system_test

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"identitypools/infra/check/systemtest"
)

// pageUseCases are those of the pages.
func pageUseCases() []useCase {
	signUp := func(s *scene) *http.Request {
		return s.page("POST", "register", url.Values{"identifier": {s.email}, "password": {systemtest.Password}, "/given_name": {"Ann"}})
	}
	proves := func(s *scene) {
		s.registeredWithCode()
		s.proved[s.user] = true
	}
	return []useCase{
		{
			name: "public.registrationPage", status: 200,
			request: func(s *scene) *http.Request { return s.page("GET", "register", nil) },
		},
		{name: "public.registerByPage", request: signUp, status: 303, done: (*scene).cookieWorks},
		{name: "public.registerByPage, a taken address", given: (*scene).activeUser, request: signUp, status: 303, done: (*scene).ownerHears},
		{
			name: "public.codePage", given: (*scene).onCodePage, status: 200, done: (*scene).isNew,
			request: func(s *scene) *http.Request { return s.page("GET", "register/code", nil) },
		},
		{
			name: "public.activateByCode", given: (*scene).onCodePage, status: 303, again: 422, done: (*scene).isActive,
			request: func(s *scene) *http.Request {
				s.proved[s.user] = true
				return s.page("POST", "register/code", url.Values{"code": {s.code}})
			},
		},
		{
			name: "public.activateByCode, a new code", given: (*scene).onCodePage, status: 303, done: (*scene).isNew,
			request: func(s *scene) *http.Request { return s.page("POST", "register/code", url.Values{"do": {"resend"}}) },
		},
		{
			name: "public.activationPage", given: (*scene).registeredWithCode, status: 200, done: (*scene).isNew,
			request: func(s *scene) *http.Request { return s.page("GET", "activate?code="+s.link, nil) },
		},
		{
			name: "public.activateByPage", given: proves, status: 303, again: 422, done: (*scene).isActive,
			request: func(s *scene) *http.Request {
				return s.page("POST", "activate", url.Values{"code": {s.link}, "password": {systemtest.Password}})
			},
		},
	}
}

// page is a request of a page, with the scene's cookie.
func (s *scene) page(method, page string, form url.Values) *http.Request {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.BaseURL+"/"+s.tenant.ID+s.pool+"/"+page, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", s.cookie)
	return r
}

// onCodePage is somebody who has signed up on the page, more than a minute ago, and has a code.
func (s *scene) onCodePage() {
	answer := s.InvokeFunction(s.t.Context(), s.t, "registration", s.page("POST", "register", url.Values{"identifier": {s.email}, "password": {systemtest.Password}}))
	s.cookie, _, _ = strings.Cut(answer.Header.Get("Set-Cookie"), ";")
	s.user = s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email}).Text(s.t, "id")
	s.empty()
	s.coded()
	s.Clock.Advance(time.Minute + time.Second)
}

// cookieWorks checks that a mail has come, and that whoever has the cookie gets in with its code.
func (s *scene) cookieWorks(answer systemtest.Response) {
	s.cookie, _, _ = strings.Cut(answer.Header.Get("Set-Cookie"), ";")
	s.user = s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email}).Text(s.t, "id")
	s.post()
	s.arrived("Confirm your address for Partners")
	s.Clock.Advance(time.Minute + time.Second)
	s.tenant.RenewTokens(s.t)
	for _, form := range []url.Values{{"do": {"resend"}}, {"code": {""}}} {
		if form.Has("code") {
			s.post()
			mails := s.Inbox.Mails(s.t, s.email)
			form.Set("code", systemtest.CodeIn(s.t, mails[len(mails)-1]))
			s.proved[s.user] = true
		}
		if got := s.InvokeFunction(s.t.Context(), s.t, "registration", s.page("POST", "register/code", form)); got.Status != http.StatusSeeOther {
			s.t.Errorf("%v: %d %s", form, got.Status, got.Body)
		}
	}
	s.mustBe("active")
}
