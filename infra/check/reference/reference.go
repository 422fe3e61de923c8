// Package reference produces docs/reference.md: every operation of the API with every field and every
// parameter. Names and types come from the Go types of the routes, by reflection. What they can't tell (bounds,
// defaults, meanings) is in the tables of this package, which use the constants of the code. Only its test
// imports it.
package reference

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"identitypools/functions"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// Document returns the text of docs/reference.md, and what is missing in the tables of this package or too
// much in them. Root is the folder of the repository.
func Document(root string) (text string, faults []string) {
	d := &document{types: types(), common: common(), used: map[string]bool{}, drawn: map[reflect.Type]bool{}}
	parts := []string{introduction(), d.paths()}
	for _, t := range topics() {
		parts = append(parts, d.topic(t))
	}
	parts = append(parts, d.pages(), d.applications())
	d.checkTopics()
	codes, missing := d.codes(root)
	d.faults = append(d.faults, missing...)
	others, missing := publishedIn(root)
	d.faults = append(d.faults, missing...)
	parts = append(parts, others, codes)
	d.checkUse()
	text = withContents(strings.Join(parts, "\n\n") + "\n")
	return text, append(d.faults, linkFaults(text)...)
}

// withContents returns the text with links to its parts before the first of them.
func withContents(text string) string {
	var links []string
	for _, title := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(text, -1) {
		links = append(links, "- ["+title[1]+"](#"+anchor(title[1])+")")
	}
	return strings.Replace(text, "\n## ", "\n"+strings.Join(links, "\n")+"\n\n## ", 1)
}

// document is a document that is being made.
type document struct {
	types  map[string]described // by the name of the type in Go
	common map[string]field     // by the name in JSON or in the query
	used   map[string]bool      // the keys of the entries that were used
	drawn  map[reflect.Type]bool
	faults []string
}

// fault records what somebody has to add or remove.
func (d *document) fault(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(d.faults, text) {
		d.faults = append(d.faults, text)
	}
}

// use marks an entry as used.
func (d *document) use(key string) { d.used[key] = true }

// checkUse records the entries that nothing uses.
func (d *document) checkUse() {
	for name, t := range d.types {
		if !d.used[name] {
			d.fault("types_*.go: no route has the type %q any more: remove its entry", name)
			continue
		}
		for member := range t.fields {
			if !d.used[name+" "+member] {
				d.fault("types_*.go: %s has no field %q any more: remove it from the entry", name, member)
			}
		}
	}
	for name := range d.common {
		if !d.used["* "+name] {
			d.fault("types_pools.go: no type has a field %q that has no entry of its own: remove it from common()", name)
		}
	}
	for name := range operations() {
		if !d.used["operation "+name] {
			d.fault("operations.go: there is no operation %q any more: remove it from operations()", name)
		}
	}
	for name := range pathParameters() {
		if !d.used["path "+name] {
			d.fault("operations.go: no path has {%s} any more: remove it from pathParameters()", name)
		}
	}
	for name := range pageTitles() {
		if !d.used["page "+name] {
			d.fault("operations.go: no page has the path %q any more: remove it from pageTitles()", name)
		}
	}
	slices.Sort(d.faults)
}

// linkFaults returns the headings that a text has twice, so that links to them are not clear, and the links to
// headings that it does not have.
func linkFaults(text string) (faults []string) {
	anchors := map[string]bool{}
	for line := range strings.Lines(text) {
		title, isHeading := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !isHeading || !strings.HasPrefix(line, "#") {
			continue
		}
		name := anchor(strings.TrimSpace(title))
		if anchors[name] {
			faults = append(faults, fmt.Sprintf("types_*.go: two headings are %q: change the title of a type", strings.TrimSpace(title)))
		}
		anchors[name] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		if !anchors[link[1]] {
			faults = append(faults, fmt.Sprintf("types_*.go: a link leads to #%s, and there is no such heading", link[1]))
		}
	}
	return faults
}

// checkTopics records functions with operations that have no part in the document.
func (d *document) checkTopics() {
	for _, f := range functions.All() {
		has := slices.ContainsFunc(topics(), func(t topic) bool { return t.function == f.Name() })
		if !has && len(operationsOf(f.Name())) > 0 {
			d.fault("operations.go: add to topics() a title for the operations of the function: {%q, \"…\"}", f.Name())
		}
	}
}

