package mail_test

import (
	"fmt"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

func ExampleTexts_Render() {
	texts, err := mail.LoadTexts()
	if err != nil {
		fmt.Println(err)
		return
	}
	values := mail.PoolValues(identity.Pool{Name: "Blue Harbour"})
	values.Code, values.Duration = "471108", 15*time.Minute
	values.Until = time.Date(2026, 7, 1, 12, 15, 0, 0, time.UTC)

	own := &mail.Text{
		Subject: "Welcome to {pool}",
		Body:    "Your code is:\n\n{code}\n\nIt is valid for {duration}, until {until}.",
	}
	if err := mail.Check(mail.RegistrationCode, *own); err != nil {
		fmt.Println(err)
		return
	}
	m, err := texts.Render(mail.RegistrationCode, "en", own, values)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _, _ := strings.Cut(m.Text, "\n-- \n") // without the footer
	fmt.Printf("Subject: %s\n\n%s", m.Subject, text)
	// Output:
	// Subject: Welcome to Blue Harbour
	//
	// Your code is:
	//
	//     471 108
	//
	// It is valid for 15 minutes, until 1 July 2026 at 12:15 UTC.
}

func ExampleCheck() {
	err := mail.Check(mail.RegistrationCode, mail.Text{Subject: "Hello", Body: "Your code: {code}"})
	fmt.Println(err)
	// Output: /body: must have {code} once, in a paragraph of its own
}
