package reference

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"identitypools/shared/identity"
)

// codes returns the part about errors and their codes, and what the tables of this package lack. The codes
// are those in the source of the functions and of the shared packages.
func (d *document) codes(root string) (text string, faults []string) {
	files, err := parseAll(root, "shared", "functions")
	if err != nil {
		return "", []string{err.Error()}
	}
	found := &source{constants: map[string]string{}, violations: map[string]bool{}, errors: map[string]int{}, oauth: map[string]bool{}, formats: map[string]bool{}}
	for _, f := range files {
		found.readConstants(f)
	}
	for _, f := range files {
		found.read(f)
	}
	statuses := table("status", "code", "meaning")
	meanings := errorCodes()
	codes := slices.SortedFunc(maps.Keys(found.errors), func(a, b string) int {
		if by := found.errors[a] - found.errors[b]; by != 0 {
			return by
		}
		return strings.Compare(a, b)
	})
	for _, code := range codes {
		statuses.row(fmt.Sprint(found.errors[code]), "`"+code+"`", meanings[code])
	}
	violations := table("code", "parameters", "meaning")
	for _, code := range slices.Sorted(maps.Keys(found.violations)) {
		v := violationCodes()[code]
		if code == identity.CodeWrongFormat {
			v.params += ". Formats are " + strings.Join(slices.Sorted(maps.Keys(found.formats)), ", ")
		}
		violations.row("`"+code+"`", v.params, v.means)
	}
	oauth := table("code", "meaning")
	for _, code := range slices.Sorted(maps.Keys(found.oauth)) {
		oauth.row("`"+code+"`", oauthCodes()[code])
	}
	faults = slices.Concat(
		differences("errorCodes", keysOf(found.errors), keysOf(meanings)),
		differences("violationCodes", keysOf(found.violations), keysOf(violationCodes())),
		differences("oauthCodes", keysOf(found.oauth), keysOf(oauthCodes())),
	)
	return strings.Join([]string{
		"## Errors\n### Error\n" + d.errorForm(),
		"### Codes of errors\nThe member `error_code` of an error. New codes may be added, so treat a code that you don't know like\n" +
			"its status.\n\n" + statuses.String(),
		"### Codes of violations\nThe member `code` of a violation. `reason` says the same in English.\n\n" + violations.String(),
		"### Codes of OAuth\nThe member or parameter `error` of the answers that applications and API clients get from the token servers.\n\n" +
			oauth.String(),
	}, "\n\n"), faults
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// differences returns what a table of codes lacks, and what it has too much.
func differences(name string, wanted, has []string) (faults []string) {
	for _, code := range wanted {
		if !slices.Contains(has, code) {
			faults = append(faults, fmt.Sprintf("meanings.go: add to %s() what the code %q means", name, code))
		}
	}
	for _, code := range has {
		if !slices.Contains(wanted, code) {
			faults = append(faults, fmt.Sprintf("meanings.go: the source has no code %q any more: remove it from %s()", code, name))
		}
	}
	return faults
}

// source has the codes that are in the source.
type source struct {
	constants  map[string]string // constants of texts by the name of the package and theirs
	violations map[string]bool
	errors     map[string]int // with their statuses
	oauth      map[string]bool
	formats    map[string]bool // of wrong_format
}

// readConstants reads the constants of a file that are texts. Those of rules and of OAuth are codes.
func (s *source) readConstants(f *file) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if i >= len(spec.Values) {
				continue
			}
			text, isText := literal(spec.Values[i])
			if !isText {
				continue
			}
			s.constants[f.tree.Name.Name+"."+name.Name] = text
			switch f.path {
			case "shared/identity/rule.go":
				s.violations[text] = true
			case "shared/oidc/errors.go":
				s.oauth[text] = true
			}
		}
		return true
	})
}

// read reads the codes that a file gives to errors and rules.
func (s *source) read(f *file) {
	places := placesOfCodes(f.tree)
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := nameOf(n.Fun)
			if place, ok := places[name]; ok && place < len(n.Args) && f.tree.Name.Name != "api" {
				s.addViolation(f, n.Args[place])
			}
			if name == "WrongFormat" && len(n.Args) == 2 {
				if text, ok := s.textOf(f, n.Args[0]); ok {
					s.formats["`"+text+"`"] = true
				}
			}
			if name == "Broken" && len(n.Args) == 2 {
				s.addViolation(f, n.Args[0])
			}
		case *ast.CompositeLit:
			s.readLiteral(f, n)
		}
		return true
	})
}

// readLiteral reads the code of an error or a rule that a composite literal makes.
func (s *source) readLiteral(f *file, n *ast.CompositeLit) {
	members := map[string]ast.Expr{}
	for i, e := range n.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			members[nameOf(pair.Key)] = pair.Value
		} else {
			members[strconv.Itoa(i)] = e
		}
	}
	switch nameOf(n.Type) {
	case "Rule":
		s.addViolation(f, members["Code"])
	case "Refused":
		s.addError(f, members["Code"], http.StatusForbidden)
	case "problem":
		s.addError(f, members["1"], statusOf(members["0"]))
	case "errorAnswer":
		s.addError(f, members["Code"], statusOf(members["Status"]))
	}
}

