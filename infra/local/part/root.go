package part

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Root is the project's folder: the nearest one, from the working directory upwards, that has a package.json.
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

// installed is the path of a file in node_modules, if it is there.
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
