package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxCallName is the largest number of characters of a name with which a mail addresses somebody.
const maxCallName = 64

// CallName returns the name by which a mail may call the user: the first of the payload's members
// given_name, first_name and name that is such a name. It returns "" if there is none.
//
// A name consists of letters, spaces, hyphens and apostrophes, with a dot only at the end of a word
// that a space follows. So it can be neither markup nor anything that a mail client makes a link of,
// such as example.com or an address. Whoever calls it decides whether the receiver of the mail may
// read it, and whether a stranger may have given it: see MailName.
func (u User) CallName() string {
	var claims struct {
		GivenName jsontext.Value `json:"given_name"`
		FirstName jsontext.Value `json:"first_name"`
		Name      jsontext.Value `json:"name"`
	}
	if json.Unmarshal(u.Payload, &claims, jsontext.AllowDuplicateNames(true)) != nil {
		return ""
	}
	for _, claim := range []jsontext.Value{claims.GivenName, claims.FirstName, claims.Name} {
		if claim.Kind() != '"' {
			continue
		}
		var name string
		_ = json.Unmarshal(claim, &name) // it is a string, so this cannot fail
		if name = strings.TrimSpace(name); isCallName(name) {
			return name
		}
	}
	return ""
}

// MailName returns the name by which a mail to an address may call the user, or "" for none. The mail
// has it only if the receiver is the user and no stranger chose the name. Otherwise somebody who signs
// up, or adds an address, could put a text into a mail to anybody. So the address must be
//   - a verified one of an active user;
//   - one that belongs to an active user whom an administrator or a back end made;
//   - or one with which such a user can be activated.
func (u User) MailName(normalized string) string {
	var vouched []Address
	switch {
	case u.Status == StatusActive:
		vouched = u.OwnAddresses()
	case u.Status == StatusNew && !u.SelfRegistered:
		vouched = u.CandidateAddresses()
	}
	if slices.ContainsFunc(vouched, func(a Address) bool {
		return a.Normalized == normalized && (a.Verified || !u.SelfRegistered)
	}) {
		return u.CallName()
	}
	return ""
}

// isCallName reports whether a text is a name as CallName describes it.
func isCallName(text string) bool {
	if text == "" || utf8.RuneCountInString(text) > maxCallName {
		return false
	}
	runes := []rune(text)
	for i, r := range runes {
		isEnd := i == len(runes)-1 || runes[i+1] == ' '
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r) && i > 0, r == ' ':
		case strings.ContainsRune("-'’‑", r):
		case r == '.' && i > 0 && isEnd:
		default:
			return false
		}
	}
	return unicode.IsLetter(runes[0])
}
