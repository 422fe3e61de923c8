package harness_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/harness"
)

// recorder answers every call as a stage with a limit of a route that is gone, and as the bucket of
// CloudFormation's answers. It remembers the calls.
type recorder struct {
	mutex sync.Mutex
	calls []string
}

func (c *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.calls = append(c.calls, fmt.Sprintf("%s %s %s", r.Method, r.URL.EscapedPath(), body))
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = io.WriteString(w, `{"stageName": "$default", "routeSettings": {"GET /gone": {"throttlingRateLimit": 1}}}`)
}

// The program of the function that sets the limits of routes does so and answers CloudFormation, and
// its log is JSON.
func TestTheProgramThatSetsLimits(t *testing.T) {
	t.Parallel()
	programs, err := harness.Build(t.Context(), root(t), t.TempDir(),
		map[string]string{"throttle": "identitypools/infra/deploy/throttle/lambda"})
	if err != nil {
		t.Fatal(err)
	}
	aws := &recorder{}
	server := httptest.NewServer(aws)
	t.Cleanup(server.Close)
	f := start(t, programs["throttle"], map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_APIGATEWAYV2": server.URL,
	})
	event := fmt.Sprintf(`{"RequestType": "Update", "RequestId": "r", "StackId": "s", "LogicalResourceId": "RouteLimits",
		"PhysicalResourceId": "route-limits", "ResponseURL": "%s/answer", "ResourceProperties": {"ApiId": "a",
		"StageName": "$default", "Limits": {"GET /here": {"Rate": "20", "Burst": "40"}}}}`, server.URL)
	if answer, err := f.Invoke(t.Context(), []byte(event)); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	want := []string{
		"GET /v2/apis/a/stages/%24default ",
		"DELETE /v2/apis/a/stages/%24default/routesettings/GET%20%2Fgone ",
		`PATCH /v2/apis/a/stages/%24default {"routeSettings":{"GET /here":` +
			`{"throttlingBurstLimit":40,"throttlingRateLimit":20}}}`,
		`PUT /answer {"Status":"SUCCESS","RequestId":"r","LogicalResourceId":"RouteLimits","StackId":"s",` +
			`"PhysicalResourceId":"route-limits"}`,
	}
	if !slices.Equal(aws.calls, want) {
		t.Errorf("its calls are\n%s\nwant\n%s", strings.Join(aws.calls, "\n"), strings.Join(want, "\n"))
	}
	for line := range strings.Lines(f.Output()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("it logs %s", line)
		}
	}
}
