package password

import (
	"strings"
	"unicode"

	"identitypools/shared/identity"
)

// A part of a password is guessable for one of these reasons.
const (
	partRepeats  = "repeats"  // it repeats a character or what came before
	partSequence = "sequence" // its characters are neighbours in the alphabet, among digits or on a keyboard
	partCommon   = "common"   // it is a common password or word, or a year
	partName     = "address"  // it is an address or a name of the user, or the name of the pool
)

// partAt is a guessable part of a password, which ends before a character.
type partAt struct {
	end  int    // the index of the character
	cost int    // as how many characters of content the part counts
	why  string // one of the reasons above
}

// whyGuessable returns the reason for which a password is too easy to guess although it may be long, or ""
// if it is not. A password is, if it has less than identity.MinPasswordLength characters of content (NIST SP
// 800-63B-4 §3.1.1.2: that many are needed even beside another factor, and common values must be refused).
// Guessable parts count less than their characters, most of them as one: "password123456789" has two
// characters of content, and "yan@example.com is me" has five for Yan. The names are those of the user and
// the pool.
//
// It is a rule of our own, and does not estimate guesses: docs/dependencies.md says why.
func whyGuessable(password string, names []string) string {
	text := newGuessed(password)
	n := len(text.lower)
	least := make([]int, n+1)       // the content of what begins at a character, at least
	chosen := make([]partAt, n+1)   // with which part; none if the end is 0
	repeated := repeats(text.lower) // how much of what begins at a character came before
	for at := n - 1; at >= 0; at-- {
		least[at] = least[at+1] + 1
		for _, p := range text.partsAt(at, repeated[at], names) {
			if p.cost+least[p.end] < least[at] {
				least[at], chosen[at] = p.cost+least[p.end], p
			}
		}
	}
	if n == 0 || least[0] >= min(n, identity.MinPasswordLength) {
		return ""
	}
	covered, why := map[string]int{}, ""
	for at := 0; at < n; {
		p := chosen[at]
		if p.end == 0 {
			at++
			continue
		}
		if covered[p.why] += p.end - at; why == "" || covered[p.why] > covered[why] {
			why = p.why
		}
		at = p.end
	}
	return why
}

// guessable returns the rule that a password breaks for the reason.
func guessable(why string) identity.Rule {
	most := map[string]string{
		partRepeats:  "repeats the same characters",
		partSequence: "is a sequence, such as 12345 or qwerty",
		partCommon:   "is a common word or a year",
		partName:     "is an address or a name that others know",
	}[why]
	return identity.Rule{
		Code: "guessable", Params: identity.Params{"why": why}, Reason: "is easy to guess: most of it " + most,
	}
}

// guessed is a password as somebody who guesses reads it.
type guessed struct {
	lower []rune // in lower case
	plain []rune // besides with letters instead of the digits and signs that stand for them
}

func newGuessed(password string) guessed {
	lower := []rune(strings.ToLower(password))
	plain := make([]rune, len(lower))
	for i, r := range lower {
		plain[i] = letterFor(r)
	}
	return guessed{lower, plain}
}

// letterFor returns the letter for which a digit or a sign often stands in passwords, or r itself.
func letterFor(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', '!':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return r
}

// The lengths of the shortest parts, in characters. Shorter ones are in too many good passwords.
const (
	shortestRun      = 3
	shortestRepeat   = 3
	shortestDigits   = 3 // of a sequence of digits
	shortestLetters  = 4 // of the alphabet
	shortestKeyboard = 5
	shortestCommon   = 8 // in the list of common passwords
	longestCommon    = 16
	longestWord      = 12
)

// What the parts count as, in characters. The most common passwords of eight characters are about as hard
// to guess as four characters that nothing is known of.
const (
	costUsual  = 1
	costWord   = 2
	costCommon = 4
)

// partsAt returns the guessable parts that begin at a character, of which the given number of characters
// came before.
func (g guessed) partsAt(at, repeated int, names []string) (parts []partAt) {
	add := func(length, cost int, why string) { parts = append(parts, partAt{at + length, cost, why}) }
	rest := g.lower[at:]
	for length := shortestRepeat; length <= repeated; length++ {
		add(length, costUsual, partRepeats)
	}
	if length := runOf(rest); length >= shortestRun {
		add(length, costUsual, partRepeats)
	}
	if length := sequenceOf(rest); length > 0 {
		add(length, costUsual, partSequence)
	}
	if isYear(rest) {
		add(4, costUsual, partCommon)
	}
	for _, name := range names {
		if hasPrefix(rest, name) {
			add(len([]rune(name)), costUsual, partName)
		}
	}
	for _, reading := range [][]rune{rest, g.plain[at:]} {
		for length := 2; length <= min(longestCommon, len(reading)); length++ {
			text := string(reading[:length])
			if length >= shortestCommon && isCommon(text) {
				add(length, costCommon, partCommon)
			}
			if cost := wordCost(text); cost > 0 && length <= longestWord && (length > 3 || g.isWord(at, at+length)) {
				add(length, cost, partCommon)
			}
		}
	}
	return parts
}

