package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

//go:embed messages style.css *.js
var files embed.FS

// look is what the pages of a function have in common.
type look struct {
	words   map[string]language.Words // by language
	style   element
	scripts map[needs]element
}

// needs says which parts of the script a page needs.
type needs struct {
	password  bool // for a new password
	code      bool // for a one-time code
	challenge bool
}

// parts returns the files with the parts of the script, and whether they are needed.
func (n needs) parts() map[string]bool {
	return map[string]bool{"password.js": n.password, "code.js": n.code, "work.js": n.challenge}
}

// element is a style or script element that is part of each page, with the hash by which the page's
// policy allows it.
type element struct {
	html string
	hash string
}

// newElement returns the element with the given tag and text. The text is not escaped, so it must
// not come from users.
func newElement(tag, text string) element {
	sum := sha256.Sum256([]byte(text))
	return element{
		html: "<" + tag + ">" + text + "</" + tag + ">",
		hash: "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}

// openLook reads the words, the style and the script.
func openLook(own fs.FS) (look, error) {
	words, err := readWords(own)
	if err != nil {
		return look{}, err
	}
	style, err := files.ReadFile("style.css")
	if err != nil {
		return look{}, fmt.Errorf("read style: %w", err)
	}
	l := look{words: words, style: newElement("style", string(style)), scripts: map[needs]element{}}
	for i := range 8 {
		n := needs{i&1 > 0, i&2 > 0, i&4 > 0}
		script, err := scriptFor(n)
		if err != nil {
			return look{}, fmt.Errorf("read script: %w", err)
		}
		l.scripts[n] = newElement("script", plain(script))
	}
	return l, nil
}

// scriptFor returns the script of a page. A part stands in place of the line that names its file.
func scriptFor(n needs) (string, error) {
	script, err := files.ReadFile("script.js")
	if err != nil {
		return "", err
	}
	text := string(script)
	for name, isNeeded := range n.parts() {
		var part []byte
		if isNeeded {
			if part, err = files.ReadFile(name); err != nil {
				return "", err
			}
		}
		text = strings.Replace(text, "  // part: "+name+"\n", string(part), 1)
	}
	return text, nil
}

// plain returns a script without the lines that are comments, without empty lines, and without indentation.
func plain(script string) string {
	var lines []string
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// scriptOf returns the script of a page, with the parts that the page needs.
func (l look) scriptOf(p *Page) element {
	return l.scripts[needs{p.Form.Password != nil, p.Form.named(codeName) != nil, p.Form.Challenge != ""}]
}

// readWords returns the words of a function's pages by language: its own words, and those that all
// pages share.
func readWords(own fs.FS) (map[string]language.Words, error) {
	all, err := language.Read(files, "messages")
	if err != nil {
		return nil, err
	}
	added, err := language.Read(own, "messages")
	if err != nil {
		return nil, err
	}
	for code, words := range added {
		for key := range words {
			if _, shared := all[code][key]; shared {
				return nil, fmt.Errorf("read messages in %s: all pages share %q", code, key)
			}
		}
		maps.Copy(all[code], words)
	}
	return all, nil
}

// brandStyle returns a style with the colour of a pool, and with a colour for text on it.
func brandStyle(p identity.Pool) string {
	surface, on := identity.Colours(p.Colour())
	return ":root{--brand:" + surface + ";--on-brand:" + on + "}"
}

// draw answers with the page. The address of the page may contain a code, which must not be sent to
// other sites. Therefore the page loads nothing except the pool's logo, and runs nothing except its
// one script (ASVS 3.4.3 to 3.4.6, 14.3.2).
func (l look) draw(ctx context.Context, w http.ResponseWriter, status int, p *Page) error {
	var drawn bytes.Buffer
	// The page may say that the time of the request is over, so it is drawn even then.
	if err := layout(p, l).Render(context.WithoutCancel(ctx), &drawn); err != nil {
		return fmt.Errorf("draw page %q: %w", p.Title, err)
	}
	images := "data:"
	if logo, err := url.Parse(p.logo); err == nil && logo.Host != "" {
		images += " https://" + logo.Host
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", p.Language)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	// Without a referrer, browsers would send forms without their origin.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "style-src " + l.style.hash + " " + p.brand.hash,
		"script-src " + l.scriptOf(p).hash, "img-src " + images,
		strings.TrimSpace("form-action 'self' " + p.SendsTo), "base-uri 'none'", "frame-ancestors 'none'",
	}, "; "))
	w.WriteHeader(status)
	_, _ = w.Write(drawn.Bytes()) // the caller has gone if this fails
	return nil
}