func (s *source) addViolation(f *file, e ast.Expr) {
	if text, ok := s.textOf(f, e); ok {
		s.violations[text] = true
	}
}

func (s *source) addError(f *file, e ast.Expr, status int) {
	if text, ok := s.textOf(f, e); ok {
		s.errors[text] = status
	}
}

// textOf returns the text of a literal or of a constant.
func (s *source) textOf(f *file, e ast.Expr) (string, bool) {
	if text, ok := literal(e); ok {
		return text, true
	}
	name, home := nameOf(e), f.tree.Name.Name
	if selector, ok := e.(*ast.SelectorExpr); ok {
		home = nameOf(selector.X)
	}
	text, ok := s.constants[home+"."+name]
	return text, ok
}

// placesOfCodes returns the functions of a file that have a parameter "code" and make rules with it, with
// the place of that parameter.
func placesOfCodes(f *ast.File) map[string]int {
	places := map[string]int{}
	note := func(name string, kind *ast.FuncType, body *ast.BlockStmt) {
		place, makesRules := 0, false
		if body == nil {
			return
		}
		ast.Inspect(body, func(n ast.Node) bool {
			if name := nameOfNode(n); name == "Rule" || name == "rule" {
				makesRules = true
			}
			return true
		})
		for _, field := range kind.Params.List {
			for _, parameter := range field.Names {
				if parameter.Name == "code" && makesRules {
					places[name] = place
				}
				place++
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			note(n.Name.Name, n.Type, n.Body)
		case *ast.AssignStmt:
			if function, ok := n.Rhs[0].(*ast.FuncLit); ok && len(n.Lhs) == 1 {
				note(nameOf(n.Lhs[0]), function.Type, function.Body)
			}
		}
		return true
	})
	return places
}

func nameOfNode(n ast.Node) string {
	if e, ok := n.(ast.Expr); ok {
		return nameOf(e)
	}
	return ""
}

// nameOf returns the last name in an expression such as identity.Broken.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literal returns the text of a literal.
func literal(e ast.Expr) (string, bool) {
	basic, ok := e.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(basic.Value)
	return text, err == nil
}

// statusOf returns the status of HTTP that a name such as http.StatusNotFound stands for, or 0.
func statusOf(e ast.Expr) int {
	wanted := strings.TrimPrefix(nameOf(e), "Status")
	for status := http.StatusBadRequest; status < 600; status++ {
		if strings.ReplaceAll(http.StatusText(status), " ", "") == wanted && wanted != "" {
			return status
		}
	}
	return 0
}

// publishedIn returns the part about the members of published types that workspaces, connections and
// applications take without a meaning.
func publishedIn(root string) (text string, faults []string) {
	files, err := parseAll(root, "shared/oidc")
	if err != nil {
		return "", []string{err.Error()}
	}
	names := map[string]map[string][]string{} // the kind of the rule, for each function that has rules
	for _, f := range files {
		for _, declaration := range f.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(function.Name.Name, "of") || function.Type.Results == nil ||
				nameOf(function.Type.Results.List[0].Type) != "published" {
				continue
			}
			rules := map[string][]string{}
			ast.Inspect(function, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					kind, arguments := nameOf(call.Fun), call.Args
					if kind == "only" {
						arguments = arguments[:1]
					}
					for _, argument := range arguments {
						if text, ok := literal(argument); ok {
							rules[kind] = append(rules[kind], "`"+text+"`")
						}
					}
				}
				return true
			})
			names[function.Name.Name] = rules
		}
	}
	list := table("in the body of", "accepted, and not kept", "accepted if they say what the product does anyway", "refused unless they say nothing")
	for _, function := range slices.Sorted(maps.Keys(names)) {
		of := publishedTitles()[function]
		if of == "" {
			faults = append(faults, fmt.Sprintf("meanings.go: add to publishedTitles() whose members %s in shared/oidc lists", function))
		}
		row := []string{of}
		for _, kind := range []string{"described", "only", "unserved"} {
			slices.Sort(names[function][kind])
			row = append(row, strings.Join(names[function][kind], ", "))
		}
		list.row(row...)
	}
	if len(names) == 0 {
		faults = append(faults, "codes.go: shared/oidc has no function any more that returns published")
	}
	return "## Published fields without a meaning\nClients that were generated from the published description send these fields of workspaces, connections\n" +
		"and applications. Nobody reads them here. A field says nothing if it is `null`, `\"\"`, `false`, 0, an empty\n" +
		"list, or an object all of whose fields say nothing.\n\n" + list.String(), faults
}

// file is a file of Go with its path in the repository.
type file struct {
	path string
	tree *ast.File
}

// isSource reports whether the name of a file is that of a Go file which people have written and which is no
// test.
func isSource(name string) bool {
	return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
}
