package main_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	runs "identitypools/infra/local/running"

	local "identitypools/infra/local/run"
)

// register lets somebody sign up for the pool that each run has.
func register(t *testing.T, run running, address string) {
	t.Helper()
	send(t, http.MethodPost, run.BaseURL+"/api/identity/default/public/pools/demo/register",
		`{"identifier":"`+address+`","password":"plain-sailing-since-1987"}`, http.StatusCreated)
}

// send sends a request with a body of JSON, or none, and checks the status of the answer.
func send(t *testing.T, method, address, body string, status int) {
	t.Helper()
	r := request(t, method, address, nil)
	if body != "" {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/json")
	}
	if got := systemtest.Send(t, r); got.Status != status {
		t.Errorf("%s is answered %d: %s", method, got.Status, got.Body)
	}
}

func isRefusedASecondTime(t *testing.T, run running) {
	err := local.Run(t.Context(), local.Process{Out: io.Discard, Err: io.Discard})
	if !errors.As(err, new(runs.Busy)) || !strings.Contains(err.Error(), run.BaseURL) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a second one gets %v", err)
	}
	if is, err := runs.Read(".local/run.json"); err != nil || is.BaseURL != run.BaseURL {
		t.Errorf("the first one's description is %+v, %v", is, err)
	}
}

// Lines have nothing of a person, not even if a request is wrong.
func showsRequestsAndMails(t *testing.T, run running) {
	api, pages := run.BaseURL+"/api/identity/default", run.BaseURL+"/default/pools/demo"
	back := url.Values{"return_to": {"https://private.example/Ann"}}.Encode()
	register(t, run, "ann@example.com")
	send(t, http.MethodPost, api+"/public/pools/demo/activate", `{"ticket":"private","code":"private"}`, 422)
	send(t, http.MethodGet, api+"/admin/pools/demo/users/private", "", 401)
	send(t, http.MethodGet, api+"/public/pools/private@example.com", "", 404)
	send(t, http.MethodGet, api+"/admin/private/ann@example.com?private=private", "", 404)
	send(t, http.MethodGet, pages+"/register?"+back, "", 200)
	send(t, http.MethodGet, pages+"/register?return_to=https://app.example.com/private", "", 200)
	send(t, http.MethodGet, pages+"/register?return_to=javascript:private", "", 200)
	send(t, http.MethodPost, run.BaseURL+"/default/admin/oauth2/token", `{}`, 400)
	for _, line := range []string{
		"POST /api/identity/default/public/pools/demo/register  201  [0-9]+ ms  public.register",
		"POST /api/identity/default/public/pools/demo/activate  422  [0-9]+ ms  public.activate  invalid_code",
		"GET /api/identity/default/admin/pools/demo/users/{userID}  401  [0-9]+ ms  admin.getUser  unauthorized",
		"GET /api/identity/default/public/pools/{ipID}  404  [0-9]+ ms  public.getPool  not_found",
		"GET /api/identity/…/admin/…/…  404  [0-9]+ ms  \\(no route\\)",
		"GET /default/pools/demo/register  200  [0-9]+ ms  public.registrationPage",
		"  return_to is refused: https://private.example is no allowed origin; RETURN_ORIGINS=https://private.example make run allows it",
		"  return_to is refused: it must be an https URL, or http at localhost",
		"POST /default/admin/oauth2/token  400  [0-9]+ ms  client.adminToken  invalid_request",
		"mail registration_code  " + regexp.QuoteMeta(run.InboxURL) + "/mails/.*",
	} {
		run.said.await(t, line)
	}
	shown := strings.ReplaceAll(run.said.String(), "https://private.example ", "")
	_, lines, _ := strings.Cut(shown, "Requests and mails follow:")
	for _, personal := range []string{"ann", "private", "@", "Ann", "plain-sailing"} {
		if strings.Contains(lines, personal) {
			t.Errorf("there is %q in\n%s", personal, lines)
		}
	}
	if text := shown + run.logs.String(); strings.Contains(text, "_aws") || strings.Contains(text, "\x1b[") {
		t.Errorf("there are metrics or colours:\n%s", text)
	}
	if n := strings.Count(lines, "is refused"); n != 2 {
		t.Errorf("%d URLs are refused:\n%s", n, lines)
	}
}
