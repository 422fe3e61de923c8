package registration

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// showForm is the form with which people sign up.
func (s site) showForm(ctx context.Context, _ http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	v, err := s.form(ctx, r, p)
	if err != nil {
		return shown{}, err
	}
	if before := s.recall(r, p); s.now().Before(before.SentAt.Add(typedIsKept).Time) {
		v.fill(before.Typed)
	}
	return shown{view: v, status: http.StatusOK}, nil
}

func (s site) form(ctx context.Context, r *http.Request, p identity.Pool) (view, error) {
	if _, err := s.OpenToPublic(ctx, p.Tenant, p.ID); err != nil {
		return view{}, err
	}
	schema, err := s.Schemas.Cached(ctx, p.Tenant, p.PayloadSchema)
	if err != nil {
		return view{}, err
	}
	v := s.view(p, r, pageRegister)
	own := p.Branding.Texts[v.Lang]
	if own.Title != "" {
		v.Title = own.Title
	}
	v.Intro = own.Intro
	v.Fields = []field{v.address("identifier", "register.address.hint")}
	v.More, err = payloadFields(schema.Document, namer{v.Words, own.Labels})
	if p.UsesPasswords() {
		v.askPassword(p)
	}
	return v, err
}

// address is a field for an e-mail address.
func (v view) address(name, hint string) field {
	return field{
		Words: v.Words, ID: name, Name: name, Label: v.Say("address"), Hint: v.Say(hint), Control: controlInput, Type: "email", Autocomplete: "username", Required: true,
	}
}

// askPassword adds a field for a new password, with p's rules.
func (v *view) askPassword(p identity.Pool) {
	v.Password = &field{Words: v.Words, ID: "password", Label: v.Say("password")}
	policy := p.PasswordPolicy
	for _, r := range []rule{
		{Rule: "min_length", Bound: policy.MinLength},
		{Rule: "capital_letters", Bound: policy.Capitals},
		{Rule: "lowercase_letters", Bound: policy.Lowercase},
		{Rule: "digits", Bound: policy.Digits},
		{Rule: "special_characters", Bound: policy.Special},
	} {
		if r.Bound > 0 {
			r.Text = v.Say("rule."+r.Rule, "n", strconv.Itoa(r.Bound))
			v.Rules = append(v.Rules, r)
		}
	}
	if policy.Strength != "any" {
		v.Rules = append(v.Rules, rule{Rule: "strength", Text: v.Say("rule.strength")})
	}
	v.Rules = append(v.Rules, rule{Rule: "guessable", Text: v.Say("rule.guessable")})
}

// fill shows what was typed. The values of a field are those of a form: a box that isn't checked has none.
func (v *view) fill(typed url.Values) {
	v.each(func(f *field) {
		f.Value, f.Checked = typed.Get(f.Name), typed.Has(f.Name)
		for i := range f.Options {
			f.Options[i].Selected = slices.Contains(typed[f.Name], f.Options[i].Value)
		}
	})
}

// submitForm registers who filled in the form, and goes on to the page for the code.
func (s site) submitForm(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	v, err := s.form(ctx, r, p)
	if err != nil {
		return shown{}, err
	}
	v.fill(r.PostForm)
	o := identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: v.Lang}
	in := identity.SelfRegistration{Identifier: r.PostForm.Get("identifier"), Password: r.PostForm.Get("password"), Payload: payloadOf(v.More, r.PostForm)}
	if v.lacksPassword(r) {
		if err := s.Submit(ctx, p, s.source(r), ""); err != nil {
			return v.refused(err)
		}
		if _, err := s.draft(ctx, p, in, true, o); err != nil { // so that all that is wrong is told at once
			return v.refused(err)
		}
		return v.refused(errIncomplete)
	}
	done, err := s.RegisterFrom(ctx, p, s.source(r), in, r.PostForm.Get("altcha"), o, once.Reply[Registered]{})
	if err != nil {
		return v.refused(err)
	}
	return s.registered(w, r, p, done, v)
}

func (s site) registered(w http.ResponseWriter, r *http.Request, p identity.Pool, done Registered, v view) (shown, error) {
	next := state{Ticket: done.Ticket, Address: r.PostForm.Get("identifier"), SentAt: identity.At(s.now()), Typed: url.Values{}, ReturnTo: s.returnTo(r)}
	if before := s.recall(r, p); next.ReturnTo == "" && !before.Done { // whoever came back to change the address
		next.ReturnTo = before.ReturnTo
	}
	v.each(func(f *field) {
		if values := r.PostForm[f.Name]; len(values) > 0 {
			next.Typed[f.Name] = values
		}
	})
	return shown{location: "register/code" + languageQuery(r)}, s.remember(w, p, next)
}
