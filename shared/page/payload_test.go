package page_test

import (
	"net/url"
	"testing"

	"identitypools/shared/page"
)

// Numbers arrive as JSON writes them, and what is no number as a string, which a schema refuses.
func TestNumbersOfForms(t *testing.T) {
	t.Parallel()
	fields, err := page.PayloadFields([]byte(`{"properties":{"n":{"type":"number"}}}`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"5": "5", "05": "5", "000": "0", "0": "0", "-0": "-0", ".5": "0.5", "-.5": "-0.5", "00.50": "0.50", "+7": "7",
		"1e3": "1e3", "0e3": "0e3", ".5E-3": "0.5E-3", " 8 ": "8", "123456789012345678": "123456789012345678",
		"5.": `"5."`, ".": `"."`, "-": `"-"`, "+": `"+"`, "+-1": `"+-1"`, "--1": `"--1"`, "e5": `"e5"`, ".e5": `".e5"`,
		"1,5": `"1,5"`, "0x10": `"0x10"`, "null": `"null"`, "1e400": `"1e400"`, "NaN": `"NaN"`, "1 2": `"1 2"`,
	} {
		got := string(page.Payload(fields, url.Values{"/n": {typed}}))
		if got != `{"n":`+want+`}` {
			t.Errorf("%q becomes %s, want %s", typed, got, want)
		}
	}
}
