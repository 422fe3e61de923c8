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
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// actor plays the story of events/ in a tenant of its own, with canaries in its texts.
type actor struct {
	*aviary
	tenant string
	values *story.Values
	known  map[string]string // texts of the story, with the canary of each
}

func (a *aviary) newActor(t *testing.T) *actor {
	t.Helper()
	p := &actor{aviary: a, tenant: "t-" + systemtest.Unique(), values: story.NewValues(), known: map[string]string{}}
	secret := a.canary(secretText, "the secret of a client")
	p.values.Learn("SECRET", secret)
	for _, c := range story.Clients() {
		c.Tenant = p.tenant
		if err := a.product.EnsureClient(t.Context(), c, secret); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// tell calls a route as the story does, twice under a key; then with a canary in each of its fields in turn, then while the table has faults.
func (a *aviary) tell(t *testing.T, route api.Route) {
	t.Helper()
	p := a.newActor(t)
	good := p.event(t, route.Name)
	for _, before := range story.Given(route.Name) {
		p.must(t, before, p.event(t, before))
	}
	good.Headers["idempotency-key"] = p.canary(keyText, route.Name+" good header idempotency-key") + longKey
	p.must(t, route.Name, good)
	p.send(t, t.Context(), route.Name, good)
	p.leads(t, route)
	for _, e := range slices.Concat(p.inBody(t, route), p.inQuery(t, route), p.inPath(t, route), p.inHeaders(t, route)) {
		p.send(t, t.Context(), route.Name, e)
	}
	if route.Name == "system.generateCode" {
		p.verifies(t)
	}
	again := p.event(t, route.Name)
	for n := range 3 {
		p.send(t, failing(t, n), route.Name, again)
	}
	p.send(t, context.WithValue(t.Context(), panicKey{}, true), route.Name, again)
}

// longKey makes a key of a canary long enough.
const longKey = "-of-as-many-characters-as-a-key-must-have"

func (p *actor) must(t *testing.T, operation string, e events.APIGatewayV2HTTPRequest) {
	t.Helper()
	if answer := p.send(t, t.Context(), operation, e); answer.StatusCode >= 400 {
		t.Fatalf("%s answers %d: %s", operation, answer.StatusCode, answer.Body)
	}
}

// send has a route's function do an event, and looks at its answer: it must not repeat a secret of the request.
func (p *actor) send(t *testing.T, ctx context.Context, operation string, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	filled := p.values.Fill(string(text))
	if err := json.Unmarshal([]byte(filled), &e); err != nil {
		t.Fatal(err)
	}
	answer, err := p.product.Functions[story.Route(operation).Function](ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	p.requests++
	for secret, at := range p.secrets {
		if strings.Contains(filled, secret) && strings.Contains(answer.Body+fmt.Sprint(answer.Headers), secret) && !shows(operation, at) {
			t.Errorf("%s repeats %s: %d %s", operation, at, answer.StatusCode, answer.Body)
		}
	}
	p.values.Hear(operation, answer.Body, answer.Cookies...)
	p.hear(operation, answer.Body)
	return answer
}

// event is a route's event in the actor's tenant, good and with canaries in its texts.
func (p *actor) event(t *testing.T, operation string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile("../../../events/" + operation + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	e.RawPath = strings.Replace(e.RawPath, "/"+story.Tenant+"/", "/"+p.tenant+"/", 1)
	e.RequestContext.HTTP.SourceIP = fmt.Sprintf("%s:%x::1", source, p.requests)
	body := strings.Replace(e.Body, `"length":6`, `"length":12`, 1) // codes that are in no text by chance
	e.Body = rewrite(t, body, func(pointer, text string) string { return p.good(operation+" "+pointer, text) })
	return e
}

// good is a text of the story with a canary where it can have one: the same for the same text.
func (p *actor) good(at, text string) string {
	c := classOf(at)
	made := at[strings.LastIndex(at, "/")+1:] // what a field of another name has is ours to make: codes, tickets
	if !slices.Contains([]class{addressText, personalText, settingText}, c) && made != "password" || strings.Contains(at, "/schema/") {
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

// classOf is what the field at the end of a JSON pointer, or of a query, is.
func classOf(at string) class {
	switch name := at[strings.LastIndexAny(at, "/ ?")+1:]; {
	case slices.Contains([]string{"password", "hashed_password", "code", "extended_code", "ticket", "client_secret", "totp_secret"}, name):
		return secretText
	case slices.Contains([]string{"identifier", "address", "otp_address", "query", "search_phrase"}, name):
		return addressText
	case strings.Contains(at, " //"): // a form's field is named by its pointer into the payload
		return personalText
	case strings.Contains(at, "/payload/"), strings.Contains(at, "/metadata/"), strings.Contains(at, "/business_metadata/"):
		return personalText
	case slices.Contains([]string{"name", "description", "subject", "body"}, name):
		return settingText
	case name == "id", name == "userID", strings.HasSuffix(name, "_id"):
		return idText
	case strings.Contains(at, "/schema/"):
		return settingText
	}
	return strayText
}

// leads asks for a message whose link leads on to a place, where a route can.
func (p *actor) leads(t *testing.T, route api.Route) {
	t.Helper()
	e := p.event(t, route.Name)
	if !strings.Contains(e.RawQueryString, "code_type_in_message") || route.Caller == access.Public {
		return
	}
	e.RawQueryString += "&post_activation_url=https://app.example.com/" + p.canary(returnText, route.Name+"?post_activation_url")
	p.send(t, t.Context(), route.Name, e)
}

// verifies asks for a code that verifies an address: codes of that kind are kept by address.
func (p *actor) verifies(t *testing.T) {
	t.Helper()
	address := `"address":"` + p.canary(addressText, "generateCode /address to verify") + `@example.com"`
	user, code := p.event(t, "admin.createUser"), p.event(t, "system.generateCode")
	user.Body = `{"id":"vera","status":"new","verifiable_addresses":[{` + address + `,"type":"email","verified":false,"status":"active"}]}`
	p.must(t, "admin.createUser", user)
	code.RawPath = strings.Replace(code.RawPath, "/ann/", "/vera/", 1)
	code.Body = `{"type":"verify_address",` + address + `}`
	p.send(t, t.Context(), "system.generateCode", code)
}

// inBody are the events with a canary in one text of the body, and one with a field too many.
func (p *actor) inBody(t *testing.T, route api.Route) (all []events.APIGatewayV2HTTPRequest) {
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
		other.Body = strings.Replace(e.Body, "{", `{"extra":"`+p.canary(strayText, route.Name+" /extra")+`",`, 1)
		all = append(all, other)
	}
	return all
}

// inQuery are the events with a canary in one parameter, each that the story has, and with one in each that any route has: in one at a
// time where tests are long.
func (p *actor) inQuery(t *testing.T, route api.Route) (all []events.APIGatewayV2HTTPRequest) {
	t.Helper()
	e := p.event(t, route.Name)
	query, err := url.ParseQuery(e.RawQueryString)
	if err != nil {
		t.Fatal(err)
	}
	common := []string{
		"after_pool_id", "before_pool_id", "after_user_id", "before_user_id", "code", "code_type_in_message", "kind", "lang", "limit", "mode", "order",
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

// inPath are the events with a canary for one id of the path.
func (p *actor) inPath(t *testing.T, route api.Route) (all []events.APIGatewayV2HTTPRequest) {
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

// inHeaders are the events with canaries in headers: a token that is none, a form that is none, and all others at once.
func (p *actor) inHeaders(t *testing.T, route api.Route) []events.APIGatewayV2HTTPRequest {
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
		with(secretText, "Bearer %s", "authorization"), with(secretText, "Basic %s", "authorization"), with(strayText, "text/%s", "content-type"), others,
		with(keyText, "%s", "idempotency-key"), with(keyText, "%s"+longKey, "x-idempotency-key"),
	}
}

// rewrite changes the texts of a body, of JSON or of a form, each at its JSON pointer.
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

// failing is a context in which the n-th call to AWS fails, after all of the SDK's tries, which would take their time.
func failing(t *testing.T, n int) context.Context {
	kinds := []systemtest.FaultKind{systemtest.Failed, systemtest.Cut, systemtest.TimedOut}
	return (&systemtest.Fault{Kind: kinds[n%len(kinds)], Reach: systemtest.OnceAbove, Call: n}).Context(t.Context())
}

type panicKey struct{}

// panicking lets the calls of a context panic that is marked so.
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

// refusingSES injects SES's refusals, which repeat the recipient as the real ones may, and keeps the mails that it takes.
type refusingSES struct {
	url string

	mu     sync.Mutex
	code   string // "" takes
	status int
	taken  []string
}

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
		_, _ = fmt.Fprintf(w, `{"message":"refused for identity/%s"}`, strings.Join(mail.Destination.ToAddresses, ","))
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// refuse answers each mail with an error from now on; "" takes them.
func (s *refusingSES) refuse(code string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.status = code, status
}

func (s *refusingSES) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}
