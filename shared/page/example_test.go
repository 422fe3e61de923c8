package page_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing/fstest"

	"github.com/a-h/templ"

	"identitypools/shared/identity"
	"identitypools/shared/page"
)

// words returns a function's own words, which are the same in each language.
func words(text string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, language := range identity.Languages() {
		files["messages/"+language+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// findPool returns the only pool of the examples.
func findPool(*http.Request) (identity.Pool, error) {
	return identity.Pool{Tenant: "t", ID: "partners", Name: "Partners"}, nil
}

// A page that asks for an address is shown on GET. On POST it shows what is wrong, or redirects.
func ExampleSite_Handle() {
	site := page.New(page.Config{
		Messages: words(`{"ask.title": "Who are you?", "ask.hint": "We send a code there."}`),
		Pool:     findPool,
		Origins:  http.NewCrossOriginProtection(),
	})
	ask := func(r page.Request) *page.Page {
		p := r.NewPage("ask.title")
		p.Form.Fields = []page.Field{page.AddressField(p.Words, "address", p.Words.Say("ask.hint"))}
		// A function has its content in a .templ file, which calls page.FieldList.
		p.Content = templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return page.FieldList(p.Words, p.Form.Fields).Render(ctx, w)
		})
		return p
	}
	show := site.Handle(func(_ context.Context, r page.Request) (page.Answer, error) {
		return page.Answer{Page: ask(r)}, nil
	})
	submit := site.Handle(func(_ context.Context, r page.Request) (page.Answer, error) {
		p := ask(r)
		p.Form.Fill(r.HTTP.PostForm)
		if !strings.Contains(r.HTTP.PostForm.Get("address"), "@") {
			return p.Refuse(identity.InvalidField("/address", identity.WrongFormat("email", "must be an e-mail address")))
		}
		return page.Answer{Location: "code" + r.LanguageQuery()}, nil
	})

	w := httptest.NewRecorder()
	show(w, httptest.NewRequest(http.MethodGet, "/ask", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "<h1>Who are you?</h1>"))

	for _, address := range []string{"ann", "ann@example.com"} {
		form := strings.NewReader(url.Values{"address": {address}}.Encode())
		r := httptest.NewRequest(http.MethodPost, "/ask?lang=de", form)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		submit(w, r)
		fmt.Println(w.Code, w.Header().Get("Location"), strings.Contains(w.Body.String(), `id="address-error"`))
	}
	// Output:
	// 200 true
	// 422  true
	// 303 code?lang=de false
}

// The fields of a form are made from a schema. What a user types into them becomes a payload.
func ExampleForm() {
	fields, err := page.PayloadFields([]byte(`{
		"type": "object", "required": ["plan"], "properties": {
			"plan": {"type": "string", "enum": ["basic", "pro"]},
			"age": {"type": "integer", "minimum": 18}
		}
	}`), nil, map[string]string{"age": "How old are you?"})
	if err != nil {
		fmt.Println(err)
		return
	}
	form := page.Form{Fields: fields}
	typed := url.Values{"/plan": {"pro"}, "/age": {"20"}}
	form.Fill(typed)
	for _, f := range form.Fields {
		fmt.Printf("%s: %s %q\n", f.Label, f.Control, f.Value)
	}
	fmt.Println(page.Payload(form.Fields, typed))
	// Output:
	// Plan: select "pro"
	// How old are you?: input "20"
	// {"plan":"pro","age":20}
}
