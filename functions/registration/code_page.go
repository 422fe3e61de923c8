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
	"identitypools/shared/page"
)

// showCode shows the page on which people type the code from a mail.
func (s site) showCode(_ context.Context, r page.Request) (page.Answer, error) {
	before := s.recall(r)
	switch {
	case before.Done:
		return page.Answer{Location: "../activate" + r.LanguageQuery()}, nil
	case before.Ticket == "":
		p := r.NewPage("lost.title")
		p.Content = lostContent(p, r.Pool.PublicRegistration, formURL(r), typedURL(r))
		return page.Answer{Page: p}, nil
	}
	p := s.codePage(r, before)
	if before.Again {
		p.Note = p.Words.Say("code.sent")
	}
	return page.Answer{Page: p}, nil
}

// formURL returns the URL of the registration form, relative to the page for the code.
func formURL(r page.Request) string { return "../register" + r.LanguageQuery() }

// typedURL returns the URL of the page that takes an address and a code, relative to the page for the code.
func typedURL(r page.Request) string { return "../" + identity.PageActivateCode + r.KeptQuery() }

// codeField returns the field for a code for activation. The hint, which is the message with the given key,
// says how long the code is.
func codeField(p *page.Page, of identity.Pool, key string, pairs ...string) page.Field {
	digits := strconv.Itoa(of.CodePolicy(identity.PurposeActivation).Length)
	return page.CodeField(p.Words, page.Said(p.Words, key, append(pairs, "n", digits)...))
}

// codePage returns the page for the code.
func (s site) codePage(r page.Request, before state) *page.Page {
	p := r.NewPage("code.title")
	p.Form.SendsMail = true
	p.Form.Fields = []page.Field{codeField(p, r.Pool, "code.hint", "address", before.Address)}
	p.Content = codeContent(p, before.Address, s.wait(r.Pool, before), formURL(r))
	return p
}

// wait returns the number of seconds until another code may be asked for.
func (s site) wait(p identity.Pool, before state) int {
	left := before.SentAt.Add(time.Duration(p.Limits.MailPause)).Sub(s.service.Now())
	return max(0, int((left+time.Second-1)/time.Second))
}

// submitCode activates with the code, or asks for another one.
func (s site) submitCode(ctx context.Context, r page.Request) (page.Answer, error) {
	before := s.recall(r)
	if before.Ticket == "" { // the page says that there is no registration
		return page.Answer{Location: "code" + r.LanguageQuery(), Why: errAgain}, nil
	}
	typed := r.HTTP.PostForm
	if typed.Get("do") == "resend" {
		return s.resendCode(ctx, r, before)
	}
	p := s.codePage(r, before)
	p.Form.Fill(typed)
	code := typed.Get("code")
	if strings.TrimSpace(code) == "" {
		p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("error.code.missing"))
		return p.Refuse(page.ErrIncomplete)
	}
	in := presented{Ticket: before.Ticket, Code: code, Password: typed.Get("password")}
	answer, err := s.activate(ctx, r, "", in, "../activate", before.ReturnTo)
	if err == nil {
		return answer, nil
	}
	if errors.As(err, new(identity.Invalid)) {
		p.Form.AddPassword(r.Pool.PasswordPolicy) // only the password can be invalid
	}
	return p.Refuse(err)
}

// resendCode asks for another code and redirects to the page for it.
func (s site) resendCode(ctx context.Context, r page.Request, before state) (page.Answer, error) {
	p := s.codePage(r, before)
	if wait := s.wait(r.Pool, before); wait > 0 {
		p.Form.AddFault(nil, p.Words.Say("code.wait", "n", strconv.Itoa(wait)))
		return page.Answer{Page: p, Status: http.StatusTooManyRequests, Why: errAgain}, nil
	}
	o := identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: p.Language}
	solution, tenant, pool := r.HTTP.PostForm.Get("altcha"), r.Pool.Tenant, r.Pool.ID
	err := s.service.Resend(
		ctx, tenant, pool, s.source(r.HTTP), before.Ticket, "", solution, o,
		once.Reply[once.None]{},
	)
	if err != nil {
		return p.Refuse(err)
	}
	before.Again, before.SentAt = true, identity.At(s.service.Now())
	answer, err := s.goOn(r, "code"+r.LanguageQuery(), before)
	answer.Why = errAgain
	return answer, err
}
