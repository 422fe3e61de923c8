package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Names returns the names of the functions of the project in the folder root, in alphabetical
// order.
func Names(root string) ([]string, error) {
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "lambda", "main.go"))
	if err != nil {
		return nil, fmt.Errorf("find the functions: %w", err)
	}
	if len(mains) == 0 {
		return nil, fmt.Errorf("find the functions: none in %s", filepath.Join(root, "functions"))
	}
	names := make([]string, len(mains))
	for i, main := range mains {
		names[i] = filepath.Base(filepath.Dir(filepath.Dir(main)))
	}
	return names, nil
}

// BuildAll builds every function of the project in the folder root as for a deployment, except that
// the target is this machine's processor. It returns the paths of the programs by function. Each is
// to/<function>/bootstrap.
func BuildAll(ctx context.Context, root, to string) (map[string]string, error) {
	names, err := Names(root)
	if err != nil {
		return nil, err
	}
	packages := make(map[string]string, len(names))
	for _, name := range names {
		packages[name] = "identitypools/functions/" + name + "/lambda"
	}
	return Build(ctx, root, to, packages)
}

// Build is like [BuildAll] for the given main packages. The keys of packages are the names of their
// folders in to.
func Build(ctx context.Context, root, to string, packages map[string]string) (map[string]string, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU()) // linking takes one processor for each
	paths := make(map[string]string, len(packages))
	for name, main := range packages {
		path := filepath.Join(to, name, "bootstrap")
		paths[name] = path
		group.Go(func() error {
			if err := build(ctx, root, main, path); err != nil {
				return fmt.Errorf("build %s: %w", main, err)
			}
			return nil
		})
	}
	return paths, group.Wait()
}

// build runs the compiler. With its flags, the same sources always give the same program, and the
// program has no data for debuggers.
func build(ctx context.Context, root, main, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath",
		"-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags=-s -w -buildid=", "-o", path, main)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, output)
	}
	return err
}
