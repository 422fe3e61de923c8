package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// visit is one run of the checks.
type visit struct {
	target
	report         *report
	http           *http.Client
	values         map[string]string // of the placeholders, without their braces
	patience, poll time.Duration
	steps          int // that were sent so far
}

// run runs all checks and deletes what they made, also when ctx ends before.
func (v *visit) run(ctx context.Context) {
	ready := v.takeAll(ctx, clientSteps()) && v.takeAll(ctx, makingSteps())
	defer v.leave(context.WithoutCancel(ctx))
	if !ready {
		return
	}
	v.register(ctx)
	v.takeAll(ctx, routeSteps())
	v.checkGateway(ctx)
	v.checkBounce(ctx)
	v.checkRate(ctx)
	v.takeAll(ctx, deletingSteps())
}

// leave deletes what the visit has made and is still there.
func (v *visit) leave(ctx context.Context) {
	if v.values["admin_token"] == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const check = "nothing is left behind"
	identities := "/api/identity/" + v.tenant + "/admin/"
	for _, path := range []string{
		identities + "pools/" + v.values["pool"], identities + "pools/" + v.values["other_pool"],
		identities + "schemas/" + v.values["schema"], identities + "schemas/" + v.values["other_schema"],
		"/api/admin/" + v.tenant + "/servers/" + v.values["workspace"],
	} {
		r, err := v.newRequest(ctx, http.MethodDelete, path, "")
		if err != nil {
			v.report.fail(check, "%v.", err)
			return
		}
		r.Header.Set("Authorization", "Bearer "+v.values["admin_token"])
		got, err := v.send(r)
		switch {
		case err != nil:
			v.report.fail(check, "DELETE %s fails: %v. Repeat it yourself.", path, err)
			return
		case got.status != http.StatusNoContent && got.status != http.StatusNotFound:
			v.report.fail(check, "DELETE %s is answered %d %.200s. Repeat it yourself.", path, got.status, got.body)
			return
		}
	}
	v.report.succeed(check)
}

// answer is an answer whose body was read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// newRequest returns a request to the deployment.
func (v *visit) newRequest(ctx context.Context, method, path, body string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, v.base+path, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	return r, nil
}

// send sends a request. Its errors are that there is no answer, and that it breaks off.
func (v *visit) send(r *http.Request) (answer, error) {
	response, err := v.http.Do(r)
	if err != nil {
		return answer{}, fmt.Errorf("there is no answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 10<<20))
	if err != nil {
		return answer{}, fmt.Errorf("the answer breaks off: %w", err)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// fill returns a text with the values of its placeholders.
func (v *visit) fill(text string) string {
	pairs := make([]string, 0, 2*len(v.values))
	for name, value := range v.values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
