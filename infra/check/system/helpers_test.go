package system_test

import (
	"slices"

	"identitypools/infra/check/faulttest"
)

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// wording returns a text of the mail with the code of a registration.
func wording(subject string) fields { return faulttest.MailText(subject) }
