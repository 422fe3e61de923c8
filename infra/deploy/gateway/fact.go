package gateway

import (
	"net/http"
	"strings"
)

// Fact is something that clients observe.
type Fact struct {
	What   string // a sentence
	Source Source
	Needs  []Setting // what the template must say for it
	Ask    Request
	Answer Answer
	// NotLocal says why the local gateway does not do it. It is "" if the local gateway does.
	NotLocal string
	// CrossOrigin says that the fact holds only in a deployment that pages of Origin may call.
	CrossOrigin bool
}

// Request is a request that shows a fact.
type Request struct {
	Method string
	// Path has {t} for a tenant and {p} for a pool that is open for registration.
	Path    string
	AsAdmin bool // whether it has the token of an admin client
	Headers http.Header
	Body    int // the size of the body in bytes
	// Function is how the function behaves. The zero value is the product's function.
	Function Behaviour
}

// Behaviour is a way in which a function can go wrong.
type Behaviour string

// The ways in which a function can go wrong.
const (
	Fails          Behaviour = "fails"            // ends with an error instead of an answer
	Hangs          Behaviour = "hangs"            // gives no answer until the time is over
	AnswersTooMuch Behaviour = "answers too much" // gives an answer of more than MaxAnswer bytes
)

// Answer is what the answer to a request must have.
type Answer struct {
	Status int
	// Headers are compared without regard to case. "*" is any value, and "" means that the header
	// must be absent. For Access-Control-Allow-Origin, "*" is the origin of the request.
	Headers map[string]string
	Body    string // "" is any body
}

// The paths of some requests.
const (
	pools = "/api/identity/{t}/admin/pools"
	form  = "/api/identity/{t}/public/pools/{p}"
	page  = "/{t}/pools/{p}/register"
)

// own returns an answer that API Gateway makes itself.
func own(status int) Answer {
	return Answer{
		Status: status, Body: Message(status),
		Headers: map[string]string{
			"Content-Type": "application/json", RequestIDHeader: "*", "X-Request-Id": "",
			"Access-Control-Allow-Origin": "",
		},
	}
}

// Origin is the origin of the pages that may call the API in the facts.
const Origin = "https://app.example.com"

