package password

import (
	"regexp"
	"strings"
)

// isHash reports whether a text is a complete hash of a password in one of the forms in which other
// systems store them: that of crypt(5) and its relatives, that of LDAP (RFC 2307), Django's or Spring's. A
// caller who gives one as a password wants it imported, and the hash itself must not become the password:
// it may have been stolen from the other system. A text that only begins like a hash is a password.
func isHash(text string) bool {
	text = strings.TrimSpace(text)
	if scheme, rest, found := strings.Cut(text, "}"); found && strings.HasPrefix(scheme, "{") {
		return isLDAPHash(strings.ToUpper(scheme[1:]), rest)
	}
	// Django's forms have the name of the algorithm first, and WordPress's a mark.
	for _, prefix := range []string{"argon2", "bcrypt_sha256$", "bcrypt$", "$wp"} {
		if rest, found := strings.CutPrefix(text, prefix); found && isCryptHash(rest) {
			return true
		}
	}
	return isCryptHash(text) ||
		// Werkzeug, older releases of Django, and MySQL.
		is(`(pbkdf2:sha\d+:\d+|scrypt:\d+:\d+:\d+)\$[^$]+\$[0-9a-f]{40,128}`, text) ||
		is(`(sha1|md5)\$[^$]*\$[0-9a-f]{32,40}|\*[0-9A-F]{40}`, text) ||
		strings.HasPrefix(text, "pbkdf2_") && is(`pbkdf2_sha(1|256|512)\$\d+\$[^$]+\$[A-Za-z0-9+/]{27,}=*`, text)
}

// isLDAPHash reports whether a text is a hash of a scheme, which is in upper case.
func isLDAPHash(scheme, text string) bool {
	switch {
	case isCryptHash(text):
		return is(`(CRYPT|BCRYPT|ARGON2|SCRYPT|PBKDF2)(@?[A-Z0-9_.-]*)`, scheme)
	case strings.HasPrefix(scheme, "PBKDF2"):
		return is(`\d+\$[A-Za-z0-9+/.]{11,}=*\$[A-Za-z0-9+/.]{27,}=*|[0-9a-f]{64,}`, text)
	}
	return is(`S?SHA(1|224|256|384|512)?|S?MD5`, scheme) && is(`[A-Za-z0-9+/]{22,}={0,2}`, text)
}

// isCryptHash reports whether a text has one of the forms that begin with a dollar sign.
func isCryptHash(text string) bool {
	if !strings.HasPrefix(text, "$") {
		return false
	}
	const own, b64 = `[./A-Za-z0-9]`, `[A-Za-z0-9+/.]` // the alphabets of crypt(5) and of base64
	id, _, _ := strings.Cut(text[1:], "$")
	switch id {
	case "2a", "2b", "2x", "2y":
		return is(`\$2.\$\d\d\$`+own+`{53}`, text)
	case "argon2id", "argon2i", "argon2d":
		return is(`\$\w+\$(v=\d+\$)?m=\d+,t=\d+,p=\d+(,\w+=[^$]*)*\$`+b64+`{8,}=*\$`+b64+`{16,}=*`, text)
	case "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		return is(`\$[^$]+\$(i=)?\d+(,l=\d+)?\$`+b64+`{8,}=*\$`+b64+`{20,}=*`, text)
	case "scrypt":
		return is(`\$scrypt\$ln=\d+,r=\d+,p=\d+\$`+b64+`{8,}=*\$`+b64+`{20,}=*`, text)
	case "s0":
		return is(`\$s0\$[0-9a-f]+\$`+b64+`{16,}=*\$`+b64+`{20,}=*`, text)
	case "1", "apr1":
		return is(`\$\w+\$[^$]{1,8}\$`+own+`{22}`, text)
	case "5":
		return is(`\$5\$(rounds=\d+\$)?[^$]{1,16}\$`+own+`{43}`, text)
	case "6":
		return is(`\$6\$(rounds=\d+\$)?[^$]{1,16}\$`+own+`{86}`, text)
	case "y", "gy", "7":
		return is(`\$\w+\$`+own+`+\$`+own+`*\$`+own+`{43}`, text) || is(`\$7\$`+own+`{11,}\$`+own+`{43}`, text)
	case "P", "H":
		return is(`\$[PH]\$`+own+`{31}`, text)
	}
	return false
}

// is reports whether a whole text matches an expression. It is compiled for each of the few texts that
// begin like a hash.
func is(expression, text string) bool {
	return regexp.MustCompile(`^(?:` + expression + `)$`).MatchString(text)
}
