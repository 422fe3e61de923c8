package main

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// register registers the recipient, who then looks whether the mail arrives. The mail is asked for
// at the beginning, because none is sent for a pool that is deleted.
func (v *visit) register(ctx context.Context) {
	const check = "mail to the recipient"
	if v.recipient == "" {
		v.report.skip(check, "no -recipient was given")
		return
	}
	if v.take(ctx, step{
		route: "public.register", body: `{"identifier":"{recipient}","password":"{password}"}`, status: 201,
	}) {
		v.report.look(check, v.fill("A mail with a code should reach {recipient} within a minute. "+
			"Look whether it is there and not taken for spam, whether its sender is the right one, and whether "+
			"its headers say dkim=pass. The code is void, because the pool is deleted."))
	}
}

// checkBounce has a mail sent to an address that bounces, and waits until the courier knows that.
// So the mail has gone from the table's stream through the courier to SES, and the bounce from SES
// back to the courier.
func (v *visit) checkBounce(ctx context.Context) {
	const check = "a mail is sent, and its bounce comes back"
	if v.local {
		v.report.skip(check, "the local inbox takes every mail")
		return
	}
	invited := v.take(ctx, step{
		route: "admin.createUser", status: 201,
		body: `{"id":"bounce","status":"new","identifiers":[{"identifier":"{bounce}","type":"email"}]}`,
	}) && v.take(ctx, step{route: "admin.sendActivationMessage", user: "bounce", status: 204})
	if !invited {
		v.report.fail(check, "The user with the address could not be invited.")
		return
	}
	if !v.awaitBounce(ctx) {
		v.report.fail(check, "No bounce is known after %s. Look in the log of the courier for \"message failed\" "+
			"and \"message rejected\", in SES whether the sender is verified, and in EventBridge whether the rule "+
			"for bounces and complaints is invoked.", v.patience)
		return
	}
	v.report.succeed(check)
	v.take(ctx, step{route: "admin.clearSuppressions", user: "bounce", status: 204})
}

// awaitBounce waits until the user's address is known to bounce.
func (v *visit) awaitBounce(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, v.patience)
	defer cancel()
	ticker := time.NewTicker(v.poll)
	defer ticker.Stop()
	path := v.fill("/api/identity/{tenant}/admin/pools/{pool}/users/bounce/suppressions")
	for {
		r, err := v.newRequest(ctx, http.MethodGet, path, "")
		if err != nil {
			return false
		}
		r.Header.Set("Authorization", "Bearer "+v.values["admin_token"])
		if got, err := v.send(r); err == nil && strings.Contains(string(got.body), `"bounce`) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}
