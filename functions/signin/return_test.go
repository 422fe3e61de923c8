package signin_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// linkTo returns the address of the link of a page that has a text in its address.
func linkTo(t *testing.T, got systemtest.Response, has string) string {
	t.Helper()
	for _, found := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(main(got), -1) {
		if address := html.UnescapeString(found[1]); strings.Contains(address, has) {
			return address
		}
	}
	t.Fatalf("no link leads to %s: %d %s", has, got.Status, main(got))
	return ""
}

// Somebody who creates an account on the way, or has forgotten the password, goes on to the application that
// sent them.
func TestPeopleComeBackToTheirSignIn(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	const chosen = "quite another long password"
	for name, leave := range map[string]func(t *testing.T, s *setup, b *systemtest.Browser, page systemtest.Response) (systemtest.Response, string){
		"from a sign-up": func(t *testing.T, s *setup, b *systemtest.Browser, page systemtest.Response) (systemtest.Response, string) {
			email := systemtest.Address("new")
			b.Open(t, linkTo(t, page, "/register?"))
			b.Submit(t, "identifier", email, "password", chosen)
			return b.Submit(t, "code", systemtest.CodeIn(t, product.Inbox.Await(t, email, 1)[0])), email
		},
		"from a reset": func(t *testing.T, s *setup, b *systemtest.Browser, page systemtest.Response) (systemtest.Response, string) {
			b.Open(t, linkTo(t, page, "/reset?"))
			b.Submit(t, "address", s.email)
			code := systemtest.CodeIn(t, product.Inbox.Await(t, s.email, 1)[0])
			return b.Submit(t, "code", code, "password", chosen), s.email
		},
		"from a reset for several pools": func(t *testing.T, s *setup, b *systemtest.Browser, _ systemtest.Response) (systemtest.Response, string) {
			s.connect(t, s.tenant.NewPool(t, nil), 2)
			page := b.Open(t, s.authorizeURL())
			b.Open(t, linkTo(t, page, "signin/forgot?"))
			asked := b.Submit(t, "address", s.email)
			if !strings.Contains(main(asked), "has an account") {
				t.Errorf("the page says %s", main(asked))
			}
			link := systemtest.LinkIn(t, product.Inbox.Await(t, s.email, 1)[0])
			form := b.Open(t, link.String())
			pairs := []string{"password", chosen}
			for name, value := range systemtest.Hidden(form) {
				pairs = append(pairs, name, value)
			}
			return b.Submit(t, pairs...), s.email
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, product, nil)
			b := product.NewBrowser(t)
			page := b.Open(t, s.authorizeURL())
			done, email := leave(t, s, b, page)
			back := b.Open(t, linkTo(t, done, "/signin?"))
			if !isPage(back) || !strings.Contains(main(back), "The shop") {
				t.Fatalf("the way back leads to %s: %d %s", b.At, back.Status, main(back))
			}
			answer := answered(t, b, s.try(t, b, email, chosen))
			if claims := s.claims(t, answer.Get("code")); answer.Get("state") != "a state" || claims["nonce"] != "a nonce" {
				t.Errorf("the application gets %v and %v", answer, claims)
			}
		})
	}
}
