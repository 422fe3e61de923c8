package systemtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"identitypools/infra/deploy/gateway"
)

// ViolationPointers returns the sorted pointers of the fields that an error answer complains about.
// It fails the test if a violation has no reason.
func ViolationPointers(tb testing.TB, r Response) []string {
	tb.Helper()
	var answer struct {
		Details struct {
			Violations []struct{ Pointer, Reason string }
		}
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		tb.Fatalf("no JSON: %s", r.Body)
	}
	found := []string{}
	for _, v := range answer.Details.Violations {
		found = append(found, v.Pointer)
		if v.Reason == "" {
			tb.Errorf("no reason at %s", v.Pointer)
		}
	}
	slices.Sort(found)
	return found
}

// CheckRefusal fails the test unless an answer is an error with the status and the code and
// complains about exactly the given fields.
func CheckRefusal(tb testing.TB, r Response, status int, code string, at ...string) {
	tb.Helper()
	if r.Status != status || r.Text(tb, "error_code") != code {
		tb.Errorf("answered %d %.500s, want %d %s", r.Status, r.Body, status, code)
		return
	}
	if got := ViolationPointers(tb, r); !slices.Equal(got, slices.Sorted(slices.Values(at))) {
		tb.Errorf("the violations are at %.500v, want %v: %.500s", got, at, r.Body)
	}
}

// CheckNoRoute fails the test unless an answer is that of the gateway to a request that no route
// takes.
func CheckNoRoute(tb testing.TB, r Response) {
	tb.Helper()
	if r.Status != http.StatusNotFound || string(r.Body) != gateway.Message(http.StatusNotFound) {
		tb.Errorf("answered %d %.500s, want what the gateway answers where no route is", r.Status, r.Body)
	}
}
