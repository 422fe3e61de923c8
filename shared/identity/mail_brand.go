package identity

import (
	"net/url"
	"path"
	"strings"
)

// SenderName returns the name before the address that the pool's mails come from: the one that the
// branding sets, or else the name of the pool if it is one that a branding could set. It returns ""
// if the pool has neither. The name of a pool may be any text, but one that looks like an address
// must not stand before the real one.
func (p Pool) SenderName() string {
	if p.Branding.SenderName != "" {
		return p.Branding.SenderName
	}
	var v Violations
	checkSenderName(&v, p.Name)
	if len(v) > 0 {
		return ""
	}
	return p.Name
}

// MailLogo returns the URL of the logo that mails show, or "" if they show none. Mail services such as
// Gmail and Outlook show no SVG images, so mails have only the name of a pool with such a logo.
func (b Branding) MailLogo() string {
	u, err := url.Parse(b.LogoURL)
	if err != nil || b.LogoURL == "" {
		return ""
	}
	if end := strings.ToLower(path.Ext(u.Path)); end == ".svg" || end == ".svgz" {
		return ""
	}
	return b.LogoURL
}
