package system_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/quick"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// hostileValues returns JSON values that a field may have instead of the right one. The first ones
// are tried everywhere: see hostileRequests.
func hostileValues() []string {
	return append(
		quoted(strings.Repeat("a", 5000), "", "\\u0000", "\\ud800", "\xff", "a#b/../c", strings.Repeat("\u00e9", 700)),
		"null", "[]", "{}", "-1", "1e400", strings.Repeat("9", 400), "0.5", "true", "[null]", `{"":{"":[]}}`,
		`["a","a"]`,
		strings.Repeat("[", 60)+strings.Repeat("]", 60), strings.Repeat("[", 20000), `{"a":1,"a":2}`, "", "nul", "\x00",
	)
}

// quoted returns the texts as strings of JSON. They are escaped already.
func quoted(texts ...string) []string {
	for i, text := range texts {
		texts[i] = `"` + text + `"`
	}
	return texts
}

// hostileTexts returns values of parameters of paths, queries, forms and headers.
func hostileTexts() []string {
	return []string{
		strings.Repeat("a", 5000), "", "\x00", "\xff", strings.Repeat("\u00e9", 700), "a#b", "..", "%", "%00", "-1",
		strings.Repeat("9", 400), "1e400", "null", `{"user_key":"` + strings.Repeat("a", 3000) + `"}`,
		`{"payload":` + strings.Repeat(`{"a":`, 700) + `1` + strings.Repeat("}", 701), "a\r\nb: c",
		"javascript:alert(1)",
	}
}

// everywhere is how many of the hostile values and texts are tried in every place. Of the others,
// each place gets every sixth unless LONG is set.
const everywhere = 2

// hostileRequest is a request in which one thing is not as it should be.
type hostileRequest struct {
	what  string
	event events.APIGatewayV2HTTPRequest
}

