package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"identitypools/shared/api"
)

// A page is refused if it is too large for Lambda in the form in which Lambda gets it.
func TestReplyPage(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"plain": "x", "quotes": `"`, "backslashes": `\`, "separators": "\u2028\u2029",
		"controls": "\x01", "markup": "<>&", "wide": "é", "wider": "𝄞", "broken": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sizeOf := func(n int) (status, size int) {
				w := httptest.NewRecorder()
				list := func(context.Context, api.PlainCall) (api.Page[string], error) {
					return api.Page[string]{Items: []string{strings.Repeat(unit, n)}}, nil
				}
				action := api.List("texts", list, func(text string) string { return text })
				h, err := api.New(
					api.NewFunction("test", api.ForPeople("GET", "/", "test", action)), api.Options{Log: silent()},
				)
				if err != nil {
					t.Fatal(err)
				}
				h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				var written bytes.Buffer
				encoder := json.NewEncoder(&written)
				encoder.SetEscapeHTML(false)
				if err := encoder.Encode(w.Body.String()); err != nil {
					t.Fatal(err)
				}
				return w.Code, written.Len() - len("\"\"\n")
			}
			_, one := sizeOf(1)
			_, two := sizeOf(2)
			rest := one - (two - one)
			fits := (api.MaxAnswer - rest) / (two - one)
			if status, size := sizeOf(fits); status != 200 || size < api.MaxAnswer-(two-one) || size > api.MaxAnswer {
				t.Errorf("a page that fits answers %d with %d bytes", status, size)
			}
			if status, size := sizeOf(fits + 1); status != 422 || size > 1000 {
				t.Errorf("a page that is too large answers %d with %d bytes", status, size)
			}
		})
	}
}
