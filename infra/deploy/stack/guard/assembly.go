package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// synthesized is the stack in a cloud assembly, which is the folder that the CDK writes.
type synthesized struct {
	name     string
	template Template
}

// readAssembly reads the one stack of an assembly. The schema of manifest.json is documented in the
// package @aws-cdk/cloud-assembly-schema.
func readAssembly(folder string) (synthesized, error) {
	var manifest struct {
		Artifacts map[string]struct {
			Type       string
			Properties struct{ StackName, TemplateFile string }
		}
	}
	if err := readJSON(filepath.Join(folder, "manifest.json"), &manifest); err != nil {
		return synthesized{}, err
	}
	var found []synthesized
	for id, a := range manifest.Artifacts {
		if a.Type != "aws:cloudformation:stack" {
			continue
		}
		s := synthesized{name: id}
		if a.Properties.StackName != "" {
			s.name = a.Properties.StackName
		}
		if err := readJSON(filepath.Join(folder, a.Properties.TemplateFile), &s.template); err != nil {
			return synthesized{}, err
		}
		found = append(found, s)
	}
	if len(found) != 1 {
		return synthesized{}, fmt.Errorf("%s has %d stacks, and must have one", folder, len(found))
	}
	return found[0], nil
}

func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("read what was synthesized: %s: %w", file, err)
	}
	return nil
}
