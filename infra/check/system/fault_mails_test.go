package system_test

import (
	"net/http"

	"identitypools/infra/check/systemtest"
)

// mailUseCases are those of the function pools about what mails say.
func mailUseCases() []useCase {
	const one = "/mails/registration_code/en"
	call := func(method, path string, body any) func(s *scene) *http.Request {
		return func(s *scene) *http.Request { return s.admin(method, s.pool+path, body) }
	}
	says := func(own bool, subject string) func(s *scene, _ systemtest.Response) {
		return func(s *scene, _ systemtest.Response) {
			got := s.tenant.Admin.Must(s.t, 200, "GET", s.pool+one, nil)
			if got.Fields(s.t)["own"] != own || (got.Text(s.t, "subject") == subject) != own {
				s.t.Errorf("the mail says %s", got.Body)
			}
		}
	}
	return []useCase{
		{name: "admin.listMailTexts", given: (*scene).worded, request: call("GET", "/mails", nil), status: 200},
		{name: "admin.getMailText", given: (*scene).worded, request: call("GET", one, nil), status: 200},
		{name: "admin.updateMailText", request: call("PUT", one, wording("First")), status: 200, done: says(true, "First")},
		{name: "admin.updateMailText, once more", given: (*scene).worded, request: call("PUT", one, wording("Second")), status: 200, done: says(true, "Second")},
		{
			name: "admin.updateMailText, of a version", status: 200, again: 412, done: says(true, "Second"),
			given: func(s *scene) { s.tag = s.tenant.Admin.Must(s.t, 200, "GET", s.pool+one, nil).Header.Get("ETag") },
			request: func(s *scene) *http.Request {
				return s.admin("PUT", s.pool+one, wording("Second"), "If-Match", s.tag)
			},
		},
		{name: "admin.deleteMailText", given: (*scene).worded, request: call("DELETE", one, nil), status: 204, done: says(false, "First")},
		{name: "admin.deleteMailText, where there is none", request: call("DELETE", one, nil), status: 204, done: says(false, "First")},
		{name: "admin.previewMail", given: (*scene).worded, request: call("POST", one+"/preview", nil), status: 200},
	}
}

// wording is a text of the mail with the code of a registration.
func wording(subject string) fields {
	return fields{"subject": subject, "body": "For {pool}:\n\n{code}"}
}

// worded has the pool say something of its own.
func (s *scene) worded() {
	s.tenant.Admin.Must(s.t, 200, "PUT", s.pool+"/mails/registration_code/en", wording("First"))
}
