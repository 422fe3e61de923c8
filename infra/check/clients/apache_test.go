package clients_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// packages are the packages of Debian 12 in which Apache, mod_auth_openidc and the libraries are that a
// machine may lack.
const packages = "apache2-bin libapache2-mod-auth-openidc libapr1 libaprutil1 libcjose0 libhiredis0.14" +
	" libjansson4 libcurl4 libbrotli1 libldap-2.5-0 liblua5.3-0"

// modules are the modules of Apache that the test needs.
const modules = "mpm_event authn_core authz_core authz_user socache_shmcb proxy proxy_http auth_openidc"

// checkApache checks Apache with mod_auth_openidc. A site behind it is told who is signed in.
func checkApache(t *testing.T, s *site) {
	unpacked := unpack(t)
	a := s.register(t, "/callback", nil)
	folder := t.TempDir()
	conf := []string{
		"ServerRoot " + folder, "ServerName localhost", "Listen " + strings.Replace(a.address, "localhost", "127.0.0.1", 1),
		"PidFile " + filepath.Join(folder, "pid"), "ErrorLog " + filepath.Join(folder, "error.log"), "StartServers 1",
		"DefaultRuntimeDir " + folder,
	}
	for name := range strings.FieldsSeq(modules) {
		file := filepath.Join(unpacked, "usr/lib/apache2/modules", "mod_"+name+".so")
		conf = append(conf, "LoadModule "+name+"_module "+file)
	}
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	// The access token always ends soon, so that Apache gets new tokens with each request.
	conf = append(conf, "Include "+filepath.Join(here, "apache.conf"), "OIDCRefreshAccessTokenBeforeExpiry 3600")
	file := filepath.Join(folder, "httpd.conf")
	if err := os.WriteFile(file, []byte(strings.Join(conf, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			said, _ := os.ReadFile(filepath.Join(folder, "error.log"))
			t.Logf("Apache said: %s", said)
		}
	})
	environment := append(s.environment(a), "PASSPHRASE=a passphrase for this test", "UPSTREAM="+echo(t),
		"LD_LIBRARY_PATH="+filepath.Join(unpacked, "usr/lib/x86_64-linux-gnu"))
	start(t, a.address, environment, filepath.Join(unpacked, "usr/sbin/apache2"), "-f", file, "-DFOREGROUND")

	p := newPerson()
	first := s.enter(t, p, a).headers(t)
	if got := first.Get("OIDC_CLAIM_email"); got != s.identifier {
		t.Errorf("the site is told of %q: %v", got, first)
	}
	again := p.open(t, a.home).headers(t)
	if was, is := first.Get("OIDC_access_token"), again.Get("OIDC_access_token"); is == "" || is == was {
		t.Errorf("there is no new access token: %q, then %q", was, is)
	}
	p.open(t, a.redirect+"?"+url.Values{"logout": {a.home}}.Encode())
	s.checkSignedOut(t, p, a)
}

// unpack downloads packages and unpacks them without installing them. It returns the folder, and skips
// the test where there are no such packages.
func unpack(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(root(t), ".local", "apache")
	if _, err := os.Stat(filepath.Join(folder, "usr/sbin/apache2")); err == nil {
		return folder
	}
	debs := t.TempDir()
	said, err := download(t, debs)
	if err != nil && os.Getenv("CLIENTS") == "required" { // its lists are missing or old
		if said, err = exec.CommandContext(t.Context(), "apt-get", "update", "-qq").CombinedOutput(); err == nil {
			said, err = download(t, debs)
		}
	}
	files, _ := filepath.Glob(filepath.Join(debs, "*.deb"))
	for i := 0; err == nil && i < len(files); i++ {
		said, err = exec.CommandContext(t.Context(), "dpkg", "-x", files[i], folder).CombinedOutput()
	}
	if err != nil {
		if os.Getenv("CLIENTS") == "required" {
			t.Fatalf("no packages of Apache: %v\n%s", err, said)
		}
		t.Skipf("packages of Debian 12 can't be had, so Apache is not tested: %v\n%s", err, said)
	}
	return folder
}

// download downloads the packages into a folder. It returns what the program said.
func download(t *testing.T, folder string) ([]byte, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "apt-get", append([]string{"download", "-qq"}, strings.Fields(packages)...)...)
	command.Dir = folder
	return command.CombinedOutput()
}
