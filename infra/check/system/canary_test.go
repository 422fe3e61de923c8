package system_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// class is the kind of a text in a request.
type class string

// These are the classes of texts.
const (
	secretText   class = "s" // passwords, codes, tickets, tokens, secrets of clients
	addressText  class = "a" // identifiers and addresses
	personalText class = "p" // what users tell about themselves
	settingText  class = "c" // names and descriptions of pools and schemas
	returnText   class = "u" // URLs to return to after an activation
	keyText      class = "k" // Idempotency-Key
	idText       class = "i" // ids that the caller chose, which are not secret and may be logged
	strayText    class = "x" // other texts, which must not be stored or logged
)

// allowedClasses returns the classes that each kind of item may contain, with the reasons. Other
// classes are not allowed. A kind that is missing fails the test, so that somebody decides about
// each new kind. No kind may contain a secret.
func allowedClasses() map[string]map[class]string {
	return map[string]map[class]string{
		"POOL POOL": {
			settingText:  "it is the pool",
			personalText: "a pool has metadata, which administrators fill",
		},
		"POOL COUNT": {},
		"POOL MAIL":  {settingText: "it is what the pool's mails say"},
		"POOL NAME": {
			settingText: "of a deleted pool, for a day: a list by name goes on after it",
		},
		"SCHEMA SCHEMA": {settingText: "it is the schema"},
		"USERS":         {addressText: "the user's own", personalText: "the user's own"},
		"CLAIM CLAIM":   {addressText: "is its key: whose the address is"},
		"USER REG": {
			addressText: "where its code goes", personalText: "waits to become the user's",
		},
		"USER CODE":       {addressText: "what the code proves"},
		"USER SPARE":      {},
		"USER SESSION":    {},
		"USER GRANT":      {idText: "what the application asks for"},
		"MAILBOX MAILBOX": {idText: "which registrations wait"},
		"MAILBOX ASKED":   {},
		"MESSAGE MESSAGE": {
			addressText: "where the mail goes; it goes when the mail has",
			returnText:  "is put into the mail's link",
		},
		"SUPPRESSED SUPPRESSED":   {addressText: "is its key: where nothing is sent"},
		"LIMIT PASSWORD":          {},
		"LIMIT DEVICE":            {},
		"LIMIT day":               {},
		"ANSWER ANSWER":           {},
		"CLIENT CLIENT":           {},
		"APPLICATION APPLICATION": {settingText: "it is the application", idText: "its URIs and scopes"},
		"WORKSPACE WORKSPACE":     {settingText: "it is the workspace", idText: "its id"},
		"WORKSPACE IDP":           {settingText: "it is the connection", idText: "its id"},
		"WORKSPACE POOL":          {},
		"KEYS KEYS":               {},
	}
}

// repeatsSecret reports whether the answer of an operation may repeat a secret of the request. A
// page carries the code of its link in its form, and shows a code that was typed.
func repeatsSecret(operation, at string) bool {
	return strings.Contains(at, "code") && slices.Contains([]string{
		"public.activationPage", "public.activateByPage", "public.activateByCode", "public.activateByTypedCode",
		"public.resetPage", "public.resetByPage", "public.resetByCode", "public.verificationPage", "public.verifyByPage",
	}, operation)
}

// canaryPrefix is part of every canary and of no other text. It consists of small letters, which
// normalizing does not change.
const canaryPrefix = "zcanaryz"

// sourcePrefix is the beginning of the IP addresses that requests come from. Each request has
// another address.
const sourcePrefix = "2001:db8:c0de"

var canaryPattern = regexp.MustCompile(canaryPrefix + `([a-z])(\d{5})`)

// leakTest is a product whose requests contain canaries, which are texts that are found again
// wherever they are written. It records every canary and every secret that the product made.
type leakTest struct {
	product  *systemtest.Product
	log      metricLog
	ses      *refusingSES
	places   []string          // where each canary was, by its number
	secrets  map[string]string // where each secret was
	seen     map[string]bool   // kinds of items that were in the table
	requests int
}

