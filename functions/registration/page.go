package registration

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// site has the pages with which people sign up. Each shows itself on GET, acts on POST alone, and sends browsers on from there, so that
// reloading repeats nothing.
type site struct {
	*Service
	pages
	keeper
	source func(*http.Request) string
	origin *http.CrossOriginProtection
}

// largestForm bounds a form, in bytes.
const largestForm = api.MaxBody

// longestReturn bounds a place to go on, in bytes, since it is remembered in a cookie.
const longestReturn = 1000

// shown is a page that answers a request: a status and a view, or where the browser is to go on.
type shown struct {
	view
	status   int
	location string
	why      error // it is not what was asked for: so that nothing is counted that was not done
}

// on serves a page: of what show comes to, or of what kept it from that.
func (s site) on(show func(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.Pools.CachedPool(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
		var page shown
		if err == nil {
			err = s.submitted(w, r)
		}
		if err == nil {
			page, err = show(r.Context(), w, r, p)
		}
		if err != nil {
			page = shown{view: s.failed(p, r, err), status: api.Fail(w, r, err)}
		} else {
			api.Note(r, page.why)
		}
		if page.location != "" {
			w.Header().Set("Location", page.location)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		if err := s.draw(w, page.status, page.view); err != nil {
			api.Error(w, r, err)
		}
	}
}

// errForeign is a form that another site has sent.
var errForeign = identity.Refused{Code: "foreign_form", Reason: "the form comes from another site"}

// submitted reads the form that comes with a POST. One that another site has made a browser send is refused, as the browser tells by
// Sec-Fetch-Site or Origin.
func (s site) submitted(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if s.origin.Check(r) != nil {
		return errForeign
	}
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if r.ParseForm() != nil {
		return identity.InvalidField("", "must be a form of at most 128 KB")
	}
	return nil
}

// failed is the page for what no form can mend.
func (s site) failed(p identity.Pool, r *http.Request, err error) view {
	v := s.view(p, r, pageFailed)
	var reason string
	switch {
	case errors.As(err, new(identity.NotFound)):
		v.Title, reason = v.Say("failed.missing.title"), "failed.missing"
	case errors.Is(err, identity.ErrRegistrationDisabled):
		v.Title, reason = v.Say("failed.closed.title"), "failed.closed"
	case errors.As(err, new(identity.Limited)):
		reason = "failed.limited"
	case errors.Is(err, errForeign):
		reason = "failed.foreign"
	default:
		reason = "failed.text"
	}
	v.Intro = v.Say(reason)
	return v
}

// showForm is the form with which people sign up.
func (s site) showForm(ctx context.Context, _ http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	v, err := s.form(ctx, r, p)
	if err != nil {
		return shown{}, err
	}
	if before := s.recall(r, p); s.now().Before(before.SentAt.Add(typedIsKept).Time) {
		typed := url.Values{}
		for name, value := range before.Typed {
			typed[name] = strings.Split(value, "\n")
		}
		v.fill(typed)
	}
	return shown{view: v, status: http.StatusOK}, nil
}

func (s site) form(ctx context.Context, r *http.Request, p identity.Pool) (view, error) {
	if _, err := s.Open(ctx, p.Tenant, p.ID); err != nil {
		return view{}, err
	}
	schema, err := s.Pools.CachedSchema(ctx, p.Tenant, p.PayloadSchema)
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
		{Rule: "min_length", Bound: policy.MinLength}, {Rule: "capital_letters", Bound: policy.Capitals}, {Rule: "lowercase_letters", Bound: policy.Lowercase},
		{Rule: "digits", Bound: policy.Digits}, {Rule: "special_characters", Bound: policy.Special},
	} {
		if r.Bound > 0 {
			r.Text = v.Say("rule."+r.Rule, "n", number(r.Bound))
			v.Rules = append(v.Rules, r)
		}
	}
	if policy.Strength != "any" {
		v.Rules = append(v.Rules, rule{Rule: "strength", Text: v.Say("rule.strength")})
	}
	v.Rules = append(v.Rules, rule{Rule: "guessable", Text: v.Say("rule.guessable")})
}

func (v *view) fill(typed url.Values) {
	fill(v.Fields, typed)
	fill(v.More, typed)
}

// submitForm registers who filled in the form, and goes on to the page for the code.
func (s site) submitForm(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool) (shown, error) {
	v, err := s.form(ctx, r, p)
	if err != nil {
		return shown{}, err
	}
	v.fill(r.PostForm)
	if _, err := s.OpenTo(ctx, p.Tenant, p.ID, s.source(r)); err != nil {
		return shown{}, err
	}
	if v.lacksPassword(r) {
		return v.refused(errIncomplete)
	}
	o := identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: v.Lang}
	in := identity.SelfRegistration{Identifier: r.PostForm.Get("identifier"), Password: r.PostForm.Get("password"), Payload: payloadOf(v.More, r.PostForm)}
	done, err := s.Register(ctx, p, in, true, o)
	if err != nil {
		return v.refused(err)
	}
	return s.registered(w, r, p, done, v)
}