// hostileRequests returns requests to a route which are its sample event with a hostile value in one
// place: a field of the body that the event has or its type allows, a parameter of the path, the
// query or the form, or a header.
func hostileRequests(tb testing.TB, route api.Route, e sample.Event) []hostileRequest {
	tb.Helper()
	var all []hostileRequest
	places := 0
	try := func(place string, values []string, with func(value string) events.APIGatewayV2HTTPRequest) {
		places++
		for i, value := range values {
			if i < everywhere || long() || (i+places)%6 == 0 {
				all = append(all, hostileRequest{fmt.Sprintf("%.60q in %s", value, place), with(value)})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Path)) {
		try("the path's "+name, hostileTexts(), func(value string) events.APIGatewayV2HTTPRequest {
			return with(e, e.Path, name, value, func(e *sample.Event, m map[string]string) { e.Path = m })
		})
	}
	for _, name := range parametersOf(route.Query, e.Query) {
		try("the query's "+name, hostileTexts(), func(value string) events.APIGatewayV2HTTPRequest {
			return with(e, e.Query, name, value, func(e *sample.Event, m map[string]string) { e.Query = m })
		})
	}
	for _, name := range slices.Sorted(maps.Keys(e.Form)) {
		try("the form's "+name, hostileTexts(), func(value string) events.APIGatewayV2HTTPRequest {
			return with(e, e.Form, name, value, func(e *sample.Event, m map[string]string) { e.Form = m })
		})
	}
	for _, name := range []string{
		"accept-language", "authorization", "content-type", "cookie", "idempotency-key", "if-match",
	} {
		try("the header "+name, hostileTexts(), func(value string) events.APIGatewayV2HTTPRequest {
			event := e.Request()
			event.Headers[name] = value
			return event
		})
	}
	if route.Body == nil || e.Form != nil {
		return all
	}
	for _, at := range fieldsOf(tb, route.Body, e.Body) {
		try("the body's /"+strings.Join(at, "/"), hostileValues(), func(value string) events.APIGatewayV2HTTPRequest {
			event := e.Request()
			event.Body, event.Headers["content-type"] = bodyWith(tb, e.Body, at, value), "application/json"
			return event
		})
	}
	return all
}

// with returns the request of an event in which a parameter has another value.
func with(
	e sample.Event, parameters map[string]string, name, value string, set func(*sample.Event, map[string]string),
) events.APIGatewayV2HTTPRequest {
	changed := maps.Clone(parameters)
	if changed == nil {
		changed = map[string]string{}
	}
	changed[name] = value
	set(&e, changed)
	return e.Request()
}

// parametersOf returns the names of the parameters that the type of a query has, or that are given.
func parametersOf(query reflect.Type, given map[string]string) []string {
	names := slices.Collect(maps.Keys(given))
	var add func(reflect.Type)
	add = func(t reflect.Type) {
		for field := range t.Fields() {
			if field.Anonymous {
				add(field.Type)
			} else if name := field.Tag.Get("query"); name != "" {
				names = append(names, name)
			}
		}
	}
	if query != nil {
		add(query)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fieldsOf returns the paths of the fields that a body has or that its type allows, the whole body
// among them.
func fieldsOf(tb testing.TB, t reflect.Type, body json.RawMessage) [][]string {
	tb.Helper()
	found := map[string][]string{"": nil}
	add := func(at []string) { found[strings.Join(at, "/")] = slices.Clone(at) }
	addFieldsOfType(t, nil, add)
	addFieldsOfValue(tree(tb, body), nil, add)
	var all [][]string
	for _, path := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[path])
	}
	return all
}

// addFieldsOfType calls add with the paths of the fields of a type that is decoded from JSON. An
// array has one item, and a map one member.
func addFieldsOfType(t reflect.Type, at []string, add func([]string)) {
	if len(at) > 0 {
		add(at)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if len(at) > 6 {
		return
	}
	switch {
	case t.Kind() == reflect.Struct:
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case field.Anonymous:
				addFieldsOfType(field.Type, at, add)
			case name != "" && name != "-":
				addFieldsOfType(field.Type, append(slices.Clone(at), name), add)
			}
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		addFieldsOfType(t.Elem(), append(slices.Clone(at), "0"), add)
	case t.Kind() == reflect.Map:
		addFieldsOfType(t.Elem(), append(slices.Clone(at), "x"), add)
	}
}

// addFieldsOfValue calls add with the paths of everything in a value.
func addFieldsOfValue(v any, at []string, add func([]string)) {
	if len(at) > 0 {
		add(at)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			addFieldsOfValue(value, append(slices.Clone(at), name), add)
		}
	case []any:
		for i, value := range v {
			addFieldsOfValue(value, append(slices.Clone(at), strconv.Itoa(i)), add)
		}
	}
}

// tree returns a body that is decoded, or an empty object for none.
func tree(tb testing.TB, body json.RawMessage) any {
	tb.Helper()
	var v any = map[string]any{}
	if body != nil {
		if err := json.Unmarshal(body, &v); err != nil {
			tb.Fatal(err)
		}
	}
	return v
}

// bodyWith returns a body with a value, which need not be valid JSON, in the place of a field.
func bodyWith(tb testing.TB, body json.RawMessage, at []string, value string) string {
	tb.Helper()
	const mark = "the value goes here"
	text, err := json.Marshal(put(tree(tb, body), at, mark))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Replace(string(text), `"`+mark+`"`, value, 1)
}

// put returns v with a value at a path, along which it makes what is not there.
func put(v any, at []string, value any) any {
	if len(at) == 0 {
		return value
	}
	if i, err := strconv.Atoi(at[0]); err == nil {
		list, _ := v.([]any)
		for len(list) <= i {
			list = append(list, nil)
		}
		list[i] = put(list[i], at[1:], value)
		return list
	}
	members, _ := v.(map[string]any)
	if members == nil {
		members = map[string]any{}
	}
	members[at[0]] = put(members[at[0]], at[1:], value)
	return members
}