// canary returns a new canary for a place in a request.
func (a *leakTest) canary(c class, at string) string {
	a.places = append(a.places, at)
	text := fmt.Sprintf("%s%s%05d", canaryPrefix, c, len(a.places)-1)
	if c == secretText {
		a.secrets[text] = at
	}
	return text
}

// addSecrets records the secrets in an answer.
func (a *leakTest) addSecrets(operation, body string) {
	var answer fields
	if json.Unmarshal([]byte(body), &answer) != nil {
		return
	}
	for _, name := range []string{"access_token", "client_secret", "code", "extended_code", "secret", "ticket"} {
		if text, ok := answer[name].(string); ok {
			a.secrets[text] = name + " in the answer of " + operation
		}
	}
}

// V16.2.5, V16.4.1, V14.2.1, "Logs hold no personal data, code, password or token", "No plain code
// is ever stored": the test puts canaries into every field of every route, in valid and invalid
// requests, while the table works and while it fails. Then it searches everything that the product
// has written.
func TestWhatIsSecretOrPersonalStaysWhereItBelongs(t *testing.T) {
	t.Parallel()
	a := newLeakTest(t)
	for _, route := range functions.Routes() {
		a.callRoute(t, route)
	}
	if len(a.places) < 500 || len(a.product.Stored(t, "MESSAGE#")) < 20 {
		t.Fatalf(
			"%d canaries, %d messages: the routes were not called", len(a.places),
			len(a.product.Stored(t, "MESSAGE#")),
		)
	}
	a.searchTable(t) // while the messages are in the outbox
	a.runCourier(t)
	a.searchTable(t)
	for kind := range allowedClasses() {
		if !a.seen[kind] {
			t.Errorf("the table has had no item %q: the test has not seen what it holds", kind)
		}
	}
	a.searchLog(t)
	t.Logf(
		"%d requests, %d canaries, %d secrets, %d bytes of log", a.requests, len(a.places),
		len(a.secrets), len(a.log.String()),
	)
}

// runCourier lets the courier send the messages that wait, after they have met every fault between
// the stream and SES.
func (a *leakTest) runCourier(t *testing.T) {
	t.Helper()
	users, messages := a.product.Stored(t, "USERS#"), a.product.Stored(t, "MESSAGE#")
	work := func(items ...systemtest.Item) {
		for i, it := range items {
			event := systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, it)
			a.product.Stream(failingContext(t, i%5), event)
			a.product.Stream(t.Context(), event)
		}
	}
	work(users...)
	a.ses.refuse("AccessDeniedException", 403)
	work(messages...)
	a.ses.refuse("MessageRejected", 400)
	work(messages[:len(messages)/4]...)
	a.ses.refuse("", 0)
	work(messages...)
	for range 5 { // a message waits if its mailbox has just got another mail
		a.product.Clock.Advance(2 * time.Minute)
		a.product.Tick(t)
	}
	if left := a.product.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("still in the outbox: %d messages", len(left))
	}
	codes := regexp.MustCompile(`(?m)^\s+(\d{12})$|[?&]code=([\w-]+)`)
	for _, m := range a.ses.mails() {
		for _, code := range codes.FindAllStringSubmatch(m, -1) {
			a.secrets[code[1]+code[2]] = "a mail"
		}
	}
	for _, address := range []string{
		a.canary(addressText, "a bounce") + "@example.com",
		a.canary(addressText, "a bounce of no address"),
	} {
		notice := systemtest.BounceEvent(t, address)
		for _, ctx := range []context.Context{failingContext(t, 0), t.Context()} {
			_, err := a.product.Keeper.Handle(ctx, notice)
			_, _ = fmt.Fprintln(&a.log, err) // as Lambda does
		}
	}
}

