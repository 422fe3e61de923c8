package main

import (
	"identitypools/infra/local/part"
	"identitypools/shared/mail"
)

// mails shows a line for each mail, with the address at which the inbox shows it. What is in the mail is
// not part of the line.
type mails struct {
	screen *screen
	inbox  string // the URL of the inbox
}

func (m mails) show(kind mail.Kind, id string) {
	where := m.inbox + part.MailPath(id)
	if id == part.Suppressed {
		where = "not delivered: its address is on SES's list of those that get nothing"
	}
	m.screen.show(m.screen.colour(blue, "mail "+string(kind)) + "  " + where)
}
