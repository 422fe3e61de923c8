package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/language"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
)

// lost returns the answer for a page whose step is over, or is none: the person starts the sign-in again.
func (s site) lost(r page.Request, v visit) page.Answer {
	p := s.newPage(r, v, "lost.title")
	p.Content = lostContent(p, pages(r, "")+query(r, ""))
	return page.Answer{Page: p, Status: http.StatusBadRequest, Why: identity.InvalidCode{}}
}

// at returns the visit of a page in the middle of a sign-in, with its step. It reports false if there is
// none.
func (s site) at(r page.Request) (v visit, n step, ok bool, err error) {
	v, _, err = s.visit(r.HTTP)
	if err != nil {
		return v, n, false, err
	}
	n, ok = s.service.step(v.workspace, v.errand, r.HTTP.URL.Query().Get("step"))
	return v, n, ok, nil
}

// showCode shows the page on which people type the code that was mailed. Whether there is an account does
// not show.
func (s site) showCode(_ context.Context, r page.Request) (page.Answer, error) {
	v, n, ok, err := s.at(r)
	if err != nil {
		return page.Answer{}, err
	}
	if !ok || n.Identifier == "" || n.Proved != nil {
		return s.lost(r, v), nil
	}
	return page.Answer{Page: s.codePage(r, v, n)}, nil
}

// codePage returns the page for a mailed code.
func (s site) codePage(r page.Request, v visit, n step) *page.Page {
	p := s.newPage(r, v, "code.title")
	p.Form.SendsMail = true
	hint := page.Said(p.Words, "code.hint.any", "name", n.Identifier)
	if digits := v.codeLength(); digits > 0 {
		hint = page.Said(p.Words, "code.hint", "name", n.Identifier, "n", strconv.Itoa(digits))
	}
	p.Form.Fields = []page.Field{page.CodeField(p.Words, hint)}
	p.Form.Fill(r.HTTP.PostForm)
	p.Form.Fields[0].Value = "" // a code that proves who somebody is, is shown to nobody
	p.Content = codeContent(p, s.wait(r.Pool, n), pages(r, "")+query(r, ""))
	if n.Again {
		p.Note = p.Words.Say("code.sent")
	}
	return p
}

// codeLength returns how many digits a code has that is mailed for signing in, or 0 if that depends on the pool.
func (v visit) codeLength() (digits int) {
	for i, pool := range v.pools {
		length := pool.CodePolicy(identity.PurposeAuthentication).Length
		if i > 0 && length != digits {
			return 0
		}
		digits = length
	}
	return digits
}

// wait returns the number of seconds until another code may be asked for.
func (s site) wait(p identity.Pool, n step) int {
	left := n.SentAt.Add(time.Duration(p.Limits.MailPause)).Sub(s.service.Now())
	return max(0, int((left+time.Second-1)/time.Second))
}

// submitCode proves a person with a mailed code, or has another one mailed.
func (s site) submitCode(ctx context.Context, r page.Request) (page.Answer, error) {
	v, n, ok, err := s.at(r)
	if err != nil {
		return page.Answer{}, err
	}
	if !ok || n.Identifier == "" || n.Proved != nil {
		return s.lost(r, v), nil
	}
	p := s.codePage(r, v, n)
	v.lang = p.Language
	typed := r.HTTP.PostForm
	var follows next
	if typed.Get("do") == "resend" {
		if wait := s.wait(r.Pool, n); wait > 0 {
			return waiting(p, wait), nil
		}
		follows, err = s.service.AskCode(ctx, v, n.Identifier, typed.Get("altcha"), true, n.Remember)
	} else {
		code := strings.TrimSpace(onetime.CodeIn(typed.Get("code")))
		if code == "" {
			p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("error.code.missing"))
			return p.Refuse(page.ErrIncomplete)
		}
		follows, err = s.service.Code(ctx, v, n, code)
	}
	if err != nil {
		return s.refuse(p, err)
	}
	return s.follow(r, v, follows)
}

// waiting returns the answer to somebody who asks for another code too early.
func waiting(p *page.Page, wait int) page.Answer {
	p.Form.AddFault(nil, p.Words.Say("code.wait", "n", strconv.Itoa(wait)))
	return page.Answer{Page: p, Status: http.StatusTooManyRequests, Why: identity.Limited{Reason: "another code too early"}}
}

// refuse returns the answer to a code or a password that was refused.
func (s site) refuse(p *page.Page, why error) (page.Answer, error) {
	if errors.As(why, new(identity.Limited)) {
		return s.wrong(p, why)
	}
	return p.Refuse(why)
}

// waitText returns a length of time in words: whole minutes, or seconds if it is shorter than a minute.
func waitText(words language.Words, d time.Duration) string {
	if d <= time.Minute {
		return words.Say("time.seconds", "n", strconv.Itoa(max(1, int((d+time.Second-1)/time.Second))))
	}
	return words.Say("time.minutes", "n", strconv.Itoa(int((d+time.Minute-1)/time.Minute)))
}

// values returns a query of names and values in turn, without those that are "".
func values(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q.Encode()
}