// searchTable searches all items for canaries and secrets.
func (a *leakTest) searchTable(t *testing.T) {
	t.Helper()
	allowed, search := allowedClasses(), a.search()
	pages := dynamodb.NewScanPaginator(a.product.DB, &dynamodb.ScanInput{
		TableName: aws.String(a.product.TableName),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			kind := kindOfItem(it)
			classes, known := allowed[kind]
			if !known {
				t.Errorf("nobody has decided what an item of the kind %q may hold", kind)
			}
			a.seen[kind] = true
			search(
				t, "an item "+kind, texts(&types.AttributeValueMemberM{Value: it}),
				func(c class) bool { return classes[c] != "" || c == idText },
			)
		}
	}
}

// kindOfItem returns the first parts of an item's keys. The sort key of a user is only its id, and
// that of a budget is its day.
func kindOfItem(it map[string]types.AttributeValue) string {
	first, _, _ := strings.Cut(texts(it["pk"]), "#")
	second, _, _ := strings.Cut(texts(it["sk"]), "#")
	switch {
	case first == "USERS":
		return first
	case first == "LIMIT" && second[0] <= '9':
		return first + " day"
	}
	return first + " " + second
}

// texts returns all texts in a value, one on each line.
func texts(value types.AttributeValue) string {
	var all strings.Builder
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		all.WriteString(v.Value)
	case *types.AttributeValueMemberN:
		all.WriteString(v.Value)
	case *types.AttributeValueMemberB:
		all.Write(v.Value)
	case *types.AttributeValueMemberSS:
		all.WriteString(strings.Join(v.Value, "\n"))
	case *types.AttributeValueMemberNS:
		all.WriteString(strings.Join(v.Value, "\n"))
	case *types.AttributeValueMemberBS:
		for _, b := range v.Value {
			all.WriteString(string(b) + "\n")
		}
	case *types.AttributeValueMemberL:
		for _, element := range v.Value {
			all.WriteString(texts(element) + "\n")
		}
	case *types.AttributeValueMemberM:
		for name, element := range v.Value {
			all.WriteString(name + "\n" + texts(element) + "\n")
		}
	}
	return all.String()
}

// searchLog searches the log, including its metrics, for canaries and secrets.
func (a *leakTest) searchLog(t *testing.T) {
	t.Helper()
	log, search := a.log.String(), a.search()
	for _, must := range []string{
		"request failed", "panic", `"_aws"`, "message failed", "counting users failed",
		"message rejected", "notice of SES names no address",
	} {
		if !strings.Contains(log, must) {
			t.Errorf("nothing has logged %q: the test has not seen what it says", must)
		}
	}
	for line := range strings.Lines(log) {
		search(t, "the log", line, func(c class) bool { return c == idText })
	}
}

// search returns a function that reports every secret in a text, and every canary whose class is
// not allowed there, in any encoding.
func (a *leakTest) search() func(t *testing.T, where, text string, may func(class) bool) {
	whose := map[string]string{} // by encoding
	for secret, at := range a.secrets {
		for _, encoded := range encodings(secret) {
			whose[encoded] = at
		}
	}
	for _, encoded := range encodings(canaryPrefix)[1:] {
		whose[encoded] = "a canary"
	}
	return func(t *testing.T, where, text string, may func(class) bool) {
		t.Helper()
		for _, found := range canaryPattern.FindAllStringSubmatch(strings.ToLower(text), -1) {
			if n, _ := strconv.Atoi(found[2]); !may(class(found[1])) {
				t.Errorf("%s holds what was in %s: %.300q", where, a.places[n], text)
			}
		}
		for encoded, at := range whose {
			if contains(text, encoded) {
				t.Errorf("%s holds the secret of %s as %q: %.300q", where, at, encoded, text)
			}
		}
	}
}

// contains reports whether a text contains a secret. A short code is a secret only where it is a whole
// number: times, durations and addresses in the stack of a panic have the same six digits now and then.
func contains(text, secret string) bool {
	if !isShortCode(secret) {
		return strings.Contains(text, secret)
	}
	for end := 0; ; {
		start := strings.Index(text[end:], secret)
		if start < 0 {
			return false
		}
		start += end
		end = start + len(secret)
		if !endsInNumber(text[:start]) && !beginsInNumber(text[end:]) {
			return true
		}
	}
}

