package browser_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/golden"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

// imageFolder is the folder of the documents' images, and maxImageBytes the limit for their total
// size.
const (
	imageFolder   = "../../../docs/images"
	maxImageBytes = 1500 << 10
)

// screenshots takes the images of the documents. To make them the same in each run, names and
// addresses are fixed and random values are replaced.
type screenshots struct {
	*site
	pictures map[string][]byte
}

// fixedAddress is an address to which no other test sends mail.
const fixedAddress = "ann@example.com"

// Every image of the documents can be taken and exists. People review what the images show; -update
// rewrites them.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := screenshots{
		open(t, fields{"name": "Acme Customers", "badge_color": "#0f62fe"}),
		map[string][]byte{},
	}
	phone, desktop := browser.View{Width: 390, Height: 400, Scale: 2},
		browser.View{Width: 1280, Height: 900, Dark: true}
	s.registration(t, phone, desktop)
	s.invitation(t, phone)
	s.signIn(t, phone)
	s.mails(t, browser.View{Width: 640, Height: 300},
		browser.View{Width: 640, Height: 300, Dark: true},
		browser.View{Width: 390, Height: 300, Scale: 2})
	s.inbox(t)

	if golden.Updates() {
		s.save(t)
	}
	found, weight := []string{}, 0
	entries, err := os.ReadDir(imageFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		found, weight = append(found, entry.Name()), weight+int(info.Size())
	}
	if want := slices.Sorted(maps.Keys(s.pictures)); !slices.Equal(found, want) {
		t.Errorf("docs/images has %q, and taken were %q: make screenshots", found, want)
	}
	if weight > maxImageBytes {
		t.Errorf("the pictures weigh %d bytes", weight)
	}
}

