package system_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/smithy-go/middleware"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// caller sends the sample events of the routes in a tenant of its own, with canaries in their texts.
type caller struct {
	*leakTest
	tenant  string
	samples sample.Set
	values  *sample.Values
	known   map[string]string // the canary of each text of the events
}

// newCaller returns a caller with clients in a new tenant.
func (a *leakTest) newCaller(t *testing.T) *caller {
	t.Helper()
	p := &caller{
		leakTest: a, tenant: "t-" + systemtest.Unique(), samples: samples(t),
		values: sample.NewValues(), known: map[string]string{},
	}
	secret := a.canary(secretText, "the secret of a client")
	p.values.Set("SECRET", secret)
	for _, c := range sample.Clients() {
		c.Tenant = p.tenant
		if err := a.product.EnsureClient(t.Context(), c, secret); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// callRoute calls a route with its event, twice under an idempotency key. Then it calls the route
// with a canary in each field in turn, and at last while calls to AWS fail or panic.
func (a *leakTest) callRoute(t *testing.T, route api.Route) {
	t.Helper()
	p := a.newCaller(t)
	good := p.event(t, route.Name)
	for _, before := range p.samples.Before(route.Name) {
		p.must(t, before, p.event(t, before))
	}
	key := p.canary(keyText, route.Name+" good header idempotency-key")
	good.Headers["idempotency-key"] = key + keySuffix
	p.must(t, route.Name, good)
	p.send(t, t.Context(), route.Name, good)
	p.sendReturnURL(t, route)
	for _, e := range slices.Concat(
		p.bodyVariants(t, route), p.queryVariants(t, route), p.pathVariants(t, route),
		p.headerVariants(t, route),
	) {
		p.send(t, t.Context(), route.Name, e)
	}
	if route.Name == "system.generateCode" {
		p.verifyAddress(t)
	}
	again := p.event(t, route.Name)
	for n := range 3 {
		p.send(t, failingContext(t, n), route.Name, again)
	}
	p.send(t, context.WithValue(t.Context(), panicKey{}, true), route.Name, again)
}

// keySuffix makes a canary long enough for an idempotency key.
const keySuffix = "-of-as-many-characters-as-a-key-must-have"

// must sends an event, which must be answered as its sample says. The link that proves an address has a
// digest of that of the sample, so it does not work for the canary in its place.
func (p *caller) must(t *testing.T, operation string, e events.APIGatewayV2HTTPRequest) {
	t.Helper()
	want := p.samples[operation].Answer.Status
	if operation == "public.verifyByPage" {
		want = http.StatusUnprocessableEntity
	}
	if answer := p.send(t, t.Context(), operation, e); answer.StatusCode != want {
		t.Fatalf("%s answers %d: %s", operation, answer.StatusCode, answer.Body)
	}
}

// send passes an event to a route's function and checks that the answer repeats no secret of the
// request.
func (p *caller) send(
	t *testing.T, ctx context.Context, operation string, e events.APIGatewayV2HTTPRequest,
) events.APIGatewayV2HTTPResponse {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	filled := p.values.Fill(string(text))
	if err := json.Unmarshal([]byte(filled), &e); err != nil {
		t.Fatal(err)
	}
	answer, err := p.product.Functions[p.samples[operation].Route.Function](ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	p.requests++
	for secret, at := range p.secrets {
		if strings.Contains(filled, secret) &&
			strings.Contains(answer.Body+fmt.Sprint(answer.Headers), secret) &&
			!repeatsSecret(operation, at) {
			t.Errorf("%s repeats %s: %d %s", operation, at, answer.StatusCode, answer.Body)
		}
	}
	p.values.SetFromResponse(operation, answer)
	p.addSecrets(operation, answer.Body)
	return answer
}

// event returns a route's event for the caller's tenant, which is valid and has canaries in its
// texts.
func (p *caller) event(t *testing.T, operation string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	e := p.samples[operation].Request()
	e.RawPath = strings.Replace(e.RawPath, "/"+sample.Tenant+"/", "/"+p.tenant+"/", 1)
	e.RequestContext.HTTP.SourceIP = fmt.Sprintf("%s:%x::1", sourcePrefix, p.requests)
	// Codes of 12 digits do not occur in other texts by chance.
	body := strings.Replace(e.Body, `"length":6`, `"length":12`, 1)
	e.Body = rewrite(t, body, func(pointer, text string) string {
		return p.withCanary(operation+" "+pointer, text)
	})
	return e
}

// withCanary returns a text of an event with a canary, if the field can have one. The same text
// always gets the same canary.
func (p *caller) withCanary(at, text string) string {
	c := classOf(at)
	// Other secrets than passwords, such as codes and tickets, are made by the product.
	made := at[strings.LastIndex(at, "/")+1:]
	if !slices.Contains([]class{addressText, personalText, settingText}, c) && !strings.HasSuffix(made, "password") ||
		strings.Contains(at, "/schema/") {
		return text
	}
	if _, ok := p.known[text]; !ok {
		name, host, isMail := strings.Cut(text, "@")
		p.known[text] = name + "-" + p.canary(c, at)
		if isMail {
			p.known[text] += "@" + host
		}
		if c == secretText {
			p.secrets[p.known[text]] = at
		}
	}
	return p.known[text]
}

// classOf returns the class of a field, which is named by a JSON pointer or by a parameter of a
// query.
func classOf(at string) class {
	switch name := at[strings.LastIndexAny(at, "/ ?")+1:]; {
	case slices.Contains([]string{
		"password", "old_password", "new_password", "hashed_password", "code", "extended_code", "ticket", "client_secret",
		"totp_secret", "new_totp_secret",
	}, name):
		return secretText
	case slices.Contains([]string{
		"identifier", "address", "otp_address", "query", "search_phrase",
	}, name):
		return addressText
	case strings.HasPrefix(at, "system.nameWebAuthnKey "): // the name of a passkey
		return personalText
	case strings.Contains(at, " //"): // the name of a form's field is a pointer into the payload
		return personalText
	case strings.Contains(at, "/payload/"), strings.Contains(at, "/metadata/"),
		strings.Contains(at, "/business_metadata/"):
		return personalText
	case slices.Contains([]string{"name", "client_name", "description", "subject", "body"}, name):
		return settingText
	case name == "id", name == "userID", strings.HasSuffix(name, "_id"):
		return idText
	case strings.Contains(at, "/schema/"):
		return settingText
	case isOfWorkspaces(at): // what an administrator chooses, such as the URIs of an application
		return idText
	}
	return strayText
}

// isOfWorkspaces reports whether a field is in the body of a route of the function workspaces.
func isOfWorkspaces(at string) bool {
	operation, pointer, _ := strings.Cut(at, " ")
	route, ok := functions.Route(operation)
	return ok && route.Function == "workspaces" && strings.HasPrefix(pointer, "/") && pointer != "/extra"
}

// sendReturnURL asks for a message whose link has a URL to return to, if the route allows one.
func (p *caller) sendReturnURL(t *testing.T, route api.Route) {
	t.Helper()
	e := p.event(t, route.Name)
	if !strings.Contains(e.RawQueryString, "code_type_in_message") || route.Caller == access.Public {
		return
	}
	e.RawQueryString += "&post_activation_url=https://app.example.com/" +
		p.canary(returnText, route.Name+"?post_activation_url")
	p.send(t, t.Context(), route.Name, e)
}

// verifyAddress asks for a code that verifies an address, because such codes are stored by address.
func (p *caller) verifyAddress(t *testing.T) {
	t.Helper()
	canary := p.canary(addressText, "generateCode /address to verify")
	address := `"address":"` + canary + `@example.com"`
	user, code := p.event(t, "admin.createUser"), p.event(t, "system.generateCode")
	user.Body = `{"id":"vera","status":"new","verifiable_addresses":[{` + address +
		`,"type":"email","verified":false,"status":"active"}]}`
	p.must(t, "admin.createUser", user)
	code.RawPath = strings.Replace(code.RawPath, "/ann/", "/vera/", 1)
	code.Body = `{"type":"verify_address",` + address + `}`
	p.send(t, t.Context(), "system.generateCode", code)
}

// bodyVariants returns events that have a canary in one text of the body, and one that has an
// additional field.
func (p *caller) bodyVariants(t *testing.T, route api.Route) (all []events.APIGatewayV2HTTPRequest) {
	t.Helper()
	e := p.event(t, route.Name)
	var pointers []string
	rewrite(t, e.Body, func(pointer, text string) string {
		pointers = append(pointers, pointer)
		return text
	})
	for _, changed := range pointers {
		other := e
		other.Body = rewrite(t, e.Body, func(pointer, text string) string {
			if pointer != changed {
				return text
			}
			return p.canary(classOf(route.Name+" "+pointer), route.Name+" "+pointer)
		})
		all = append(all, other)
	}
	if strings.HasPrefix(e.Body, "{") {
		other := e
		other.Body = strings.Replace(
			e.Body, "{", `{"extra":"`+p.canary(strayText, route.Name+" /extra")+`",`, 1,
		)
		all = append(all, other)
	}
	return all
}

// queryVariants returns events that have a canary in one parameter of the query, for each parameter
// of the route's event. It also puts canaries into all parameters that any route has: into one at a
// time with LONG, else into all at once.
func (p *caller) queryVariants(t *testing.T, route api.Route) (all []events.APIGatewayV2HTTPRequest) {
	t.Helper()
	e := p.event(t, route.Name)
	query, err := url.ParseQuery(e.RawQueryString)
	if err != nil {
		t.Fatal(err)
	}
	common := []string{
		"after_pool_id", "before_pool_id", "after_user_id", "before_user_id", "code",
		"code_type_in_message", "kind", "lang", "limit", "mode", "order",
		"post_activation_url", "query", "return_to", "search_phrase", "send_activation_message", "sort",
	}
	with := func(names ...string) {
		other, changed := e, maps.Clone(query)
		for _, name := range names {
			at := route.Name + "?" + name
			changed.Set(name, p.canary(classOf(at), at))
		}
		other.RawQueryString = changed.Encode()
		all = append(all, other)
	}
	for name := range query {
		with(name)
	}
	if !long() {
		with(common...)
		return all
	}
	for _, name := range common {
		with(name)
	}
	return all
}

// pathVariants returns events that have a canary instead of one id of the path.
func (p *caller) pathVariants(t *testing.T, route api.Route) (all []events.APIGatewayV2HTTPRequest) {
	t.Helper()
	e := p.event(t, route.Name)
	for i, part := range strings.Split(route.Path, "/") {
		if strings.HasPrefix(part, "{") {
			other, parts := e, strings.Split(e.RawPath, "/")
			parts[i] = p.canary(idText, route.Name+" "+part)
			other.RawPath = strings.Join(parts, "/")
			all = append(all, other)
		}
	}
	return all
}

// headerVariants returns events that have canaries in headers: in the authorization, in the content
// type, in the idempotency key, and in all others at once.
func (p *caller) headerVariants(t *testing.T, route api.Route) []events.APIGatewayV2HTTPRequest {
	t.Helper()
	with := func(c class, format string, names ...string) events.APIGatewayV2HTTPRequest {
		e := p.event(t, route.Name)
		for _, name := range names {
			e.Headers[name] = fmt.Sprintf(format, p.canary(c, route.Name+" header "+name))
		}
		return e
	}
	others := with(strayText, "%s", "accept", "forwarded", "if-match", "if-none-match", "origin",
		"referer", "user-agent", "x-amzn-trace-id", "x-device-id", "x-forwarded-for",
		"x-request-id")
	others.Cookies = []string{"session=" + p.canary(secretText, route.Name+" cookie")}
	return []events.APIGatewayV2HTTPRequest{
		with(secretText, "Bearer %s", "authorization"),
		with(secretText, "Basic %s", "authorization"), with(strayText, "text/%s", "content-type"),
		others,
		with(keyText, "%s", "idempotency-key"), with(keyText, "%s"+keySuffix, "x-idempotency-key"),
	}
}

// rewrite replaces the texts in a body, which is JSON or a form. change gets the JSON pointer of
// each text.
func rewrite(t *testing.T, body string, change func(pointer, text string) string) string {
	t.Helper()
	if body == "" {
		return body
	}
	if !strings.HasPrefix(body, "{") {
		form, err := url.ParseQuery(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(form)) {
			form.Set(name, change("/"+name, form.Get(name)))
		}
		return form.Encode()
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(walkTexts("", value, change))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// walkTexts replaces the texts in a JSON value.
func walkTexts(pointer string, value any, change func(pointer, text string) string) any {
	switch v := value.(type) {
	case string:
		return change(pointer, v)
	case []any:
		for i := range v {
			v[i] = walkTexts(fmt.Sprintf("%s/%d", pointer, i), v[i], change)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = walkTexts(pointer+"/"+name, v[name], change)
		}
	}
	return value
}

// failingContext returns a context in which the n-th call to AWS fails. It fails after the SDK's
// retries, because those take time.
func failingContext(t *testing.T, n int) context.Context {
	kinds := []systemtest.FaultKind{systemtest.Failed, systemtest.Cut, systemtest.TimedOut}
	return (&systemtest.Fault{
		Kind: kinds[n%len(kinds)], Reach: systemtest.OnceAbove, Call: n,
	}).Context(t.Context())
}

type panicKey struct{}

// panicking is a middleware that panics if the context has a panicKey.
func panicking(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("panicking", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if ctx.Value(panicKey{}) != nil {
			panic("injected")
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// refusingSES is a server that refuses mails as SES does, with the recipient in the message of the
// error, or accepts and keeps them.
type refusingSES struct {
	url string

	mu     sync.Mutex
	code   string // of the error; "" if mails are accepted
	status int
	taken  []string
}

// newRefusingSES starts a server that accepts mails.
func newRefusingSES(t *testing.T) *refusingSES {
	t.Helper()
	s := &refusingSES{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var mail struct {
			Destination struct{ ToAddresses []string }
			Content     struct {
				Simple struct {
					Body struct{ Text struct{ Data string } }
				}
			}
		}
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &mail)
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if s.code == "" {
			s.taken = append(s.taken, mail.Content.Simple.Body.Text.Data)
			_, _ = io.WriteString(w, `{"MessageId":"1"}`)
			return
		}
		w.Header().Set("X-Amzn-Errortype", s.code)
		w.WriteHeader(s.status)
		_, _ = fmt.Fprintf(
			w, `{"message":"refused for identity/%s"}`,
			strings.Join(mail.Destination.ToAddresses, ","),
		)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// refuse makes the server refuse mails with an error from now on, or accept them if code is "".
func (s *refusingSES) refuse(code string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.status = code, status
}

// mails returns the texts of the mails that were accepted.
func (s *refusingSES) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}
