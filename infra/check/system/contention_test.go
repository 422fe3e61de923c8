package system_test

import (
	"encoding/json"
	"strconv"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

// contended is how many requests the tests below send at once.
const contended = 24

// atOnce sends n requests at once and returns their answers.
func atOnce(n int, send func(i int) systemtest.Response) []systemtest.Response {
	var (
		calls   sync.WaitGroup
		answers = make([]systemtest.Response, n)
	)
	for i := range n {
		calls.Go(func() { answers[i] = send(i) })
	}
	calls.Wait()
	return answers
}

// statuses counts the statuses of answers.
func statuses(answers []systemtest.Response) map[int]int {
	counts := map[int]int{}
	for _, answer := range answers {
		counts[answer.Status]++
	}
	return counts
}

// Changes of one resource that are made at once, and that name no version, all take effect. Of those
// that name a version one takes effect, and the others learn that it is no longer the stored one
// (RFC 9110 §13.1.1).
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	newSchema := func() string {
		return tenant.Admin.Must(t, 201, "POST", "/schemas", `{"name":"s","schema":{}}`).Text(t, "id")
	}
	schemas := []string{newSchema(), newSchema()}
	for name, resource := range map[string]struct {
		path   string
		change func(turn string) systemtest.Fields
		member string // tells the changes apart
	}{
		"a user": {
			"/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", systemtest.Address("ann"), nil),
			func(turn string) systemtest.Fields {
				return systemtest.Fields{"metadata": systemtest.Fields{"turn": turn}}
			},
			"metadata",
		},
		"a pool": {
			"/pools/" + tenant.NewPool(t, nil),
			func(turn string) systemtest.Fields { return systemtest.Fields{"name": turn} }, "name",
		},
		"a pool and its schemas": {
			"/pools/" + tenant.NewPool(t, nil),
			func(turn string) systemtest.Fields {
				n, _ := strconv.Atoi(turn)
				return systemtest.Fields{"name": turn, "payload_schema_id": schemas[n%2]}
			},
			"name",
		},
		"a schema": {
			"/schemas/" + newSchema(),
			func(turn string) systemtest.Fields {
				return systemtest.Fields{"name": turn, "schema": systemtest.Fields{}}
			},
			"name",
		},
		"the text of a mail": {
			"/pools/" + pool + "/mails/password_set/en",
			func(turn string) systemtest.Fields {
				return systemtest.Fields{"subject": turn, "body": "The password was set."}
			},
			"subject",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			put := func(headers ...string) []systemtest.Response {
				return atOnce(contended, func(i int) systemtest.Response {
					return tenant.Admin.Call(t, "PUT", resource.path, resource.change(strconv.Itoa(i)), headers...)
				})
			}
			for _, headers := range [][]string{nil, {"If-Match", "*"}} {
				if got := statuses(put(headers...)); got[200] != contended {
					t.Errorf("with %q they answer %v", headers, got)
				}
			}
			stored := tenant.Admin.Must(t, 200, "GET", resource.path, nil)
			isOneOfThem := false
			for i := range contended {
				change := resource.change(strconv.Itoa(i))
				isOneOfThem = isOneOfThem || equalJSON(t, stored.Fields(t)[resource.member], change[resource.member])
			}
			if !isOneOfThem {
				t.Errorf("stored is %s", stored.Body)
			}
			if got := statuses(put("If-Match", stored.Header.Get("ETag"))); got[200] != 1 || got[412] != contended-1 {
				t.Errorf("with a version they answer %v", got)
			}
			deletions := atOnce(contended, func(int) systemtest.Response {
				return tenant.Admin.Call(t, "DELETE", resource.path, nil)
			})
			if got := statuses(deletions); got[204]+got[404] != contended || got[204] == 0 {
				t.Errorf("deletions answer %v", got)
			}
		})
	}
}

// equalJSON reports whether two values have the same JSON.
func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(one) == string(other)
}