// No request is answered with a fault of the product: each route gets its sample event with a hostile
// value in one place after the other. With LONG, each place gets each value.
func TestNoRequestIsAFaultOfTheProduct(t *testing.T) {
	t.Parallel()
	w := newWorlds(t)
	for _, route := range functions.Routes() {
		for _, r := range hostileRequests(t, route, w.events[route.Name]) {
			w.check(t, route.Name, r.what, r.event)
		}
	}
}

// A key that DynamoDB would refuse leads to nothing, and is no fault: the last defence if an id is not
// bounded where it is decoded.
func TestAKeyOutOfBoundsIsNotFound(t *testing.T) {
	t.Parallel()
	db := systemtest.New(t).Table
	for _, id := range []string{"", strings.Repeat("a", 1025), strings.Repeat("a", 3000)} {
		if _, err := db.Users.Get(
			t.Context(), identity.UserRef{Tenant: "t", Pool: "p", ID: id},
		); !errors.As(err, new(identity.NotFound)) {
			t.Errorf("a user's id of %d bytes: %v", len(id), err)
		}
		if _, err := db.Schemas.Get(t.Context(), "t", id); !errors.As(err, new(identity.NotFound)) {
			t.Errorf("a schema's id of %d bytes: %v", len(id), err)
		}
		if _, err := db.Users.Claimant(t.Context(), "t", "p", []string{id}); !errors.As(err, new(identity.NotFound)) {
			t.Errorf("an identifier of %d bytes: %v", len(id), err)
		}
	}
}

// FuzzRequest sends any request to any route, which is given by its number. No path, query, header or
// body is answered with a fault of the product.
func FuzzRequest(f *testing.F) {
	w, routes := newWorlds(f), functions.Routes()
	for i, route := range routes {
		e := w.events[route.Name].Request()
		f.Add(uint(i), e.RawPath, e.RawQueryString, "if-match", `"1"`, e.Body)
		if e.Body != "" && route.Body != nil {
			f.Add(uint(i), e.RawPath, e.RawQueryString, "idempotency-key", strings.Repeat("k", 40),
				strings.Replace(e.Body, "{", `{"payload_schema_id":"`+strings.Repeat("a", 5000)+`",`, 1))
		}
	}
	f.Fuzz(func(t *testing.T, number uint, path, query, header, value, body string) {
		w.checkAny(t, routes[number%uint(len(routes))].Name, path, query, header, value, body)
	})
}

// TestRandomRequests puts a random text into one part of a route's sample event at a time. Unlike make fuzz,
// it does not look for texts that reach further code, and needs no library compiled for that.
func TestRandomRequests(t *testing.T) {
	t.Parallel()
	w, routes := newWorlds(t), functions.Routes()
	try := func(number, part uint, at float64, text string) bool {
		route := routes[number%uint(len(routes))].Name
		e := w.events[route].Request()
		parts := []string{e.RawPath, e.RawQueryString, "if-match", `"1"`, e.Body}
		old := &parts[part%uint(len(parts))]
		_, fraction := math.Modf(math.Abs(at))
		cut := int(fraction * float64(len(*old)))
		*old = (*old)[:cut] + text + (*old)[cut:]
		w.checkAny(t, route, parts[0], parts[1], parts[2], parts[3], parts[4])
		return !t.Failed()
	}
	if err := quick.Check(try, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

// checkAny sends a request to a route with anything in its parts, unless a gateway accepts no such request.
func (w *worlds) checkAny(t *testing.T, route, path, query, header, value, body string) {
	t.Helper()
	if _, err := url.ParseQuery(query); err != nil || len(path)+len(query)+len(value) > 10<<10 {
		return
	}
	event := w.events[route].Request()
	event.RawPath, event.RawQueryString, event.Body = path, query, body
	event.Headers[strings.ToLower(header)] = value
	w.check(t, route, fmt.Sprintf("%q ?%q %q: %q %q", path, query, header, value, body), event)
}