// errIncomplete is a form that lacks something that a form must have, though the API can do without.
var errIncomplete = errors.New("the form is not complete")

// lacksPassword says whether a password is asked for and not given, and says so beside the field.
func (v *view) lacksPassword(r *http.Request) bool {
	if v.Password == nil || r.PostForm.Get("password") != "" {
		return false
	}
	v.fault(v.Password, v.Say("error.password.missing"))
	return true
}

// refused is the form with what is wrong with it. An error that is not about what was typed is returned.
func (v *view) refused(why error) (shown, error) {
	if err := v.explain(why); err != nil {
		return shown{}, err
	}
	return shown{view: *v, status: http.StatusUnprocessableEntity, why: why}, nil
}

func (s site) registered(w http.ResponseWriter, r *http.Request, p identity.Pool, done Registered, v view) (shown, error) {
	next := state{Ticket: done.Ticket, Address: r.PostForm.Get("identifier"), SentAt: identity.At(s.now()), Typed: map[string]string{}, ReturnTo: s.returnTo(r)}
	for _, fields := range [][]field{v.Fields, v.More} {
		each(fields, func(f *field) {
			if values := r.PostForm[f.Name]; len(values) > 0 {
				next.Typed[f.Name] = strings.Join(values, "\n")
			}
		})
	}
	return shown{location: "register/code" + languageQuery(r)}, s.remember(w, p, next)
}

// returnTo is where to go on in the end. Anybody can write a link to a page, so only places that the deployment allows count.
func (s site) returnTo(r *http.Request) string {
	if to := r.URL.Query().Get("return_to"); len(to) <= longestReturn && s.MayReturnTo(to) {
		return to
	}
	return ""
}

// explain says beside the fields what is wrong with them. An error that is not about the form is returned.
func (v *view) explain(err error) error {
	var invalid identity.Invalid
	switch {
	case errors.Is(err, errIncomplete):
		return nil
	case errors.As(err, new(identity.ExpiredCode)):
		v.fault(&v.Fields[0], v.Say("error.code.expired"))
		return nil
	case errors.As(err, new(identity.InvalidCode)):
		v.fault(&v.Fields[0], v.Say("error.code"))
		return nil
	case !errors.As(err, &invalid):
		return err
	}
	fields := map[string]*field{}
	for _, list := range [][]field{v.Fields, v.More} {
		each(list, func(f *field) { fields[f.Name] = f })
	}
	for _, violation := range invalid.Violations {
		name, isPayload := strings.CutPrefix(violation.Pointer, "/payload")
		switch {
		case violation.Pointer == "/password" && v.Password != nil:
			v.fault(v.Password, v.passwordFault(violation))
		case violation.Pointer == "/identifier", violation.Pointer == "/otp_address", violation.Pointer == "/address":
			v.fault(&v.Fields[0], v.Say("error.address"))
		case isPayload && v.explainField(fields, name):
		default:
			v.fault(nil, v.Say("error.other", "reason", strings.TrimSpace(violation.Pointer+" "+violation.Reason)))
		}
	}
	return nil
}

