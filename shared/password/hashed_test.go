package password_test

import (
	"slices"
	"strings"
	"testing"

	"identitypools/shared/identity"
	"identitypools/shared/password"
)

// A hash that is given as a password would become the password: whoever has stolen the hash could sign in.
func TestHashesAreNoPasswords(t *testing.T) {
	t.Parallel()
	const tail = "EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"
	isRefused := func(text string) bool {
		return slices.ContainsFunc(password.Faults(pool(identity.PasswordPolicy{}), user(), text), func(v identity.Rule) bool {
			return v.Code == "hash" && strings.Contains(v.Reason, "cannot be imported")
		})
	}
	for _, text := range []string{
		"$2a$10$" + tail, "$2b$12$" + tail, "$2y$04$" + tail, " $2b$12$" + tail + "\n",
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
		"$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
		"$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
		"$pbkdf2-sha512$i=600000,l=32$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A+WF/Z5JZv+lfCIhXXN33N23OSgQYThBYRfk=",
		"pbkdf2_sha256$260000$c29tZXNhbHQ$1t8iyB2A+WF/Z5JZv+lfCIhXXN33N23OSgQYThBYRfk=",
		"pbkdf2:sha256:600000$aSalt$" + strings.Repeat("0a", 32), "scrypt:32768:8:1$aSalt$" + strings.Repeat("0a", 64),
		"sha1$salt$" + strings.Repeat("0a", 20), "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
		"bcrypt_sha256$$2b$12$" + tail, "argon2$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
		"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
		"$1$salt$" + strings.Repeat("a.", 11), "$apr1$salt$" + strings.Repeat("a.", 11),
		"$5$rounds=5000$saltsalt$" + strings.Repeat("a", 43), "$6$saltsalt$" + strings.Repeat("Z/", 43),
		"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
		"$P$BSzZ3kBoQVRpyAkX6ktfoSyAhYSJCv1", "$wp$2y$10$" + tail,
		"{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "{ssha512}" + strings.Repeat("Qk9v", 24) + "==", "{MD5}X03MO1qnZdYdgyfeuILPmQ==",
		"{PBKDF2}10000$c29tZXNhbHRzb21l$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk", "{CRYPT}$2b$12$" + tail, "{bcrypt}$2a$10$" + tail,
	} {
		if !isRefused(text) {
			t.Errorf("%q is taken for a password", text)
		}
	}
	for _, text := range []string{
		"$2b$12$" + tail[1:], "$2b$" + tail, "my $2b$12$" + tail, "$2b$12$ is how my hashes begin", "$6$money makes me happy",
		"$argon2id$ is a good choice", "{SSHA} is not enough", "{curly} brackets rule", "$1$2$3$four$five$six", "{MD5}isbroken", "pbkdf2_sha256$x",
		"$ynonym$ are fun $o are they", "5f4dcc3b5aa765d61d8327deb882cf99 my!", "$", "{}", "{",
	} {
		if isRefused(text) {
			t.Errorf("%q is taken for a hash", text)
		}
	}
}
