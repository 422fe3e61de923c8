package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Protection is a rule of the product, with the change of the code that removes it and the tests
// that check it.
type Protection struct {
	Sentence string // what is protected
	File     string // path from the project's folder, with slashes
	Edits    []Edit // changes that remove the protection
	Tests           // one of them must then fail
	place    string // the list and the line in it
}

// Tests are tests of some packages.
type Tests struct {
	Module   string   // the folder of a module of its own in the project's folder, or ""
	Packages []string // arguments for go test
	Pattern  string   // argument for -run; "" for all tests
}

// Edit replaces a text that must be in the file exactly once.
type Edit struct{ Old, New string }

// Read returns the protections of all lists in a folder. A list is a text file. Each block of lines
// between blank lines describes a protection:
//
//	protects: A sentence that says what is protected.
//	file: shared/identity/failures.go
//	- the old text
//	+ the new text
//	test: ./functions/passwords -run TestGuessing
//
// The old and the new text begin after the sign and a space, and may each have several lines. If
// the old text is only removed, the new one is an empty line. A block may have several pairs. Lines
// that begin with # are comments. If the tests are in a module of its own, its folder is named as for
// the go command: -C infra/deploy/stack ./guard. An error of Read names the line of a block that
// does not have this form, or whose sentence another block has.
func Read(folder fs.FS) ([]Protection, error) {
	files, err := fs.Glob(folder, "*.txt")
	if err != nil {
		return nil, err
	}
	var all []Protection
	seen := map[string]string{}
	for _, name := range files {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		list, err := parseList(name, string(text))
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			if other := seen[p.Sentence]; other != "" {
				return nil, fmt.Errorf("%s: the same sentence is at %s", p.place, other)
			}
			seen[p.Sentence] = p.place
		}
		all = append(all, list...)
	}
	if len(all) == 0 {
		return nil, errors.New("there are no protections in " + lists)
	}
	return all, nil
}

func parseList(name, text string) (all []Protection, err error) {
	var b block
	end := func() error {
		p, err := b.protection()
		if b.lines > 0 && err == nil {
			all = append(all, p)
		}
		b = block{}
		return err
	}
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			err = end()
		default:
			if b.lines == 0 {
				b.place = fmt.Sprintf("%s:%d", name, i+1)
			}
			err = b.add(line)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, end()
}

// block is a protection that is being read. Its fields have a fixed order.
type block struct {
	Protection
	lines    int
	old, new []string // of the last edit; new is empty before its first line
}

func (b *block) add(line string) error {
	b.lines++
	key, value, _ := strings.Cut(line, " ")
	switch {
	case key == "protects:" && b.lines == 1:
		b.Sentence = value
	case key == "file:" && b.lines == 2:
		b.File = value
	case key == "-" && b.File != "" && b.Packages == nil:
		if b.new != nil {
			b.endEdit()
		}
		b.old = append(b.old, value)
	case key == "+" && b.old != nil && b.Packages == nil:
		b.new = append(b.new, value)
	case key == "test:" && b.new != nil && b.Packages == nil:
		b.endEdit()
		packages, pattern, _ := strings.Cut(value, " -run ")
		b.Packages, b.Pattern = strings.Fields(packages), strings.TrimSpace(pattern)
		if len(b.Packages) > 1 && b.Packages[0] == "-C" {
			b.Module, b.Packages = b.Packages[1], b.Packages[2:]
		}
	default:
		return fmt.Errorf("%s: line %d of the block, %q, is not expected there", b.place, b.lines, line)
	}
	return nil
}

func (b *block) endEdit() {
	b.Edits = append(b.Edits, Edit{strings.Join(b.old, "\n"), strings.Join(b.new, "\n")})
	b.old, b.new = nil, nil
}

func (b *block) protection() (Protection, error) {
	p := b.Protection
	switch {
	case b.lines == 0:
		return p, nil
	case !strings.HasSuffix(p.Sentence, "."):
		return p, fmt.Errorf("%s: what is protected is not a sentence", p.place)
	case len(p.Packages) == 0:
		return p, fmt.Errorf("%s: no test is named", p.place)
	}
	for _, e := range p.Edits {
		if e.Old == "" || e.Old == e.New {
			return p, fmt.Errorf("%s: an edit changes nothing", p.place)
		}
	}
	return p, nil
}

// Mutant returns source, the content of the protection's file, without the protection. It returns
// an error if an old text does not occur exactly once, because then the code has changed and the
// list must follow.
func (p Protection) Mutant(source []byte) ([]byte, error) {
	for _, e := range p.Edits {
		if n := bytes.Count(source, []byte(e.Old)); n != 1 {
			return nil, fmt.Errorf("%s is out of date: its old text %q is in %s %d times, not once",
				p.place, e.Old, p.File, n)
		}
		source = bytes.Replace(source, []byte(e.Old), []byte(e.New), 1)
	}
	return source, nil
}
