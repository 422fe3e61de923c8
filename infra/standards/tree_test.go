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

// tree is what the document speaks of.
type tree struct {
	tests map[string][]string // names of tests, by folder
	texts map[string]string   // texts of docs, by file
	cited map[string][]string // files that cite a rule, by its id
}

// add reads a file of Go or a text.
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

// has says whether a test is in any package.
func (tr *tree) has(name string) bool {
	for _, names := range tr.tests {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}
