package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tree is a copy of the project's folder in which protections are removed.
type tree string

// copyOf copies the project's folder to a new folder. The copy shares the packages that npm has
// installed.
func copyOf(root string) (tree, error) {
	folder, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return "", err
	}
	t := tree(folder)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return t.add(path, name, entry)
	})
	if err != nil {
		return "", fmt.Errorf("copy the project's folder: %w", err)
	}
	return t, nil
}

func (t tree) add(path, name string, entry fs.DirEntry) error {
	to := t.path(name)
	var left error // makes fs.WalkDir skip the entry
	if entry.IsDir() {
		left = filepath.SkipDir // for a file or a link it would skip the rest of the folder
	}
	switch {
	case name == "node_modules":
		if err := os.Symlink(path, to); err != nil {
			return err
		}
		return left
	case name == ".git" || name == ".local" || name == "dist" || name == "cdk.out":
		return left
	case entry.IsDir():
		return os.MkdirAll(to, 0o755)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

func (t tree) path(name string) string { return filepath.Join(string(t), filepath.FromSlash(name)) }

// without calls work while the tree lacks a protection.
func (t tree) without(p Protection, work func() error) (err error) {
	path := t.path(p.File)
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mutant, err := p.Mutant(source)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, mutant, 0o644); err != nil {
		return err
	}
	defer func() {
		if restored := os.WriteFile(path, source, 0o644); err == nil {
			err = restored
		}
	}()
	return work()
}

func (t tree) remove() { _ = os.RemoveAll(string(t)) }
