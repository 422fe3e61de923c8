package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

const registerPath = "/api/identity/acme/public/pools/p/register"

// counted returns the metrics in a log, in their order.
func counted(tb testing.TB, log *lines) []metric.Name {
	tb.Helper()
	var names []metric.Name
	_, metrics := log.read(tb)
	for _, line := range metrics {
		for _, name := range []metric.Name{
			metric.Registrations, metric.Activations, metric.WrongCodes, metric.WrongPasswords, metric.Limited,
			metric.TableThrottled,
		} {
			if line[string(name)] == 1.0 {
				names = append(names, name)
			}
		}
	}
	return names
}

// Only successes of routes with a metric are counted.
func TestWhatASuccessCounts(t *testing.T) {
	t.Parallel()
	want := map[string]metric.Name{
		"system.selfRegisterUser": metric.Registrations, "public.register": metric.Registrations,
		"public.activate": metric.Activations,
	}
	for _, route := range rows() {
		e := newEdge(t, route.Function, ok)
		path := strings.NewReplacer("{tid}", tenant, "{ipID}", "p", "{userID}", "u", "{schID}", "s", "{kind}", "k", "{lang}", "l").Replace(route.Path)
		if answer := send(t, e.call, event(route.Method, path, e.token(t, tenant, route.Caller, route.Scope), "")); answer.StatusCode != 204 {
			t.Fatalf("%s answered %d", route.Name, answer.StatusCode)
		}
		got, name := counted(t, e.log), want[route.Name]
		if name == "" && got != nil || name != "" && !slices.Equal(got, []metric.Name{name}) {
			t.Errorf("%s counts %v, want %q", route.Name, got, name)
		}
	}
}

func TestWhatAFailureCounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		counts metric.Name
	}{
		{"a wrong code", identity.InvalidCode{}, metric.WrongCodes},
		{"an expired code", identity.ExpiredCode{}, metric.WrongCodes},
		{"a wrong password", identity.WrongPassword{}, metric.WrongPasswords},
		{"a limit", identity.Limited{RetryAfter: time.Second, Reason: "wait"}, metric.Limited},
		{"something wrong in the body", identity.InvalidField("/code", identity.Required()), ""},
		{"a pool that does not exist", identity.NotFound{Thing: "pool", ID: "p"}, ""},
		{"registration that is switched off", identity.ErrRegistrationDisabled, ""},
		{"a table that is away", identity.Unavailable{RetryAfter: time.Second, Cause: errors.New("away")}, ""},
		{
			"a table that is throttled",
			identity.Unavailable{RetryAfter: time.Second, Throttled: true},
			metric.TableThrottled,
		},
		{"anything else", errors.New("disk on fire"), ""},
	}
	ways := map[string]func(http.ResponseWriter, *http.Request, error){
		"answered by Error": api.Error,
		"noted, and answered by a page": func(w http.ResponseWriter, r *http.Request, err error) {
			api.CountError(r, err)
			w.WriteHeader(http.StatusOK)
		},
		"noted, and answered by Error": func(w http.ResponseWriter, r *http.Request, err error) {
			api.CountError(r, err)
			api.Error(w, r, err)
		},
	}
	for _, test := range tests {
		for way, answer := range ways {
			t.Run(test.name+", "+way, func(t *testing.T) {
				t.Parallel()
				// The route has a metric for successes, and this request is not one.
				e := newEdge(t, "registration", func(w http.ResponseWriter, r *http.Request) { answer(w, r, fmt.Errorf("register: %w", test.err)) })
				send(t, e.call, event("POST", registerPath, "", ""))
				want := []metric.Name{test.counts}
				if test.counts == "" {
					want = nil
				}
				if got := counted(t, e.log); !slices.Equal(got, want) {
					t.Errorf("counts %v, want %v", got, want)
				}
			})
		}
	}
	t.Run("a table that is throttled while the token is verified", func(t *testing.T) {
		t.Parallel()
		log := &lines{}
		call := gateway(t, function, ok, api.Options{
			Verifier: throttledVerifier{}, Log: slog.New(slog.NewJSONHandler(log, nil)), Now: time.Now,
		})
		wantFailure(t, send(t, call, event("GET", poolsPath, "x", "")), 503, "unavailable")
		if got := counted(t, log); !slices.Equal(got, []metric.Name{metric.TableThrottled}) {
			t.Errorf("counts %v", got)
		}
	})
	t.Run("what is noted as no error is a success", func(t *testing.T) {
		t.Parallel()
		e := newEdge(t, "registration", func(w http.ResponseWriter, r *http.Request) {
			api.CountError(r, nil)
			w.WriteHeader(http.StatusNoContent)
		})
		send(t, e.call, event("POST", registerPath, "", ""))
		if got := counted(t, e.log); !slices.Equal(got, []metric.Name{metric.Registrations}) {
			t.Errorf("counts %v", got)
		}
	})
}

// throttledVerifier is a verifier whose keys cannot be read.
type throttledVerifier struct{}

func (throttledVerifier) Verify(context.Context, string) (access.Token, error) {
	return access.Token{}, identity.Unavailable{RetryAfter: time.Second, Throttled: true}
}

// A request whose handler panics is not a success.
func TestWhatNeverCounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler http.HandlerFunc
		event   events.APIGatewayV2HTTPRequest
		status  int
	}{
		{"a panic", func(http.ResponseWriter, *http.Request) { panic("oh") }, event("POST", registerPath, "", ""), 500},
		{"no token", ok, event("POST", "/api/identity/acme/system/pools/p/user/register", "", ""), 401},
		{"an id that is none", ok, event("POST", "/api/identity/a b/public/pools/p/register", "", ""), 404},
		{"an unknown path", ok, event("POST", registerPath+"/x", "", ""), 404},
		{"another method", ok, event("PUT", registerPath, "", ""), 405},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t, "registration", test.handler)
			if answer := send(t, e.call, test.event); answer.StatusCode != test.status {
				t.Errorf("answered %d, want %d", answer.StatusCode, test.status)
			}
			if _, metrics := e.log.read(t); len(metrics) > 0 {
				t.Errorf("counts %v", metrics)
			}
		})
	}
}

// A metric has the deployment and the id of the request, and nothing of its content (ASVS V16.2.5).
func TestALineThatCounts(t *testing.T) {
	t.Parallel()
	log, at := &lines{}, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	call := gateway(t, "registration", ok, api.Options{
		Log: metric.NewLogger(slog.New(slog.NewJSONHandler(log, nil)), "identity-pools"), Now: func() time.Time { return at },
	})
	send(t, call, event("POST", registerPath, "", `{"identifier":"ann@example.com"}`))
	all, metrics := log.read(t)
	if len(all) != 0 || len(metrics) != 1 {
		t.Fatalf("log is %v and %v, want one line", all, metrics)
	}
	line := metrics[0]
	if got := slices.Sorted(maps.Keys(line)); !slices.Equal(got, []string{"Registrations", "Table", "_aws", "level", "msg", "request", "time"}) {
		t.Errorf("the line has %v", got)
	}
	stamp := line["_aws"].(map[string]any)["Timestamp"]
	if line["Table"] != "identity-pools" || line["request"] != requestID || stamp != float64(at.UnixMilli()) {
		t.Errorf("the line is %v", line)
	}
}
