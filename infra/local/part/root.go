package part

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Root returns the project's folder: the nearest folder that contains a package.json, from the
// working directory upwards.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project's folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "package.json")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no package.json here or above: run this inside the project's folder")
		}
		folder = parent
	}
}

// installed returns the path of a file in node_modules, or an error if it does not exist.
func installed(path ...string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	file := filepath.Join(append([]string{root, "node_modules"}, path...)...)
	if _, err := os.Stat(file); err != nil {
		return "", err
	}
	return file, nil
}
