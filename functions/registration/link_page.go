package registration

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// showLink is what the link of a mail opens: what it would do, without doing it, since mail scanners open links too.
func (s site) showLink(ctx context.Context, _ http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	code := r.URL.Query().Get("code")
	if before := s.recall(r, p); code == "" && before.Done {
		v := s.view(p, r, pageDone)
		if v.SignIn, v.Intro = before.ReturnTo, p.Branding.Texts[v.Lang].Done; v.Intro == "" {
			v.Intro = v.Say("done.text")
		}
		return shown{view: v, status: http.StatusOK}, nil
	}
	v, _, err := s.link(ctx, r, p, code)
	return shown{view: v, status: http.StatusOK}, err
}

// link is the page of a link with a code, or where the code is no good the one that says so. ticket is that of the
// registration which the browser remembers, if the code completes it: the link may be of another registration, which a
// stranger has made with the same address.
func (s site) link(
	ctx context.Context, r *http.Request, p identity.Pool, code string,
) (_ view, ticket string, err error) {
	ticket = s.recall(r, p).Ticket
	promise, err := s.Look(ctx, p, ticket, code)
	if ticket != "" && isDead(err) {
		ticket = ""
		promise, err = s.Look(ctx, p, ticket, code)
	}
	if isDead(err) {
		return s.dead(r, p), "", nil
	}
	v := s.view(p, r, pageLink)
	v.Code, v.Address, v.Invited = code, promise.Address, promise.Invited
	if promise.NeedsPassword {
		v.askPassword(p)
	}
	return v, ticket, err
}

// isDead says whether a link's code is no good, for whatever reason.
func isDead(err error) bool {
	return errors.As(err, new(identity.InvalidCode)) || errors.As(err, new(identity.ExpiredCode))
}

func (s site) dead(r *http.Request, p identity.Pool) view {
	v := s.view(p, r, pageDead)
	v.Open = p.PublicRegistration
	v.Fields = []field{v.address("address", "dead.address.hint")}
	return v
}

// submitLink activates with the code of a link, or asks for a new link.
func (s site) submitLink(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	if r.PostForm.Get("do") == "resend" {
		return s.resendLink(ctx, r, p)
	}
	code := r.PostForm.Get("code")
	v, ticket, err := s.link(ctx, r, p, code)
	if err != nil {
		return shown{}, err
	}
	if v.lacksPassword(r) {
		return v.refused(errIncomplete)
	}
	_, err = s.Activate(ctx, p.Tenant, p.ID, s.source(r), ticket, code, r.PostForm.Get("password"),
		once.Reply[identity.User]{})
	switch {
	case err == nil:
		return s.activated(w, p, s.returnTo(r), "activate"+languageQuery(r))
	case isDead(err):
		return shown{view: s.dead(r, p), status: http.StatusUnprocessableEntity, why: err}, nil
	}
	return v.refused(err)
}

func (s site) resendLink(ctx context.Context, r *http.Request, p identity.Pool) (shown, error) {
	v, address := s.dead(r, p), r.PostForm.Get("address")
	v.fill(r.PostForm)
	if strings.TrimSpace(address) == "" {
		v.fault(&v.Fields[0], v.Say("error.address"))
		return v.refused(errIncomplete)
	}
	o := identity.MessageOptions{CodeType: identity.CodeTypeLink, Language: v.Lang, PostActivationURL: s.returnTo(r)}
	err := s.Resend(ctx, p.Tenant, p.ID, s.source(r), "", address, r.PostForm.Get("altcha"), o,
		once.Reply[once.None]{})
	if err == nil {
		v.Note = v.Say("dead.sent", "address", address)
		return shown{view: v, status: http.StatusOK, why: errAgain}, nil
	}
	return v.refused(err)
}
