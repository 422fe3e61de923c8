package mail

import "strings"

// maxGroup is the number of digits of a code that are read at a glance.
const maxGroup = 4

// groups returns a code in groups of three or four digits, which people read and type more easily
// than a long row: 6 digits become 3 and 3, and 10 become 3, 3 and 4. An extended code, which nobody
// types, is one group.
func groups(code string) []string {
	if strings.Trim(code, "0123456789") != "" {
		return []string{code}
	}
	number := (len(code) + maxGroup - 1) / maxGroup
	var list []string
	for ; number > 0; number-- {
		n := len(code) / number
		list, code = append(list, code[:n]), code[n:]
	}
	return list
}

// grouped returns a code in groups with a separator between them. The product takes a code with
// spaces wherever it takes one: see otp.Coder.Matches.
func grouped(code, separator string) string { return strings.Join(groups(code), separator) }
