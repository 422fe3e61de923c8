package tasks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/check/tasks"
	"identitypools/infra/local/running"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

const folder = "../../../docs/tasks/"

// pages returns the pages whose commands are run, in an order in which they can be followed. The page
// about AWS is not among them.
func pages() []string {
	return []string{
		"README.md", "invite.md", "sign-up.md", "brand.md", "mail.md", "block.md", "cannot-get-in.md", "own-page.md",
	}
}

// Each command of the pages gives the answer that the page has. With -update the pages get the answers.
func TestTheCommandsOfThePages(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CLIENTS") == "required" {
				t.Fatal(err)
			}
			t.Skipf("%v: the pages need it", err)
		}
	}
	product := systemtest.New(t)
	shell := start(t, product, product.NewTenant(t))
	for _, page := range pages() {
		text, err := os.ReadFile(folder + page)
		if err != nil {
			t.Fatal(err)
		}
		made, err := tasks.WithAnswers(string(text), func(commands string) (string, error) {
			if strings.Contains(commands, "CODE") {
				code := systemtest.CodeIn(t, product.Inbox.Await(t, "hugo@example.com", 1)[0])
				commands = strings.ReplaceAll(commands, "CODE", code)
			}
			return shell.Run(commands)
		})
		if err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		if strings.Contains(made, "\ncurl: ") || strings.Contains(made, "\njq: ") || strings.Contains(made, "bash: ") {
			t.Errorf("%s has a command that fails:\n%s", page, made)
		}
		golden.Same(t, folder+page, made)
	}
}

// start starts a shell in which the file of make run describes the product.
func start(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant) *tasks.Shell {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".local"), 0o700); err != nil {
		t.Fatal(err)
	}
	client := func(c *systemtest.Client) running.Client { return running.Client{ID: c.ID, Secret: c.Secret} }
	run := running.Product{
		BaseURL: product.BaseURL, InboxURL: product.Inbox.URL(), Tenant: tenant.ID,
		Clients: map[string]running.Client{"admin": client(tenant.Admin), "system": client(tenant.System)},
	}
	if err := run.Write(filepath.Join(home, ".local/run.json")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash")
	cmd.Dir = home
	shell, err := tasks.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shell.Close() })
	return shell
}

// A page that no page lists is not found, and every page is tried or is about AWS.
func TestEveryPageIsListed(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(folder + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	tried := strings.Join(append(pages(), "aws.md"), " ")
	files, err := filepath.Glob(folder + "*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name != "README.md" && !strings.Contains(string(list), "("+name+")") {
			t.Errorf("README.md does not list %s", name)
		}
		if !strings.Contains(tried, name) {
			t.Errorf("nothing tries %s", name)
		}
	}
}