// explainField says what is wrong with the field that has the value at a pointer, or holds it.
func (v *view) explainField(fields map[string]*field, pointer string) bool {
	for pointer != "" {
		if f := fields[pointer]; f != nil && f.Control != controlGroup {
			v.fault(f, f.fault())
			return true
		}
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
	return false
}

// fault is what to say of a value that the schema does not allow: what it asks for.
func (f field) fault() string {
	least, most, kind := f.Min, f.Max, "error.number"
	if f.Type != "number" {
		least, most, kind = f.MinLength, f.MaxLength, "error.length"
	}
	switch {
	case strings.TrimSpace(f.Value) == "" && f.Required:
		return f.Say("error.required")
	case f.Control == controlSelect:
		return f.Say("error.choice")
	case least != "" && most != "":
		return f.Say(kind+".between", "least", least, "most", most)
	case least != "":
		return f.Say(kind+".least", "least", least)
	case most != "":
		return f.Say(kind+".most", "most", most)
	case f.Type == "number":
		return f.Say("error.number")
	}
	return f.Say("error.form")
}

func (v *view) passwordFault(violation identity.Violation) string {
	key := "error.password." + violation.Rule
	if _, known := v.Words[key]; !known {
		key = "error.password.missing"
	}
	return v.Say(key, "n", number(violation.Bound))
}

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
	_, err := s.Activate(ctx, p.Tenant, p.ID, s.source(r), before.Ticket, code, r.PostForm.Get("password"))
	if err == nil {
		return s.activated(w, p, before.ReturnTo, "../activate"+languageQuery(r))
	}
	if errors.As(err, new(identity.Invalid)) {
		v.askPassword(p) // nothing else can be wrong with what comes with a code
	}
	return v.refused(err)
}

func (s site) activated(w http.ResponseWriter, p identity.Pool, returnTo, location string) (shown, error) {
	return shown{location: location}, s.remember(w, p, state{Done: true, SentAt: identity.At(s.now()), ReturnTo: returnTo})
}

func (s site) resendCode(ctx context.Context, w http.ResponseWriter, r *http.Request, p identity.Pool, before state) (shown, error) {
	if wait := s.wait(p, before); wait > 0 {
		v := s.code(r, p, before)
		v.fault(nil, v.Say("code.wait", "n", number(wait)))
		return shown{view: v, status: http.StatusTooManyRequests, why: errAgain}, nil
	}
	o := identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: s.view(p, r, pageCode).Lang}
	if err := s.Resend(ctx, p.Tenant, p.ID, s.source(r), before.Ticket, "", o); err != nil {
		return shown{}, err
	}
	before.Again, before.SentAt = true, identity.At(s.now())
	return shown{location: "code" + languageQuery(r), why: errAgain}, s.remember(w, p, before)
}

// errAgain is why a form that is there to activate did not: it asked for another mail.
var errAgain = errors.New("a mail is asked for again")

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
	v, err := s.link(ctx, r, p, code)
	return shown{view: v, status: http.StatusOK}, err
}

// link is the page of a link with a code, or where the code is no good the one that says so.
func (s site) link(ctx context.Context, r *http.Request, p identity.Pool, code string) (view, error) {
	promise, err := s.Redeemer.Look(ctx, p, code)
	if errors.As(err, new(identity.InvalidCode)) || errors.As(err, new(identity.ExpiredCode)) {
		return s.dead(r, p), nil
	}
	v := s.view(p, r, pageLink)
	v.Code, v.Address, v.Invited = code, promise.Address, promise.Invited
	if promise.NeedsPassword {
		v.askPassword(p)
	}
	return v, err
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
	v, err := s.link(ctx, r, p, code)
	if err != nil {
		return shown{}, err
	}
	if v.lacksPassword(r) {
		return v.refused(errIncomplete)
	}
	_, err = s.Activate(ctx, p.Tenant, p.ID, s.source(r), "", code, r.PostForm.Get("password"))
	switch {
	case err == nil:
		return s.activated(w, p, s.returnTo(r), "activate"+languageQuery(r))
	case errors.As(err, new(identity.InvalidCode)), errors.As(err, new(identity.ExpiredCode)):
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
	err := s.Resend(ctx, p.Tenant, p.ID, s.source(r), "", address, o)
	if err == nil {
		v.Note = v.Say("dead.sent", "address", address)
		return shown{view: v, status: http.StatusOK, why: errAgain}, nil
	}
	return v.refused(err)
}
