package password_test

import (
	"fmt"
	"strings"
	"testing"

	"identitypools/shared/identity"
	"identitypools/shared/password"
)

// What is long and still guessed at once is refused, and the rule names what most of it is.
func TestGuessablePasswordsAreRefused(t *testing.T) {
	t.Parallel()
	u := identity.User{
		Identifiers: []identity.Identifier{{Normalized: "yan@example.com"}, {Normalized: "annemarie@example.org"}},
	}
	for why, texts := range map[string][]string{
		"repeats": {
			"aaaaaaaaaaaaaaaaaaaa", "................", "漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢", "abababababababab", "bobbobbobbobbob",
			"aaaabbbbccccdddd", "xyxyxyxyxyxyxyxy!", "zebrazebrazebra", "kot1kot1kot1kot1",
		},
		"sequence": {
			"123456789012345", "password123456789", "Password1234567890!", "abcdefghijklmnop", "zyxwvutsrqponmlk",
			"987654321098765", "112233445566778", "qwertyuiopasdfgh", "QWERTZUIOPasdf1", "1qaz2wsx3edc4rfv5tg", "poiuytrewq12345",
			"абвгдежзийклмно", "йцукенгшщзфывапр", "hello1234567890", "!@#$%^&*()!@#$%",
		},
		"common": {
			"my new password", "P4ssw0rd Passw0rd", "iloveyou iloveyou", "welcome to my login", "moje nowe hasło",
			"Mein Passwort ist", "contraseña nueva", "mon motdepasse est", "Summer2026!2026",
			"football2024!!!", "letmein letmein 2025",
		},
		"address": {
			"yan@example.com is me", "it is yan@example.com", "ich bin yan@example.com", "annemarie2026 abc",
			"to jest yan@example.com", "www.example.com 123", "my blue harbour 1", "je suis annemarie",
			"yan@example.com password",
		},
	} {
		for _, text := range texts {
			var rules []string
			for _, fault := range password.Faults(pool(identity.PasswordPolicy{}), u, text) {
				rules = append(rules, fmt.Sprint(fault.Code, ".", fault.Params["why"]))
			}
			if len(rules) != 1 || rules[0] != "guessable."+why {
				t.Errorf("%q (%s) breaks %q", text, why, rules)
			}
		}
	}
}

// A rule that refuses what is good is worse than none: people then choose what they can't remember.
func TestGoodPasswordsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"correct horse battery", "correct horse battery staple", "kumquats in jar", "Kumquats-1", "kumquats1",
		"der Hund bellt laut um drei", "Zwölf Boxkämpfer jagen Viktor", "w Szczebrzeszynie chrząszcz brzmi", "zażółć gęślą jaźń",
		"to jest moje hasło do banku", "un perro ladra en el parque", "trois petits cochons roses", "кот спит на крыше",
		"漢字仮名交じり文章", "Tr0ub4dor&3", "x7#Kq!2mZp", "bZk4hhw1sLq9", "f3a9c1e77b204d58", "4815 1623 4217 2903",
		"the cat sat on the mat", "my property tax return is late", "we were there in 1987", "row row row your boat gently",
		"annemarie walks her two dogs", "the stranger's password", "understudy defies hijinks", "liberty poverty property", "sunshine computer princess",
		"no more passwords for cats", "Łódź, Gdańsk, Kraków, Opole", "ad7c-19f0-bb21-8e6d", "monkey rides purple tractor",
		"moja babcia piecze sernik", "3 Äpfel und 7 Birnen", "vive les vacances en mai", "9302847561830",
		strings.Repeat("kumquat ", 32),
	} {
		for _, fault := range password.Faults(pool(identity.PasswordPolicy{}), user(), text) {
			t.Errorf("%q: %s %s", text, fault.Code, fault.Reason)
		}
	}
}

// The longest password is judged in less time than it takes to hash it, whatever it consists of.
func BenchmarkLongest(b *testing.B) {
	p, u := pool(identity.PasswordPolicy{}), user()
	for _, text := range []string{strings.Repeat("password123 ", 21), strings.Repeat("aB3$", 64), strings.Repeat("a", 256)} {
		b.Run(text[:12], func(b *testing.B) {
			for b.Loop() {
				password.Faults(p, u, text)
			}
		})
	}
}