// isWord reports whether no letter is before and after a part.
func (g guessed) isWord(from, to int) bool {
	return (from == 0 || !unicode.IsLetter(g.lower[from-1])) && (to == len(g.lower) || !unicode.IsLetter(g.lower[to]))
}

func hasPrefix(text []rune, prefix string) bool {
	for i, r := range []rune(prefix) {
		if i >= len(text) || text[i] != r {
			return false
		}
	}
	return true
}

// repeats returns for each character how many characters from there on also begin at an earlier one.
func repeats(text []rune) []int {
	longest := make([]int, len(text))
	for distance := 1; distance < len(text); distance++ {
		length := 0
		for at := len(text) - 1; at >= distance; at-- {
			if text[at] == text[at-distance] {
				length++
			} else {
				length = 0
			}
			longest[at] = max(longest[at], length)
		}
	}
	return longest
}

// runOf returns how often the first character is repeated at once, with the first.
func runOf(text []rune) int {
	length := 1
	for length < len(text) && text[length] == text[0] {
		length++
	}
	return length
}

// sequenceOf returns the length of the sequence with which a text begins, or 0 if there is none that is
// long enough.
func sequenceOf(text []rune) int {
	best := 0
	for _, step := range []rune{1, -1} {
		length := 1
		for length < len(text) && isNext(text[length-1], text[length], step) {
			length++
		}
		shortest := shortestLetters
		if unicode.IsDigit(text[0]) {
			shortest = shortestDigits
		}
		if length >= shortest {
			best = max(best, length)
		}
	}
	for _, row := range keyboardRows() {
		keys := []rune(row)
		for start, key := range keys {
			if key != text[0] {
				continue
			}
			for _, step := range []int{1, -1} {
				length := 0
				for k := start; k >= 0 && k < len(keys) && length < len(text) && text[length] == keys[k]; k += step {
					length++
				}
				if length >= shortestKeyboard {
					best = max(best, length)
				}
			}
		}
	}
	return best
}

// isNext reports whether b follows a among letters or among digits, of which 0 follows 9. A digit may be
// there twice, as in 112233.
func isNext(a, b, step rune) bool {
	switch {
	case '0' <= a && a <= '9' && '0' <= b && b <= '9':
		return b == a || (b-a-step)%10 == 0
	case unicode.IsLetter(a) && unicode.IsLetter(b), unicode.IsDigit(a) && unicode.IsDigit(b):
		return b-a == step
	}
	return false
}

// keyboardRows returns the rows of keyboards in the countries of identity.Languages and in Cyrillic, and the
// columns of digits and letters.
func keyboardRows() []string {
	return []string{
		"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiopü", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
		"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()", "!\"§$%&/()=",
	}
}

// isYear reports whether a text begins with a year from 1900 to 2099.
func isYear(text []rune) bool {
	if len(text) < 4 || string(text[:2]) != "19" && string(text[:2]) != "20" {
		return false
	}
	return '0' <= text[2] && text[2] <= '9' && '0' <= text[3] && text[3] <= '9'
}

// wordCost returns as how many characters a word counts that many passwords contain, or 0 if it is no such
// word. They are the words for a password and what people say with them, and further words that are in many
// lists of passwords, in the languages of identity.Languages. The list of common passwords has none of less
// than eight characters.
func wordCost(word string) int {
	switch word {
	case "password", "passwort", "passwd", "pass", "kennwort", "hasło", "haslo", "contraseña", "contrasena", "clave",
		"motdepasse", "mdp", "passphrase", "secret", "geheim", "secreto", "tajne", "code", "login", "admin",
		"administrator", "root", "user", "guest", "test", "welcome", "willkommen", "bienvenue", "bienvenido",
		"witaj", "letmein", "changeme", "default", "qwerty", "qwertz", "azerty", "hello", "hallo", "hola", "bonjour",
		"salut", "cześć", "пароль", "abc", "asd", "qwe", "xyz", "zxc":
		return costUsual
	case "a", "i", "is", "am", "me", "my", "it", "its", "the", "this", "that", "and", "new", "old", "one", "for", "you",
		"ich", "bin", "ist", "mein", "meine", "das", "der", "die", "ein", "und", "neu", "neues",
		"je", "suis", "mon", "ma", "est", "le", "la", "les", "moi", "et", "un", "une",
		"yo", "soy", "mi", "es", "el", "una", "nuevo", "nueva",
		"to", "ja", "jestem", "jest", "moje", "moja", "mój", "mnie", "nowe", "com", "www", "org", "net":
		return costUsual
	case "love", "lovely", "liebe", "amour", "amor", "kocham", "dragon", "monkey", "shadow", "master", "killer",
		"hunter", "soccer", "hockey", "batman", "ninja", "tiger", "angel", "flower", "summer", "winter", "spring",
		"autumn", "sommer", "herbst", "freedom", "cookie", "banana", "orange", "purple", "silver", "golden", "ginger",
		"pepper", "cheese", "chocolate", "internet", "google", "samsung", "apple", "iphone", "facebook",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "april",
		"august", "september", "october", "november", "december", "michael", "daniel", "jessica", "ashley", "thomas",
		"andrew", "charlie", "jordan", "michelle", "jennifer", "robert", "matthew", "joshua", "anthony", "nicole":
		return costWord
	}
	return 0
}
