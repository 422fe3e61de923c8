package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"identitypools/shared/schema"
)

// hostile returns schemas and values that are made to take long. The check of those with tooMuch
// must be given up; the others are large and must still be checked to the end.
func hostile() []struct {
	name, document, value string
	tooMuch               bool
} {
	numbers := func(n int) string { return many(n, func(i int) string { return fmt.Sprint(i) }) }
	wide := `{"a":[` + strings.Repeat("1,", 30_000) + `1]}`
	return []struct {
		name, document, value string
		tooMuch               bool
	}{
		{"a pattern that backtracks elsewhere", `{"properties":{"a":{"pattern":"^(a+)+$"}}}`, `{"a":"` + strings.Repeat("a", 60_000) + `!"}`, false},
		{"a large automaton on a long text", `{"properties":{"a":{"pattern":"(?:[ab]{500}[ac]{500}){1}x"}}}`, `{"a":"` + strings.Repeat("a", 60_000) + `"}`, true},
		{"an automaton with all states busy", `{"properties":{"a":{"pattern":"(?:a?){300}a{300}x"}}}`, `{"a":"` + strings.Repeat("a", 27_000) + `"}`, false},
		{
			"many patterns on many names", `{"patternProperties":{` + many(schema.MaxPatterns, func(i int) string { return fmt.Sprintf(`"(?:a|b){1,60}%d$":{}`, i) }) + `}}`,
			`{` + many(6000, func(i int) string { return fmt.Sprintf(`"ababab%d":1`, i) }) + `}`, true,
		},
		{"60,000 unlike items", `{"properties":{"a":{"uniqueItems":true}}}`, `{"a":[` + numbers(60_000) + `]}`, false},
		{
			"items that the library would hash alike", `{"properties":{"a":{"uniqueItems":true}}}`,
			`{"a":[` + many(350, func(i int) string {
				return fmt.Sprintf(`["%s","%s"]`, strings.Repeat("a", i), strings.Repeat("a", 350-i))
			}) + `]}`, false,
		},
		{
			"unique items at each level", `{"properties":{"a":` + strings.Repeat(`{"uniqueItems":true,"items":`, 13) + `{}` + strings.Repeat(`}`, 13) + `}}`,
			`{"a":` + strings.Repeat(`[`, 12) + numbers(20_000) + strings.Repeat(`]`, 12) + `}`, false,
		},
		{"many schemas for many items", `{"properties":{"a":{"items":{"allOf":[` + many(400, func(i int) string { return fmt.Sprintf(`{"minimum":%d}`, -i) }) + `]}}}}`, wide, true},
		{"many failing alternatives for many items", `{"properties":{"a":{"items":{"anyOf":[` + many(400, func(i int) string { return fmt.Sprintf(`{"enum":["%d"]}`, i) }) + `,{}]}}}}`, wide, true},
		{"a large enum for many items", `{"properties":{"a":{"items":{"enum":[` + many(schema.MaxEnum, func(i int) string { return fmt.Sprintf(`"%d"`, i) }) + `]}}}}`, wide, false},
		{
			"long names required of many items", `{"properties":{"a":{"items":{"required":[` + many(2000, func(i int) string { return fmt.Sprintf(`"%d"`, i) }) + `]}}}}`,
			`{"a":[` + strings.Repeat("{},", 20_000) + `{}]}`, false,
		},
		{"a long text in all alternatives", `{"properties":{"a":{"anyOf":[` + many(400, func(i int) string { return fmt.Sprintf(`{"maxLength":%d}`, i) }) + `]}}}`, `{"a":"` + strings.Repeat("\\u0001", 10_000) + `"}`, false},
		{
			"a long text in all alternatives of all items", `{"properties":{"a":{"items":{"oneOf":[` + many(400, func(i int) string { return fmt.Sprintf(`{"maxLength":%d}`, i) }) + `]}}}}`,
			`{"a":[` + many(60, func(int) string { return `"` + strings.Repeat("a", 1000) + `"` }) + `]}`, true,
		},
		{"nested conditions", `{"if":` + strings.Repeat(`{"if":`, 13) + `{}` + strings.Repeat(`,"then":{"not":{}}}`, 13) + `}`, `{}`, false},
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, row := range hostile() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := mustCompile(t, row.document).Validate([]byte(row.value))
			gaveUp := err != nil && strings.Contains(err.Error(), "takes too much work")
			if gaveUp != row.tooMuch {
				t.Errorf("gave up: %v, want %v (%.200v)", gaveUp, row.tooMuch, err)
			}
		})
	}
}

// BenchmarkHostile measures how long the most expensive checks take before they end or are given
// up.
func BenchmarkHostile(b *testing.B) {
	for _, row := range hostile() {
		b.Run(strings.ReplaceAll(row.name, " ", "-"), func(b *testing.B) {
			s, value := mustCompile(b, row.document), []byte(row.value)
			b.ReportAllocs()
			for b.Loop() {
				_ = s.Validate(value)
			}
		})
	}
}
