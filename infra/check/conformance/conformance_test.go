// Package conformance plays the modules of the OpenID Foundation's conformance suite that certify a
// provider: the plans oidcc-basic-certification-test-plan, oidcc-config-certification-test-plan and
// oidcc-rp-initiated-logout-certification-test-plan. Each test has the name of its module and checks what the
// module checks, against the whole product over HTTP. The suite itself does not run here, since it needs
// Java and MongoDB. The package contains only tests.
package conformance_test

import (
	"os"
	"strings"
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// module is a module of the suite.
type module struct {
	name   string
	checks string // what it checks, in our words
	result string // what the suite is expected to report
	play   func(t *testing.T, p *party)
	// movesTime says that the module moves the clock, so that it cannot run beside others.
	movesTime bool
}

// passed is what the suite reports of a module that finds nothing.
const passed = "passed"

// plan is a plan of the suite.
type plan struct {
	name    string
	modules []module
}

func plans() []plan {
	return []plan{
		{"oidcc-basic-certification-test-plan", basic()},
		{"oidcc-config-certification-test-plan", config()},
		{"oidcc-rp-initiated-logout-certification-test-plan", logout()},
	}
}

// The basic plan is played with static clients and without PKCE, as the suite plays it.
func TestOIDCC(t *testing.T) {
	t.Parallel()
	o := newProvider(t, systemtest.New(t, func(c *system.Config) { c.Quiet = true }))
	for _, p := range plans() {
		for _, m := range p.modules {
			if m.movesTime {
				t.Run(m.name, func(t *testing.T) { m.play(t, o.newParty(t)) }) //nolint:paralleltest // it moves the clock
			}
		}
	}
	for _, p := range plans() {
		for _, m := range p.modules {
			if !m.movesTime {
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					m.play(t, o.newParty(t))
				})
			}
		}
	}
}

// The document names each module once, with its test.
func TestTheDocumentNamesEveryModule(t *testing.T) {
	t.Parallel()
	if n := len(basic()); n != 35 {
		t.Errorf("the basic plan has 35 modules, and %d are played", n)
	}
	var text strings.Builder
	text.WriteString(introduction)
	for _, p := range plans() {
		text.WriteString("\n## " + p.name + "\n\n| module | what it checks | test | expected result |\n|---|---|---|---|\n")
		for _, m := range p.modules {
			text.WriteString("| `" + m.name + "` | " + m.checks + " | `TestOIDCC/" + m.name + "` | " + m.result + " |\n")
		}
	}
	golden.Same(t, "../../../docs/conformance.md", text.String())
}

const introduction = `# Conformance

A workspace is an OpenID provider. This text lists the modules of the OpenID Foundation's conformance
suite for the profiles that a workspace serves: "Basic OP", "Config OP" and "RP-Initiated OP".

- **The tests.** The package ` + "`infra/check/conformance`" + ` plays each module against the whole product:
  ` + "`go test ./infra/check/conformance -run TestOIDCC/oidcc-codereuse`" + `. This text is made from its table of
  modules, and a test fails if the two differ.
- **The expected result** is what the suite should report. The suite itself needs Java and MongoDB, so
  CI does not run it, and the product is not certified. A test fails if the module would.
- **The applications** have a secret and do not use PKCE, because the basic plan sends no challenge
  before its last module: they are registered with ` + "`without_pkce`" + `.
- **To run the suite**, take [conformance-suite.json](conformance-suite.json) and follow
  [signin.md](signin.md).
`
