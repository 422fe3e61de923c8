package registration

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// showCode is the page for the code that a mail brought.
func (s site) showCode(_ context.Context, _ http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	before := s.recall(r, p)
	switch {
	case before.Done:
		return shown{location: "../activate" + languageQuery(r)}, nil
	case before.Ticket == "":
		v := s.view(p, r, pageLost)
		v.FormURL = "../" + v.FormURL
		return shown{view: v, status: http.StatusOK}, nil
	}
	v := s.code(r, p, before)
	if before.Again {
		v.Note = v.Say("code.sent")
	}
	return shown{view: v, status: http.StatusOK}, nil
}

func (s site) code(r *http.Request, p identity.Pool, before state) view {
	v := s.view(p, r, pageCode)
	v.FormURL, v.Address, v.Wait = "../"+v.FormURL, before.Address, s.wait(p, before)
	v.Fields = []field{{
		Words: v.Words, ID: "code", Name: "code", Label: v.Say("code"), Hint: v.Say("code.hint"), Control: controlInput, Type: "text",
		Autocomplete: "one-time-code", InputMode: "numeric", Required: true, Focus: true,
	}}
	return v
}

// wait is how many seconds are left until a new code may be asked for.
func (s site) wait(p identity.Pool, before state) int {
	left := before.SentAt.Add(time.Duration(p.Limits.MailPause)).Sub(s.now())
	return max(0, int((left+time.Second-1)/time.Second))
}

// submitCode activates with the code, or asks for a new one.
func (s site) submitCode(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	before := s.recall(r, p)
	if before.Ticket == "" {
		return shown{location: "code" + languageQuery(r), why: errAgain}, nil // where it says that the registration isn't known
	}
	if r.PostForm.Get("do") == "resend" {
		return s.resendCode(ctx, w, r, p, before)
	}
	v := s.code(r, p, before)
	v.fill(r.PostForm)
	code := r.PostForm.Get("code")
	if strings.TrimSpace(code) == "" {
		v.fault(&v.Fields[0], v.Say("error.code.missing"))
		return v.refused(errIncomplete)
	}
	_, err := s.Activate(ctx, p.Tenant, p.ID, s.source(r), before.Ticket, code,
		r.PostForm.Get("password"), once.Reply[identity.User]{})
	if err == nil {
		return s.activated(w, p, before.ReturnTo, "../activate"+languageQuery(r))
	}
	if errors.As(err, new(identity.Invalid)) {
		v.askPassword(p) // nothing else can be wrong with what comes with a code
	}
	return v.refused(err)
}

func (s site) resendCode(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool, before state) (shown, error) {
	v := s.code(r, p, before)
	if wait := s.wait(p, before); wait > 0 {
		v.fault(nil, v.Say("code.wait", "n", strconv.Itoa(wait)))
		return shown{view: v, status: http.StatusTooManyRequests, why: errAgain}, nil
	}
	o := identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: v.Lang}
	err := s.Resend(ctx, p.Tenant, p.ID, s.source(r), before.Ticket, "", r.PostForm.Get("altcha"), o,
		once.Reply[once.None]{})
	if err != nil {
		return v.refused(err)
	}
	before.Again, before.SentAt = true, identity.At(s.now())
	return shown{location: "code" + languageQuery(r), why: errAgain}, s.remember(w, p, before)
}