// from returns the headers of a request from a page of Origin.
func from(pairs ...string) http.Header {
	h := http.Header{"Origin": {Origin}}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// Facts returns all facts.
func Facts() []Fact {
	facts, others := ownAnswers(), crossOrigin()
	for i := range others {
		others[i].CrossOrigin = true
	}
	for _, more := range [][]Fact{others, headers(), pathsAndQueries()} {
		facts = append(facts, more...)
	}
	for i := range facts {
		facts[i].Needs = append(proxy(), facts[i].Needs...)
	}
	return facts
}

// ownAnswers returns the facts about the answers that API Gateway makes itself.
func ownAnswers() []Fact {
	return []Fact{
		{
			What:   "A path that no route has is answered 404.",
			Source: routes(), Ask: Request{Method: "GET", Path: "/nothing", Headers: from()}, Answer: own(404),
		},
		{
			What:   "A method that no route of the path has is answered 404, and not 405.",
			Source: observed(), Ask: Request{Method: "PATCH", Path: pools, AsAdmin: true}, Answer: own(404),
		},
		{
			What:   "HEAD is such a method, because no route has it.",
			Source: observed(), Ask: Request{Method: "HEAD", Path: page},
			Answer: Answer{Status: 404, Headers: map[string]string{RequestIDHeader: "*"}},
		},
		{
			What:   "A body of more than 10 MB is answered 413.",
			Source: quotas(), Ask: Request{Method: "POST", Path: pools, AsAdmin: true, Body: MaxBody + 1},
			Answer: own(413),
		},
		{
			What:   "A request line and values of headers of more than 10,240 bytes together are refused.",
			Source: quotas(),
			Ask: Request{
				Method: "GET", Path: pools, AsAdmin: true,
				Headers: http.Header{"X-Long": {strings.Repeat("x", MaxHeader)}},
			},
			Answer: own(431),
		},
		{
			What:   "A function that fails is answered 500.",
			Source: observed(), Ask: Request{Method: "GET", Path: pools, Function: Fails}, Answer: own(500),
		},
		{
			What:   "So is a function whose answer is larger than the 6 MB that Lambda takes.",
			Source: lambda(), Ask: Request{Method: "GET", Path: pools, Function: AnswersTooMuch},
			Answer: own(500),
		},
		{
			What:   "A function that takes longer than 30 seconds is answered 503.",
			Source: observed(), Ask: Request{Method: "GET", Path: pools, Function: Hangs}, Answer: own(503),
		},
		{
			What:   "Requests above the rate of a route are answered 429.",
			Source: throttle(), Answer: own(429),
			NotLocal: "a laptop has one user, and tests send more requests than a deployment may get",
		},
	}
}

// crossOrigin returns the facts about requests from pages of other origins. API Gateway would replace the
// headers of CORS of functions if it had a configuration of its own.
func crossOrigin() []Fact {
	facts := []Fact{
		{
			What: "A preflight reaches a function by the route for OPTIONS at every path. It is answered 204, with " +
				"headers of CORS if a page of the origin may call the path.",
			Source: cors(),
			Ask: Request{Method: "OPTIONS", Path: form + "/register", Headers: from(
				"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")},
			Answer: Answer{Status: 204, Headers: map[string]string{
				"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET,POST",
				"Access-Control-Allow-Headers": "authorization,content-type,idempotency-key,x-idempotency-key",
				"Access-Control-Max-Age":       "600", "Access-Control-Allow-Credentials": "",
				"X-Request-Id": "*",
			}},
		},
		{
			What:   "An answer of a function has the headers of CORS that the function sets, and no others.",
			Source: cors(), Ask: Request{Method: "GET", Path: form, Headers: from()},
			Answer: Answer{Status: 200, Headers: map[string]string{
				"Access-Control-Allow-Origin":   "*",
				"Access-Control-Expose-Headers": "retry-after,www-authenticate,x-idempotent-replayed,x-request-id",
				"Access-Control-Allow-Methods":  "", "Access-Control-Allow-Credentials": "", "Vary": "Origin",
			}},
		},
		{
			What:   "So a route that pages of other origins may not call has none, whatever the origin is.",
			Source: cors(), Ask: Request{Method: "GET", Path: pools, AsAdmin: true, Headers: from()},
			Answer: Answer{Status: 200, Headers: map[string]string{"Access-Control-Allow-Origin": ""}},
		},
		{
			What:   "Without the header Origin no answer has headers of CORS.",
			Source: cors(), Ask: Request{Method: "GET", Path: form},
			Answer: Answer{Status: 200, Headers: map[string]string{
				"Access-Control-Allow-Origin": "", "Access-Control-Expose-Headers": "",
			}},
		},
		{
			What:   "OPTIONS that is no preflight is answered 204 without headers of CORS.",
			Source: cors(), Ask: Request{Method: "OPTIONS", Path: form},
			Answer: Answer{Status: 204, Headers: map[string]string{"Access-Control-Allow-Origin": ""}},
		},
		{
			What:   "An origin that the deployment does not name gets no headers of CORS.",
			Source: cors(),
			Ask: Request{
				Method: "GET", Path: form, Headers: http.Header{"Origin": {"https://elsewhere.example.net"}},
			},
			Answer: Answer{Status: 200, Headers: map[string]string{
				"Access-Control-Allow-Origin": "", "Access-Control-Expose-Headers": "",
			}},
			NotLocal: "a laptop accepts pages of every origin, so that they can be developed there",
		},
	}
	for i := range facts {
		facts[i].Needs = []Setting{{"AWS::ApiGatewayV2::Api", "CorsConfiguration", nil}}
	}
	return facts
}

// headers returns the facts about other headers.
func headers() []Fact {
	return []Fact{
		{
			What: "`WWW-Authenticate` keeps its name. AWS documents that REST APIs rename it, and says no such " +
				"thing of HTTP APIs.",
			Source: unchanged(), Ask: Request{Method: "GET", Path: pools},
			Answer: Answer{Status: 401, Headers: map[string]string{
				"WWW-Authenticate": `Bearer realm="identity"`, "X-Amzn-Remapped-Www-Authenticate": "",
			}},
		},
		{
			What: "Every answer has the id of the request in `apigw-requestid`. An answer of a function has it " +
				"in `X-Request-Id`, too.",
			Source: observed(), Ask: Request{Method: "GET", Path: pools, AsAdmin: true},
			Answer: Answer{Status: 200, Headers: map[string]string{RequestIDHeader: "*", "X-Request-Id": "*"}},
		},
		{
			What:   "An answer has a `Date`, and neither `Server` nor `Vary`.",
			Source: observed(), Ask: Request{Method: "GET", Path: page},
			Answer: Answer{Status: 200, Headers: map[string]string{"Date": "*", "Server": "", "Vary": ""}},
		},
		{
			What:   "Answers are not compressed.",
			Source: compression(),
			Ask:    Request{Method: "GET", Path: page, Headers: http.Header{"Accept-Encoding": {"gzip, br"}}},
			Answer: Answer{Status: 200, Headers: map[string]string{"Content-Encoding": ""}},
		},
		{
			What:   "A header that is there twice is one with both values, divided by a comma.",
			Source: payload(),
			Ask: Request{
				Method: "GET", Path: pools + "/{p}", AsAdmin: true,
				Headers: http.Header{"If-None-Match": {`"1"`, `"2"`}, "If-Match": {`"1"`, `"2"`}},
			},
			Answer: Answer{Status: 412},
		},
	}
}

// pathsAndQueries returns the facts about paths and queries.
func pathsAndQueries() []Fact {
	return []Fact{
		{
			What:   "A function gets the query as it was sent. Of a parameter that is there twice, the first counts.",
			Source: payload(),
			Ask:    Request{Method: "GET", Path: pools + "?limit=1&limit=1000", AsAdmin: true},
			Answer: Answer{Status: 200},
		},
		{
			What:   "A function gets the path decoded, so an encoded slash does not hide in an id.",
			Source: observed(), Ask: Request{Method: "GET", Path: pools + "/a%2Fb", AsAdmin: true},
			Answer: Answer{Status: 404, Headers: map[string]string{"Content-Type": "application/json"}},
		},
		{
			What:   "A slash at the end of a path is answered 404, by the gateway or by the function.",
			Source: observed(), Ask: Request{Method: "GET", Path: pools + "/", AsAdmin: true},
			Answer: Answer{Status: 404, Headers: map[string]string{"Content-Type": "application/json"}},
		},
	}
}
