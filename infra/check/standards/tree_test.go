package standards_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// tree has the parts of the repository that the document refers to.
type tree struct {
	tests map[string][]string // names of tests by folder
	texts map[string]string   // texts by file
	cited map[string][]string // files that cite a rule, by its id
}

// add adds a Go file or a text.
func (tr *tree) add(file, text string) error {
	if file != document {
		for _, id := range citations(text) {
			tr.cited[id] = append(tr.cited[id], file)
		}
	}
	if strings.HasSuffix(file, ".md") {
		tr.texts[file] = text
	}
	if !strings.HasSuffix(file, "_test.go") {
		return nil
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, declaration := range parsed.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if ok && f.Recv == nil && isTest.MatchString(f.Name.Name) {
			tr.tests[path.Dir(file)] = append(tr.tests[path.Dir(file)], f.Name.Name)
		}
	}
	return nil
}

// has reports whether any package has a test with the name.
func (tr *tree) has(name string) bool {
	for _, names := range tr.tests {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// faults returns what is wrong with a row.
func (tr *tree) faults(r row) []string {
	if reason, isNone := cutAny(r.shown, "n/a:", "deviation:"); isNone {
		if strings.TrimSpace(reason) == "" {
			return []string{r.id + " gives no reason"}
		}
		return nil
	}
	if link := isText.FindStringSubmatch(r.shown); link != nil {
		if !slices.Contains(headings(tr.texts["docs/"+link[1]]), link[2]) {
			return []string{fmt.Sprintf("%s: %s has no part %s", r.id, link[1], link[2])}
		}
		return nil
	}
	shown, reason, partly := strings.Cut(r.shown, "; deviation:")
	if partly && strings.TrimSpace(reason) == "" {
		return []string{r.id + " gives no reason"}
	}
	var faults []string
	for part := range strings.SplitSeq(shown, "; ") {
		named := isNamed.FindStringSubmatch(part)
		if named == nil {
			return []string{fmt.Sprintf("%s: %q names no test of a package, no text, and no reason", r.id, part)}
		}
		for name := range strings.SplitSeq(named[1], ", ") {
			if !slices.Contains(tr.tests[named[2]], name) {
				faults = append(faults, fmt.Sprintf("%s: there is no %s in %s", r.id, name, named[2]))
			}
		}
	}
	return faults
}

func cutAny(text string, prefixes ...string) (string, bool) {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return rest, true
		}
	}
	return text, false
}

// row is a row of the document's tables of rules.
type row struct{ id, rule, shown string }

var (
	isTest  = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]`)
	isID    = regexp.MustCompile(`^(V\d+(\.\d+){0,2}|(63[AB]|RFC 9700) §\d+(\.\d+)*( \(\d+\))?)$`)
	isNamed = regexp.MustCompile("^((?:Test|Fuzz|Benchmark)\\w+(?:, (?:Test|Fuzz|Benchmark)\\w+)*) in `([a-z0-9/]+)`$")
	isText  = regexp.MustCompile(`^text: \[[^]]+\]\(([a-z]+\.md)#([a-z0-9-]+)\)$`)
	cites   = regexp.MustCompile(`\bV(\d+\.\d+\.\d+)\b|\bASVS ((?:V?\d+\.\d+\.\d+(?:, |\b))+)|\b(63[AB]|RFC 9700)(?:-4)? (§\d+(?:\.\d+)*)`)
	number  = regexp.MustCompile(`\d+\.\d+\.\d+`)
)

// parse returns the rows of the tables of rules, and a fault for each line of a table that is not a
// valid row.
func parse(text string) (rows []row, faults []string) {
	seen, ofRules := map[string]bool{}, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		isHeader := line == "| id | level | rule | shown by |"
		ofRules = isHeader || ofRules && strings.HasPrefix(line, "|")
		if !ofRules || isHeader || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) != 4 || slices.Contains(cells, ""):
			faults = append(faults, "not four cells: "+line)
			continue
		case !isID.MatchString(cells[0]):
			faults = append(faults, "not an id: "+cells[0])
		case seen[cells[0]]:
			faults = append(faults, cells[0]+" is there twice")
		}
		seen[cells[0]] = true
		rows = append(rows, row{cells[0], cells[2], cells[3]})
	}
	return rows, faults
}

// citations returns the sorted ids of the rules that a text cites.
func citations(text string) []string {
	var ids []string
	for _, found := range cites.FindAllStringSubmatch(text, -1) {
		for _, requirement := range number.FindAllString(found[1]+found[2], -1) {
			ids = append(ids, "V"+requirement)
		}
		if found[3] != "" {
			ids = append(ids, found[3]+" "+found[4])
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// headings returns the names that links use for the headings of a text.
func headings(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		if title := strings.TrimLeft(line, "#"); len(title) < len(line) {
			name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "-")
			names = append(names, strings.Map(func(r rune) rune {
				if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-", r) {
					return r
				}
				return -1
			}, name))
		}
	}
	return names
}
