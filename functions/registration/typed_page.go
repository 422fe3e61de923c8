package registration

import (
	"context"
	"errors"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
)

// errLooked is logged as the reason why a form for activation did not activate: it asked what the code does.
var errLooked = errors.New("it is shown what the code does")

// showTyped shows the page that takes a name and the code of a mail, for people whose browser knows of no
// registration: those who were invited, and those who signed up in another browser.
func (s site) showTyped(_ context.Context, r page.Request) (page.Answer, error) {
	return page.Answer{Page: typedPage(r)}, nil
}

// typedPage returns the page that takes a name and a code.
func typedPage(r page.Request) *page.Page {
	p := r.NewPage("enter.title")
	name := page.Field{
		ID: "identifier", Name: "identifier", Label: p.Words.Say("enter.identifier"), Control: page.ControlInput,
		Type: "text", Autocomplete: "username", Required: true, Focus: true,
	}
	code := codeField(p, r.Pool, "enter.hint")
	code.Focus = false
	p.Form.Fields, p.Form.WrongCode = []page.Field{name, code}, "enter.wrong"
	p.Content = typedContent(p)
	return p
}

// submitTyped shows what a code does, with a form that does it. The code costs a guess only if it is wrong.
func (s site) submitTyped(ctx context.Context, r page.Request) (page.Answer, error) {
	typed := r.HTTP.PostForm
	p := typedPage(r)
	p.Form.Fill(typed)
	in := presented{
		name: strings.TrimSpace(typed.Get("identifier")), Code: typed.Get("code"), Password: typed.Get("password"),
	}
	lacksName, lacksCode := in.name == "", strings.TrimSpace(in.Code) == ""
	if lacksName {
		p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("enter.identifier.missing"))
	}
	if lacksCode {
		p.Form.AddFault(&p.Form.Fields[1], p.Words.Say("error.code.missing"))
	}
	switch {
	case lacksName || lacksCode:
		return p.Refuse(page.ErrIncomplete)
	case typed.Get("form") != "":
		return s.activateTyped(ctx, r, p, in)
	}
	promise, err := s.service.LookShort(ctx, r.Pool, s.source(r.HTTP), in)
	if err != nil {
		return p.Refuse(err)
	}
	return page.Answer{Page: s.promisePage(r, promise, in), Why: errLooked}, nil
}

// activateTyped activates with a code that was typed. The page p takes another one if that does not work.
func (s site) activateTyped(
	ctx context.Context, r page.Request, p *page.Page, in presented,
) (page.Answer, error) {
	why := error(page.ErrIncomplete)
	if in.Password != "" || !r.HTTP.PostForm.Has("password") {
		var answer page.Answer
		answer, why = s.activate(ctx, r, s.formID(r), in, "../"+identity.PageActivate, s.returnTo(r))
		switch {
		case why == nil:
			return answer, nil
		case onetime.IsDead(why) || !errors.As(why, new(identity.Invalid)):
			return p.Refuse(why)
		}
	}
	promise, err := s.service.LookShort(ctx, r.Pool, s.source(r.HTTP), in) // which says what the form needs
	if err != nil {
		return p.Refuse(err)
	}
	p = s.promisePage(r, promise, in)
	p.Form.LacksPassword(r.HTTP.PostForm)
	return p.Refuse(why)
}