// save replaces the files by the images that were taken.
func (s screenshots) save(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(imageFolder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(imageFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, picture := range s.pictures {
		if err := os.WriteFile(filepath.Join(imageFolder, name), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (s screenshots) registration(t *testing.T, phone, desktop browser.View) {
	t.Helper()
	for name, view := range map[string]browser.View{
		"register-phone":        phone,
		"register-desktop-dark": desktop,
	} {
		tab := browser.NewTab(t, view)
		tab.Go(t, s.page("register"))
		s.pictures[name+".png"] = tab.Picture(t)
	}
	german := phone
	german.Language = "de"
	tab := browser.NewTab(t, german)
	tab.Go(t, s.page("register"))
	tab.Fill(t, "#identifier", fixedAddress)
	tab.Fill(t, "#password", "password123")
	tab.Submit(t, submit)
	s.pictures["register-german-errors.png"] = tab.Picture(t)

	tab = browser.NewTab(t, phone)
	s.startRegistration(t, tab, fixedAddress)
	code := s.code(t, fixedAddress, 1)
	s.Clock.Advance(61 * time.Second)
	tab.Go(t, s.page("register/code")) // after the pause the page has no countdown
	s.pictures["code-phone.png"] = tab.Picture(t)
	tab.Fill(t, "#code", code)
	tab.Submit(t, submit)
	s.pictures["done-phone.png"] = tab.Picture(t)
}

func (s screenshots) invitation(t *testing.T, phone browser.View) {
	t.Helper()
	invited := systemtest.Address("bob")
	s.invite(t, invited, "")
	tab := browser.NewTab(t, phone)
	tab.Go(t, s.link(t, invited, 1))
	s.normalize(t, tab, "document", invited)
	s.pictures["invitation-phone.png"] = tab.Picture(t)
}

// signIn takes images of the page for signing in, of that for the code of an app, and of who is signed in.
func (s screenshots) signIn(t *testing.T, phone browser.View) {
	t.Helper()
	m := openWorkspace(t)
	for name, reach := range map[string]func(*browser.Tab){
		"signin-phone":        func(tab *browser.Tab) { tab.Go(t, m.at("/signin")) },
		"signin-factor-phone": func(tab *browser.Tab) { m.signIn(t, tab, m.bob) },
		"signed-in-phone":     func(tab *browser.Tab) { m.signIn(t, tab, m.ann) },
	} {
		tab := browser.NewTab(t, phone)
		reach(tab)
		s.normalize(t, tab, "document", m.ann)
		s.pictures[name+".png"] = tab.Picture(t)
	}
}

// mails takes an image of every kind of mail with light colors, of one with dark colors and of one
// on a phone.
func (s screenshots) mails(t *testing.T, day, night, phone browser.View) {
	t.Helper()
	sent := map[string]parttest.Mail{}
	send := func(kind, email string, n int) { sent[kind] = s.Inbox.Await(t, email, n)[n-1] }
	send("registration-code", fixedAddress, 1)
	send("welcome", fixedAddress, 2)
	first, second, third, taken := systemtest.Address("bob"), systemtest.Address("cid"),
		systemtest.Address("dora"), systemtest.Address("eve")
	s.invite(t, first, "")
	send("invitation-link", first, 1)
	s.invite(t, second, "&code_type_in_message=code")
	send("invitation-code", second, 1)
	s.tenant.System.Must(t, 201, "POST", "/pools/"+s.pool+"/user/register",
		fields{"identifier": third, "password": systemtest.Password})
	send("registration-link", third, 1)
	for n, form := range []string{"code", "link"} {
		s.Clock.Advance(61 * time.Second)
		s.tenant.Public.Must(t, 202, "POST",
			"/pools/"+s.pool+"/activation/send?code_type_in_message="+form, fields{"address": third})
		send("resend-"+form, third, n+2)
	}
	s.tenant.NewUser(t, s.pool, "active", taken, nil)
	s.tenant.Public.Must(t, 201, "POST", "/pools/"+s.pool+"/register",
		fields{"identifier": taken, "password": systemtest.Password})
	send("taken", taken, 1)
	for kind, mail := range sent {
		s.captureMail(t, "mail-"+kind, mail, day)
	}
	s.captureMail(t, "mail-registration-code-dark", sent["registration-code"], night)
	s.captureMail(t, "mail-invitation-link-phone", sent["invitation-link"], phone)
}

func (s screenshots) captureMail(t *testing.T, name string, mail parttest.Mail, view browser.View) {
	t.Helper()
	tab := browser.NewTab(t, view)
	tab.Go(t, serve(t, mail.HTML)+"/?open")
	tab.CheckAccessibility(t)
	s.normalize(t, tab, "document", mail.To[0])
	s.pictures[name+".png"] = tab.Picture(t)
}

// normalize replaces what differs between runs by fixed values: an address, ids, codes and times.
func (s screenshots) normalize(t *testing.T, tab *browser.Tab, document, email string) {
	t.Helper()
	browser.Eval[any](t, tab, fmt.Sprintf(`(root => {
		const walker = root.createTreeWalker(root.body, NodeFilter.SHOW_TEXT);
		for (let node; node = walker.nextNode();) node.data = node.data.replaceAll(%q, %q).replaceAll(%q, "https://id.example.com/acme/pools/customers")
			.replace(/code=[\w.~%%-]+/g, "code=…").replace(/\b\d{6}\b/g, "123456").replace(/\b\d{3}(\s)\d{3}\b/g, "123$1456").replace(/\d+ \w+ \d{4} at \d\d:\d\d UTC/g, "1 June 2027 at 12:00 UTC");
		for (const cell of root.querySelectorAll(".code")) { // whose groups are elements
			let n = 0;
			const digits = root.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
			for (let node; node = digits.nextNode();) node.data = node.data.replace(/\d/g, () => ++n %% 10);
		}
	})(%s)`, email, fixedAddress, s.BaseURL+"/"+s.tenant.ID+"/pools/"+s.pool, document))
}

// inbox takes an image of the page of the local inbox in which the mail with the code is open.
func (s screenshots) inbox(t *testing.T) {
	t.Helper()
	tab := browser.NewTab(t, browser.View{Width: 1000, Height: 700})
	tab.Go(t, s.Inbox.URL())
	parttest.Until(t, "the mails on the inbox's page", func() bool {
		return strings.Contains(tab.Text(t, "#content"), fixedAddress)
	})
	browser.Eval[any](t, tab, `document.querySelectorAll(".email").forEach(mail => {
		if (!mail.innerText.includes("`+fixedAddress+`")) { mail.remove(); return }
		mail.querySelectorAll("p").forEach(line => { if (line.innerText.startsWith("At:")) line.remove() });
	}); document.querySelector(".email:last-child .email-html").style.display = ""; document.getAnimations().forEach(a => a.finish())`)
	s.normalize(t, tab,
		`document.querySelector(".email:last-child iframe").contentDocument`, fixedAddress)
	s.pictures["inbox.png"] = tab.Picture(t)
}