// endsInNumber reports whether what comes after a text belongs to a number or word at its end.
func endsInNumber(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimSuffix(text, "."))
	return unicode.IsDigit(last) || unicode.IsLetter(last) && !strings.HasSuffix(text, ".")
}

// beginsInNumber reports whether what comes before a text belongs to a number or word at its beginning.
func beginsInNumber(text string) bool {
	next, _ := utf8.DecodeRuneInString(strings.TrimPrefix(text, "."))
	return unicode.IsDigit(next) || unicode.IsLetter(next) && !strings.HasPrefix(text, ".")
}

// isShortCode reports whether a secret has only digits.
func isShortCode(secret string) bool { return strings.Trim(secret, "0123456789") == "" }

// encodings returns a text and its usual encodings, such that they are found wherever the text is
// in a longer one.
func encodings(text string) []string {
	all := []string{
		text, hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
	}
	if escaped := url.QueryEscape(text); escaped != text {
		all = append(all, escaped)
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := encoding.EncodeToString(slices.Concat(make([]byte, before), []byte(text)))
			// The digits that depend on the bytes around the text are left out.
			all = append(all, encoded[(before*8+5)/6:(before+len(text))/3*4])
		}
	}
	return all
}

// The encodings are found in longer texts, so a search that finds nothing means something.
func TestASpellingIsFound(t *testing.T) {
	t.Parallel()
	const text = "a secret/that+is?kept"
	for before := range 4 {
		for after := range 4 {
			whole := strings.Repeat("~", before) + text + strings.Repeat("~", after)
			for name, encoded := range map[string]string{
				"as it is": whole, "hex": hex.EncodeToString([]byte(whole)),
				"url":       url.QueryEscape(whole),
				"base64":    base64.StdEncoding.EncodeToString([]byte(whole)),
				"base64url": base64.URLEncoding.EncodeToString([]byte(whole)),
			} {
				if !slices.ContainsFunc(encodings(text), func(s string) bool { return strings.Contains(encoded, s) }) {
					t.Errorf("%s, %d before and %d after: %s", name, before, after, encoded)
				}
			}
		}
	}
}

// A short code is found wherever somebody writes it, and not in the numbers that the logger makes.
func TestAShortCodeIsFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"748496":                                    true,
		`{"code":"748496"}`:                         true,
		`{"code":748496}`:                           true,
		"the code 748496.":                          true,
		"no.748496, as sent":                        true,
		"/activate?code=748496&x":                   true,
		"at 26.748496+01:00 came code=748496":       true, // the second time
		`"time":"2026-11-30T09:13:26.87484963Z"`:    false,
		`"time":"2026-11-30T09:13:26.748496Z"`:      false,
		`"time":"2026-11-30T09:13:26.748496+01:00"`: false,
		`"ms":12.748496`:                            false,
		`"bytes":748496.5`:                          false,
		"main.run(0xc000748496)":                    false,
		"":                                          false,
	} {
		if got := contains(text, "748496"); got != want {
			t.Errorf("found in %q: %t", text, got)
		}
	}
}

// newLeakTest starts a product whose calls can fail and panic and whose log is kept.
func newLeakTest(t *testing.T) *leakTest {
	t.Helper()
	a := &leakTest{
		secrets: map[string]string{sourcePrefix: "where a request comes from"},
		seen:    map[string]bool{}, ses: newRefusingSES(t),
	}
	a.product = systemtest.New(
		t, alone, a.log.Option, systemtest.WithMiddleware(systemtest.InjectFaults), systemtest.WithoutPauses,
		systemtest.WithMiddleware(panicking), func(c *system.Config) { c.SESURL = a.ses.url },
	)
	return a
}
