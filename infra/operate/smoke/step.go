package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"identitypools/functions"
	"identitypools/infra/deploy/gateway"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// step is one call of a route. In its texts, {name} stands for a value of the visit.
type step struct {
	route string // the name of the route
	// pool, schema and user are those in the path. They are {pool}, {schema} and {user} if they
	// are empty.
	pool, schema, user string
	path               string // of a route for every path, without the slash at its beginning
	query              string
	body               string            // JSON, or "" for none
	form               map[string]string // a form instead of JSON
	cookie             string            // the name of the value that has the cookie
	origin             string            // of the page that calls, which must be able to read the answer; "" for none
	status             int
	has                string            // a part of the body of the answer
	keep               map[string]string // values to set, with the members of the answer that have them
	keepCookie         string            // a value to set to the cookie of the answer
	keepQuery          map[string]string // values to set, with the parameters of the address to which the answer leads
	vital              bool              // whether all other steps need this one
	look               string            // what to look at if the step fails, besides what the answer says
}

// takeAll takes steps in their order. It reports false if a vital one failed, after which it takes no
// more.
func (v *visit) takeAll(ctx context.Context, steps []step) bool {
	for i, s := range steps {
		if ctx.Err() != nil {
			return false
		}
		ok := v.take(ctx, s)
		if ok || !s.vital {
			continue
		}
		if left := len(steps) - i - 1; left > 0 {
			v.report.skip(fmt.Sprintf("%d further routes", left), "they need what "+s.route+" should have made")
		}
		return false
	}
	return true
}

// take takes a step, reports it as a check, and returns whether it succeeded.
func (v *visit) take(ctx context.Context, s step) bool {
	route, ok := functions.Route(s.route)
	if !ok {
		v.report.fail(s.route, "There is no such route in this version.")
		return false
	}
	r, err := v.request(ctx, route, s)
	if err != nil {
		v.report.fail(s.route, "%v.", err)
		return false
	}
	got, err := v.send(r)
	if err != nil {
		v.report.fail(s.route, "%v.", err)
		return false
	}
	if why := v.wrong(route, s, got); why != "" {
		v.report.fail(s.route, "%s", strings.TrimSpace(why+" "+v.fill(s.look)))
		return false
	}
	if err := v.keep(s, got); err != nil {
		v.report.fail(s.route, "%v.", err)
		return false
	}
	v.report.succeed(s.route)
	return true
}

// request returns the request of a step. What changes something has an idempotency key, because
// answers are stored with permissions of their own.
func (v *visit) request(ctx context.Context, route api.Route, s step) (*http.Request, error) {
	or := func(given, usual string) string {
		if given == "" {
			given = usual
		}
		return url.PathEscape(v.fill(given))
	}
	path := strings.NewReplacer(
		"{tid}", v.tenant, "{ipID}", or(s.pool, "{pool}"), "{schID}", or(s.schema, "{schema}"),
		"{userID}", or(s.user, "{user}"), "{kind}", "registration_code", "{lang}", "de",
		"{webAuthnCredentialID}", passkeyID,
		"{proxy+}", v.fill(s.path), "{metadataType}", "admin", "{wid}", v.fill("{workspace}"), "{cid}", v.fill("{application}"), "{iid}", "pool",
	).Replace(route.Path)
	if s.query != "" {
		path += "?" + v.fill(s.query)
	}
	body := v.fill(s.body)
	if s.form != nil {
		form := url.Values{}
		for name, value := range s.form {
			form.Set(name, v.fill(value))
		}
		body = form.Encode()
	}
	r, err := v.newRequest(ctx, route.Method, path, body)
	if err != nil {
		return nil, err
	}
	v.steps++
	v.addHeaders(r, route, s)
	return r, nil
}

// addHeaders adds the headers that the caller of a route sends.
func (v *visit) addHeaders(r *http.Request, route api.Route, s step) {
	switch {
	case s.form != nil:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case s.body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	if token := v.values[string(route.Caller)+"_token"]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if s.cookie != "" {
		r.Header.Set("Cookie", v.values[s.cookie])
	}
	if s.origin != "" {
		r.Header.Set("Origin", s.origin)
	}
	switch {
	case route.Method == http.MethodGet, route.Caller == access.OAuthClient:
	case route.Method == http.MethodOptions:
		r.Header.Set("Access-Control-Request-Method", http.MethodGet)
	case s.form != nil: // a browser
		r.Header.Set("Origin", v.base)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	default:
		r.Header.Set("Idempotency-Key", v.values["key"]+"-"+strconv.Itoa(v.steps))
	}
}

// wrong returns what is wrong with the answer to a step, and where to look, or "".
func (v *visit) wrong(route api.Route, s step, got answer) string {
	id := got.header.Get(gateway.RequestIDHeader)
	allowed := got.header.Get("Access-Control-Allow-Origin")
	switch {
	case got.status == s.status && s.origin != "" && allowed != s.origin:
		return fmt.Sprintf("Pages of %s cannot read the answer, but those of %q.", s.origin, allowed)
	case got.status == s.status && strings.Contains(string(got.body), v.fill(s.has)):
		return ""
	case got.status == s.status:
		return fmt.Sprintf("The answer %.200s lacks %s.", got.body, v.fill(s.has))
	case got.status >= http.StatusInternalServerError:
		return fmt.Sprintf("It answers %d %.200s. Look for the request %s in the log of the function %s. If a call to "+
			"AWS was denied there, compare its role with infra/deploy/plan.", got.status, got.body, id, route.Function)
	case got.status == http.StatusNotFound && string(got.body) == gateway.Message(http.StatusNotFound):
		return fmt.Sprintf("API Gateway has no route %s. Deploy this version again, and check the address.", route.Key())
	case got.status == http.StatusTooManyRequests:
		return fmt.Sprintf("It answers 429 %.200s. Repeat the checks at a time when fewer people sign up.", got.body)
	}
	return fmt.Sprintf("It answers %d %.200s, want %d. The request is %s, of the function %s.",
		got.status, got.body, s.status, id, route.Function)
}

// keep stores the values that later steps need.
func (v *visit) keep(s step, got answer) error {
	if s.keepCookie != "" {
		cookie, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
		if cookie == "" {
			return fmt.Errorf("the answer has no cookie")
		}
		v.values[s.keepCookie] = cookie
	}
	to, err := url.Parse(got.header.Get("Location"))
	for name, parameter := range s.keepQuery {
		if err != nil || to.Query().Get(parameter) == "" {
			return fmt.Errorf("the answer leads to no address with %s", parameter)
		}
		v.values[name] = to.Query().Get(parameter)
	}
	if s.keep == nil {
		return nil
	}
	var members map[string]any
	if err := json.Unmarshal(got.body, &members); err != nil {
		return fmt.Errorf("the answer is no JSON object: %w", err)
	}
	for name, member := range s.keep {
		value, _ := members[member].(string)
		if value == "" {
			return fmt.Errorf("the answer %.200s lacks %s", got.body, member)
		}
		v.values[name] = value
	}
	return nil
}
