package sample

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/access"
	"identitypools/shared/api"
)

// The tenant of the events, and the secret of its clients in tests.
const (
	Tenant = "default"
	Secret = "between-us"
)

// Clients returns the API clients that the events use, without their secret.
func Clients() []access.Client {
	return []access.Client{
		{Tenant: Tenant, ID: "local-admin", Caller: access.Admin, Scopes: []string{api.ScopeAdmin}},
		{
			Tenant: Tenant, ID: "local-system", Caller: access.System,
			Scopes: []string{api.ScopeSystem, api.ScopeRegistration},
		},
	}
}

// Values are the values of the placeholders in events.
type Values struct{ known map[string]string }

// NewValues returns the values that are known before any event is sent: the secret of the clients.
func NewValues() *Values { return &Values{map[string]string{"SECRET": Secret}} }

// Set gives a placeholder its value from now on.
func (v *Values) Set(placeholder, value string) { v.known[placeholder] = value }

// SetFromResponse is like SetFromAnswer. It also sets the placeholder for the cookies of the answer, and
// those for what is sealed in the address to which the answer leads: the request of an application, and the
// step of a sign-in.
func (v *Values) SetFromResponse(route string, answer events.APIGatewayV2HTTPResponse) {
	v.SetFromAnswer(route, answer.Body)
	var pairs []string
	for _, cookie := range answer.Cookies {
		pair, _, _ := strings.Cut(cookie, ";")
		pairs = append(pairs, pair)
	}
	if len(pairs) > 0 {
		v.Set("COOKIE", strings.Join(pairs, "; "))
	}
	to, err := url.Parse(answer.Headers["Location"])
	if err != nil {
		return
	}
	for name, placeholder := range map[string]string{"request": "REQUEST", "step": "STEP"} {
		if value := to.Query().Get(name); value != "" {
			v.Set(placeholder, value)
		}
	}
}

// SetFromAnswer sets the placeholders for tokens, codes, tickets and secrets that the body of the answer to
// the event of a route contains. It ignores a body that is no JSON object.
func (v *Values) SetFromAnswer(route, body string) {
	var fields map[string]any
	if json.Unmarshal([]byte(body), &fields) != nil {
		return
	}
	token := map[string]string{
		tokenRoute(access.Admin):  "TOKEN_ADMIN",
		tokenRoute(access.System): "TOKEN_SYSTEM",
	}[route]
	for field, placeholder := range map[string]string{
		"access_token": token, "code": "CODE", "extended_code": "EXTENDED_CODE", "ticket": "TICKET",
		"client_secret": "CLIENT_SECRET",
	} {
		if value, ok := fields[field].(string); ok {
			v.Set(placeholder, value)
		}
	}
}

// Fill returns the text of an event with the known values instead of their placeholders.
func (v *Values) Fill(event string) string {
	var pairs []string
	for _, name := range []string{
		"TOKEN_ADMIN", "TOKEN_SYSTEM", "EXTENDED_CODE", "CODE", "TICKET", "COOKIE", "CLIENT_SECRET", "SECRET",
		"REQUEST", "STEP",
	} {
		if value, ok := v.known[name]; ok {
			pairs = append(pairs, name, value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(event)
}
