package page

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"identitypools/shared/language"
)

// Said returns the message with the given key as a part of a page. The pairs are names and values in turn,
// as for language.Words.Say. Values, such as an address that somebody typed, are bold, and each is set in
// its own direction. A value with the name n is a number, which is not bold.
func Said(words language.Words, key string, pairs ...string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		values := make([]string, len(pairs))
		for i, part := range pairs {
			switch {
			case i%2 == 0:
				values[i] = part
			case pairs[i-1] == "n":
				values[i] = templ.EscapeString(part)
			default:
				values[i] = "<bdi>" + templ.EscapeString(part) + "</bdi>"
			}
		}
		_, err := io.WriteString(w, escaped(words).Say(key, values...))
		return err
	})
}

// escaped are words whose messages are escaped when they are said.
type escaped language.Words

// Say returns the message with the given key as HTML. The values are HTML already.
func (e escaped) Say(key string, pairs ...string) string {
	text, known := e[key]
	if !known {
		text = key
	}
	return language.Words{key: templ.EscapeString(text)}.Say(key, pairs...)
}
