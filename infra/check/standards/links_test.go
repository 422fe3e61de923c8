package standards_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unwanted returns packages that no function needs, with the rules that forbid them.
func unwanted() map[string]string {
	return map[string]string{
		"os/exec": "V1.2.5", "plugin": "V1.3.2", "unsafe": "V1.4.1", "C": "V1.4.1",
		"encoding/xml": "V1.5.1", "encoding/gob": "V1.5.2",
		"crypto/des": "V11.3.2", "crypto/rc4": "V11.3.2", "crypto/md5": "V11.4.1",
		"crypto/sha1": "V11.4.1", "crypto/rsa": "V11.6.1",
		"math/rand": "V6.5.3, V11.5.1", "math/rand/v2": "V6.5.3, V11.5.1",
	}
}

// excused reports whether a package may import one of them. The argument has the form "package
// imported".
func excused(imports string) bool {
	return slices.Contains([]string{
		"shared/password crypto/sha1", // part of PBKDF2 in imported hashes
		"shared/signing crypto/rsa",   // RS256, which every OpenID provider must have (OpenID Connect Core §15.1)
		"shared/otp crypto/sha1",      // part of HMAC in the codes of authenticator apps (RFC 6238 §1.2)
		"shared/retry math/rand/v2",   // random waiting time before a change is tried again
	}, imports)
}

// V1.2.5, V1.3.2, V1.4.1, V1.5.1, V1.5.2, V6.5.3, V11.2.1, V11.3.1, V11.3.2, V11.4.1, V12.3.2: our
// own code that is deployed runs no programs, parses no XML, and uses neither weak cryptography nor
// predictable random numbers. It never uses a cipher without an authenticated mode and never skips
// the verification of a certificate.
func TestWhatNoFunctionLinks(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-tags", "lambda.norpc", "-f",
		`{{.ImportPath}} {{.Dir}} {{join .GoFiles ","}} {{join .Imports ","}}`,
		"identitypools/functions/...", "identitypools/shared/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	careless := regexp.MustCompile(`InsecureSkipVerify|cipher\.New(CBC|CFB|CTR|OFB)`)
	for line := range bytes.Lines(out) {
		fields := strings.Fields(string(line))
		if len(fields) < 4 {
			continue // a folder with tests only, or a package without imports
		}
		name := strings.TrimPrefix(fields[0], "identitypools/")
		for imported := range strings.SplitSeq(fields[3], ",") {
			if rule := unwanted()[imported]; rule != "" && !excused(name+" "+imported) {
				t.Errorf("%s imports %s (%s)", name, imported, rule)
			}
		}
		for file := range strings.SplitSeq(fields[2], ",") {
			text, err := os.ReadFile(filepath.Join(fields[1], file))
			if err != nil {
				t.Fatal(err)
			}
			if found := careless.Find(text); found != nil {
				t.Errorf("%s/%s has %s", name, file, found)
			}
		}
	}
}

// V15.1.2: the purpose of each module is documented. Indirect dependencies are in go.sum and change
// with the modules that need them.
func TestEveryDependencyHasAReason(t *testing.T) {
	t.Parallel()
	reasons, err := os.ReadFile("../../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := regexp.MustCompile(`(?m)^\s+(\S+) v\S+$|^\s+"(\S+)": "[0-9.]+",?$`)
	for _, file := range []string{
		"go.mod", "infra/deploy/stack/go.mod", "infra/check/browser/go.mod", "infra/check/clients/go.mod",
		"package.json",
	} {
		text, err := os.ReadFile(filepath.Join("../../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range direct.FindAllStringSubmatch(string(text), -1) {
			module := found[1] + found[2]
			if module != "identitypools" && !names(module).Match(reasons) {
				t.Errorf("%s has %s, and docs/dependencies.md does not say why", file, module)
			}
		}
	}
}

// names returns an expression that finds the name of a module in a text, in backquotes. The name is
// one of the last two elements of the module's path, without its version.
func names(module string) *regexp.Regexp {
	parts := strings.Split(regexp.MustCompile(`/v\d+$`).ReplaceAllString(module, ""), "/")
	parts = slices.DeleteFunc(parts[max(0, len(parts)-2):], func(part string) bool { return part == "x" })
	return regexp.MustCompile("`[^`\n]*\\b(" + strings.Join(parts, "|") + ")\\b[^`\n]*`")
}
