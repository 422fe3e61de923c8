package main

import (
	"context"
	"strings"

	"identitypools/infra/deploy/gateway"
)

// checkGateway checks what clients observe of API Gateway. It leaves out the facts about functions
// that go wrong, because those of the deployment do not, and the rate, which is a check of its own.
func (v *visit) checkGateway(ctx context.Context) {
	for _, fact := range gateway.Facts() {
		check := "gateway: " + strings.TrimSuffix(fact.What, ".")
		switch {
		case fact.Ask.Function != "" || fact.Ask.Method == "":
		case v.local && fact.NotLocal != "":
			v.report.skip(check, fact.NotLocal)
		case fact.CrossOrigin && v.origin == "":
			v.report.skip(check, "no -origin was given")
		default:
			v.checkFact(ctx, check, fact)
		}
	}
}

func (v *visit) checkFact(ctx context.Context, check string, fact gateway.Fact) {
	r, err := fact.Request(ctx, v.base, v.tenant, v.values["pool"], v.values["admin_token"])
	if err != nil {
		v.report.fail(check, "%v.", err)
		return
	}
	if r.Header.Get("Origin") == gateway.Origin && v.origin != "" {
		r.Header.Set("Origin", v.origin)
	}
	got, err := v.send(r)
	if err != nil {
		v.report.fail(check, "%v.", err)
		return
	}
	if found := fact.Differences(r, got.status, got.header, got.body); len(found) > 0 {
		v.report.fail(check, "%s docs/gateway.md says what clients rely on.", strings.Join(found, " "))
		return
	}
	v.report.succeed(check)
}