// introduction says how to read the document.
func introduction() string {
	return "# Reference\n\n" +
		"This text lists every operation of the API with every field of its bodies and answers, and every\n" +
		"parameter. `go test ./infra/check/reference -update` writes it from the Go types and constants of the\n" +
		"code. [api.md](api.md) says how things work together, and [limits.md](limits.md) has all limits. The\n" +
		"[glossary](architecture.md#glossary) explains the terms.\n\n" +
		"## How to read it\n" +
		"- **Trees.** Each operation is in one or two trees. A path begins with the base of its tree:\n\n" +
		trees() + "\n\n" +
		"- **Bodies** are JSON objects of at most " + kb(api.MaxBody) + ", unless the operation says something else.\n" +
		"  A field that no table names is refused. `null` means absent. Texts must be UTF-8.\n" +
		"- **Answers can be sent back.** A body that changes something may have all fields of the answer of its\n" +
		"  operation. Those that the table of the body doesn't name are ignored.\n" +
		"- **Who writes a field.** \"you\": it has an effect. \"only answers\": it may be sent back, and changes nothing;\n" +
		"  where the table says what is allowed, other values are refused. \"nobody\": the published API has it, and\n" +
		"  it has no effect here.\n" +
		patches() +
		"- **Types.** A time is a text such as `\"2026-01-31T09:30:00.000Z\"`, a duration one such as\n" +
		"  `\"24h0m0s\"` with the units `h`, `m`, `s` and `ms`. An id has 1 to 128 characters of A-Z, a-z, 0-9,\n" +
		"  `_`, `.`, `~` and `-`. Bytes are a text in base64, in either alphabet, or a list of numbers.\n" +
		"- **Fields of answers** are always there, unless the table says that they may be absent.\n" +
		"- **Errors** have the form of [Error](#error). [Codes of errors](#codes-of-errors) and\n" +
		"  [codes of violations](#codes-of-violations) list all codes.\n\n" +
		headers()
}

// patches says how to read the body of a PATCH, if an operation has one.
func patches() string {
	if !slices.ContainsFunc(functions.Routes(), func(r api.Route) bool { return r.Method == "PATCH" }) {
		return ""
	}
	return "- **PATCH** changes only what the body has (RFC 7396), whatever a table says of absent fields. An object is\n" +
		"  merged with what is there, a list is replaced, and `null` stands for the default. Fields that only\n" +
		"  answers write must not be changed.\n"
}

// trees returns the table of the trees.
func trees() string {
	return table("tree", "base of the path", "token of", "scope").
		row("admin", "`/api/identity/{tid}/admin`", "an admin client", "`"+api.ScopeAdmin+"`").
		row("workspaces", "`/api/admin/{tid}`", "an admin client", "`"+api.ScopeAdmin+"`").
		row("system", "`/api/identity/{tid}/system`", "a system client", "`"+api.ScopeSystem+"`, or what the operation says").
		row("public", "`/api/identity/{tid}/public`", "nobody", "–").
		row("published", "–: the path is complete", "nobody", "–").String()
}

// tree returns the tree that a route is in, and the path within the tree.
func tree(r api.Route) (name, path string) {
	for _, t := range []struct{ name, base string }{
		{"admin", "/api/identity/{tid}/admin"},
		{"system", "/api/identity/{tid}/system"},
		{"public", "/api/identity/{tid}/public"},
		{"workspaces", "/api/admin/{tid}"},
	} {
		if rest, found := strings.CutPrefix(r.Path, t.base); found {
			return t.name, rest
		}
	}
	return "published", r.Path
}

// isJSON reports whether a route is one of the API, and neither a page nor one of an OAuth 2.0 server.
func isJSON(r api.Route) bool {
	return r.Caller != access.OAuthClient && strings.HasPrefix(r.Path, "/api/") || r.Operation == "resetPasswordConfirm"
}

// operation is an operation of the API, with the trees that have it.
type operation struct {
	api.Route
	path  string
	trees []string
}

// operationsOf returns the operations of a function. Routes of two trees that are the same but for the tree
// are one operation.
func operationsOf(function string) (all []operation) {
	for _, r := range functions.Routes() {
		if r.Function != function || !isJSON(r) {
			continue
		}
		name, path := tree(r)
		i := slices.IndexFunc(all, func(o operation) bool {
			return o.path == path && o.Method == r.Method && o.Query == r.Query && o.Body == r.Body && o.Answer == r.Answer &&
				nameIn(o.Route) == nameIn(r)
		})
		if i < 0 {
			all, i = append(all, operation{r, path, nil}), len(all)
		}
		if r.Scope != api.ScopeAdmin && r.Scope != api.ScopeSystem && r.Scope != "" {
			name += " (scope `" + r.Scope + "`)"
		}
		all[i].trees = append(all[i].trees, name)
	}
	return all
}

// nameIn returns the name of a route without its caller.
func nameIn(r api.Route) string {
	_, name, _ := strings.Cut(r.Name, ".")
	return name
}

