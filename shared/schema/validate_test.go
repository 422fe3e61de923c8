package schema_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"identitypools/shared/schema"
)

func TestValidateRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	s := mustCompile(t, `{}`)
	for _, row := range []struct{ name, value, wrong string }{
		{"nothing", ``, ""},
		{"null", `null`, ""},
		{"a list", `[]`, ""},
		{"a string", `"a"`, ""},
		{"malformed JSON", `{"a":[1,}`, "/a"},
		{"two values", `{}{}`, ""},
		{"a member twice", `{"b":{"a":1,"a":2}}`, "/b/a"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", "/a"},
		{"a number beyond a double", `{"a":[1e999]}`, "/a/0"},
		{"depth", strings.Repeat(`{"a":`, schema.MaxValueDepth) + `[]` + strings.Repeat(`}`, schema.MaxValueDepth), ""},
		{"a bomb", strings.Repeat(`{"a":`, 20_000), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := s.Validate([]byte(row.value))
			if err == nil {
				t.Fatal("is valid")
			}
			if got := strings.Join(pointers(t, err), " "); got != row.wrong && row.name != "a bomb" {
				t.Errorf("wrong at %q, want %q (%v)", got, row.wrong, err)
			}
		})
	}
	const levels = schema.MaxValueDepth - 1
	deep := strings.Repeat(`{"a":`, levels) + `[1]` + strings.Repeat(`}`, levels)
	if err := s.Validate([]byte(deep)); err != nil {
		t.Errorf("at the limit of depth: %v", err)
	}
}

// Numbers are compared as they are written, and not as doubles, to which neighbours beyond 2^53 are the
// same.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		keyword, value string
		valid          bool
	}{
		{`"maximum":9007199254740992`, `9007199254740993`, false},
		{`"maximum":9007199254740992`, `9007199254740992.0`, true},
		{`"maximum":9007199254740992`, `9007199254740992.00000001`, false},
		{`"maximum":9223372036854775807`, `9223372036854775808`, false},
		{`"maximum":9223372036854775807`, `9.223372036854775807e18`, true},
		{`"minimum":-9223372036854775808`, `-9223372036854775809`, false},
		{`"minimum":9007199254740993`, `9007199254740992`, false},
		{`"minimum":0`, `-0`, true},
		{`"minimum":0`, `-5e-324`, false},
		{`"exclusiveMaximum":9007199254740993`, `9007199254740992`, true},
		{`"exclusiveMinimum":9007199254740992`, `9007199254740993`, true},
		{`"exclusiveMinimum":1`, `1.0`, false},
		{`"multipleOf":10`, `9007199254740993`, false},
		{`"multipleOf":10`, `123456789012345678901234567890`, true},
		{`"multipleOf":3`, `1e300`, false},
		{`"multipleOf":3`, `0`, true},
		{`"type":"integer"`, `9007199254740993.5`, false},
		{`"type":"integer"`, `9007199254740993.0`, true},
		{`"type":"integer"`, `1e300`, true},
		{`"type":"integer"`, `15e-1`, false},
		{`"uniqueItems":true`, `[123456789012345678,123456789012345679]`, true},
		{`"uniqueItems":true`, `[123456789012345678,123456789012345678.0]`, false},
		{`"uniqueItems":true`, `[100,1E2]`, false},
		{`"uniqueItems":true`, `[0,-0]`, false},
		{`"uniqueItems":true`, `[0.0,-0.0]`, false},
		{`"uniqueItems":true`, `[1,"1",true,[1],{"1":1}]`, true},
		{`"uniqueItems":true`, `[{"id":123456789012345678},{"id":123456789012345679}]`, true},
	} {
		err := mustCompile(t, `{"properties":{"a":{`+row.keyword+`}}}`).Validate([]byte(`{"a":` + row.value + `}`))
		if (err == nil) != row.valid {
			t.Errorf("%s, value %s: %v", row.keyword, row.value, err)
		}
	}
}

// A value may be secret, and an answer that repeats it may be logged.
func TestReasonsNeverRepeatTheValue(t *testing.T) {
	t.Parallel()
	const secret = "hunter2secret"
	rules := []string{
		`"type":"number"`, `"const":"x"`, `"enum":["x"]`, `"minLength":100`, `"maxLength":1`, `"pattern":"^x$"`, `"anyOf":[{"type":"null"}]`,
		`"oneOf":[{"const":"x"}]`, `"not":{}`, `"allOf":[{"maxLength":1}]`, `"if":{},"then":{"maxLength":1}`,
	}
	for _, keyword := range rules {
		s := mustCompile(t, `{"properties":{"a":{`+keyword+`},"b":{"uniqueItems":true}}}`)
		err := s.Validate([]byte(`{"a":"` + secret + `","b":["` + secret + `","` + secret + `"]}`))
		if got := pointers(t, err); len(got) < 2 || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", keyword, err)
		}
	}
}

func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	s := mustCompile(t, `{"additionalProperties":false}`)
	t.Run("in number", func(t *testing.T) {
		t.Parallel()
		value := `{` + many(1000, func(i int) string { return fmt.Sprintf(`"m%04d":1`, i) }) + `}`
		if got := pointers(t, s.Validate([]byte(value))); len(got) != schema.MaxViolations ||
			got[0] != "/m0000" || got[49] != "/m0049" {
			t.Errorf("wrong at %q", got)
		}
	})
	t.Run("in size", func(t *testing.T) {
		t.Parallel()
		value := `{` + many(20, func(i int) string { return fmt.Sprintf(`"%02d%s":1`, i, strings.Repeat("x", 5000)) }) + `}`
		if got := pointers(t, s.Validate([]byte(value))); len(got) != 3 {
			t.Errorf("%d violations with pointers of 5 KB", len(got))
		}
	})
}

func TestCache(t *testing.T) {
	t.Parallel()
	var c schema.Cache
	first, err := c.Compile("t", "s", 1, []byte(`{"required":["a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, tenant, id string
		version          int64
		same             bool
	}{
		{"the same version", "t", "s", 1, true},
		{"another version", "t", "s", 2, false},
		{"another schema", "t", "s2", 1, false},
		{"another tenant", "t2", "s", 1, false},
	} {
		got, err := c.Compile(row.tenant, row.id, row.version, []byte(`{}`))
		if err != nil || (got == first) != row.same {
			t.Errorf("%s: same is %v, want %v, %v", row.name, got == first, row.same, err)
		}
	}
	if _, err := c.Compile("t", "bad", 1, []byte(`{"format":"x"}`)); !slices.Equal(pointers(t, err), []string{"/format"}) {
		t.Errorf("error is %v", err)
	}
	if _, err := c.Compile("t", "bad", 1, []byte(`{}`)); err != nil {
		t.Errorf("an error was kept: %v", err)
	}
}

// TestCacheIsBounded fills a cache from several goroutines with more than it can hold. Each of them
// still gets its own schema.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c schema.Cache
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 200 {
				name := fmt.Sprintf("m%d", (g*37+i)%200)
				document := fmt.Sprintf(`{"title":%q,"required":[%q]}`, strings.Repeat("x", 4000), name)
				s, err := c.Compile("t", name, 1, []byte(document))
				if err != nil {
					t.Error(err)
				} else if got := s.Validate([]byte(`{}`)); got == nil ||
					!strings.HasPrefix(got.Error(), "/"+name+":") {
					t.Errorf("%s: %v", name, got)
				}
			}
		})
	}
	all.Wait()
}
