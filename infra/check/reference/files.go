package reference

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
)

// parseAll parses the Go files in folders of a repository, but not tests and what is generated.
func parseAll(root string, folders ...string) (files []*file, err error) {
	tree := os.DirFS(root)
	for _, folder := range folders {
		err = fs.WalkDir(tree, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !isSource(name) {
				return err
			}
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
			files = append(files, &file{name, parsed})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