// topic returns the part about the operations of one function: the operations, and then the tables of their
// parameters, bodies and answers.
func (d *document) topic(t topic) string {
	list := table("operation", "what it does", "tree", "parameters", "body", "success")
	all := operationsOf(t.function)
	parts := []string{""}
	for _, r := range []role{ofQuery, ofBody, ofAnswer} {
		for _, o := range all {
			if used := []reflect.Type{o.Query, o.Body, o.Answer}[r]; used != nil {
				parts = append(parts, d.draw(used, r)...)
			}
		}
	}
	for _, o := range all {
		query, body, answer := "–", "–", fmt.Sprint(o.Status)
		if o.Query != nil {
			query = d.namesOf(o.Query)
		}
		if o.Body != nil {
			body = d.link(o.Body)
		}
		if o.Body != nil && o.MaxBody != api.MaxBody {
			body += ", at most " + kb(o.MaxBody)
		}
		if o.BodyIsOptional {
			body += ", may be absent"
		}
		switch {
		case o.List != "":
			answer += fmt.Sprintf(" with `{%q: …}`, a list of %s", o.List, d.link(o.Answer))
		case o.Answer != nil && o.Answer.Kind() == reflect.Map:
			answer += " with an " + d.textOf(o.Answer)
		case o.Answer != nil:
			answer += " with " + d.link(o.Answer)
		}
		list.row(fmt.Sprintf("`%s %s`", o.Method, o.path), d.meaningOf(o.Route), strings.Join(o.trees, ", "), query, body, answer)
	}
	parts[0] = "## " + t.title + "\n" + list.String()
	return strings.Join(parts, "\n\n")
}

// namesOf returns the names of the parameters in a query, with a link to their table.
func (d *document) namesOf(t reflect.Type) string {
	var names []string
	for _, m := range membersOf(t) {
		names = append(names, "`"+m.name+"`")
	}
	return "[" + strings.Join(names, ", ") + "](#" + anchor(d.types[t.String()].title) + ")"
}

// meaningOf returns what an operation does.
func (d *document) meaningOf(r api.Route) string {
	meaning, ok := operations()[r.Operation]
	if !ok {
		d.fault("operations.go: add to operations() what %s does: %q: \"…\", in a few words", r.Key(), r.Operation)
	}
	d.use("operation " + r.Operation)
	return meaning
}

// paths returns the table of the parameters of paths.
func (d *document) paths() string {
	meanings, list := pathParameters(), table("parameter of a path", "meaning")
	var names []string
	for _, r := range functions.Routes() {
		for part := range strings.SplitSeq(r.Path, "/") {
			name, isParameter := strings.CutPrefix(part, "{")
			name = strings.TrimSuffix(name, "}")
			if !isParameter || slices.Contains(names, name) || strings.HasSuffix(name, "+") {
				continue
			}
			names = append(names, name)
			if meanings[name] == "" {
				d.fault("operations.go: add to pathParameters() what {%s} in %s is: %q: \"…\"", name, r.Path, name)
			}
			d.use("path " + name)
			list.row("`{"+name+"}`", meanings[name])
		}
	}
	return list.String()
}

// pages returns the part about the pages.
func (d *document) pages() string {
	list := table("page", "what it is", "parameters")
	var drawn []string
	for _, r := range functions.Routes() {
		if isJSON(r) || r.Caller == access.OAuthClient || strings.HasSuffix(r.Path, "+}") {
			continue
		}
		title := pageTitles()[r.Path]
		if title == "" {
			d.fault("operations.go: add to pageTitles() what the page is: %q: \"…\"", r.Path)
		}
		d.use("page " + r.Path)
		if r.Method != "GET" { // the form of the page
			continue
		}
		query := "–"
		if r.Query != nil {
			query = d.namesOf(r.Query)
			drawn = append(drawn, d.draw(r.Query, ofQuery)...)
		}
		list.row("`"+r.Path+"`", title, query)
	}
	intro := "## Pages\nPages are for people in a browser, without a token. GET shows a page, and POST of the same path takes\n" +
		"its form, which only the page itself makes. `…/oauth2/authorize` and `…/oidc/logout` also take their\n" +
		"parameters as a form.\n\n"
	return strings.Join(append([]string{intro + list.String()}, drawn...), "\n\n")
}

// applications returns the part about the routes of OAuth 2.0.
func (d *document) applications() string {
	list := table("operation", "what it does", "form", "success")
	var drawn []string
	for _, r := range functions.Routes() {
		if r.Caller != access.OAuthClient {
			continue
		}
		body, answer := "–", fmt.Sprint(r.Status)
		if r.Body != nil {
			body = d.link(r.Body) + ", at most " + kb(r.MaxBody)
			drawn = append(drawn, d.draw(r.Body, ofQuery)...)
		}
		if r.Answer != nil {
			answer += " with " + d.link(r.Answer)
			drawn = append(drawn, d.draw(r.Answer, ofAnswer)...)
		}
		list.row("`"+r.Key()+"`", d.meaningOf(r), body, answer)
	}
	intro := "## OAuth 2.0 and OpenID Connect\nBodies are forms (`application/x-www-form-urlencoded`). API clients and applications authenticate with\n" +
		"their id and secret, by HTTP Basic or in the form. Errors have the form\n" +
		"`{\"error\":\"…\",\"error_description\":\"…\"}` of RFC 6749 §5.2.\n\n"
	return strings.Join(append([]string{intro + list.String()}, drawn...), "\n\n")
}
