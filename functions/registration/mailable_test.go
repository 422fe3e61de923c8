package registration_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// Somebody registers with an address to which SES sends nothing. The refusal says why, and is the
// same whether or not the address belongs to somebody.
func TestAnAddressMustReceiveMail(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	known, unknown := "jörg@example.com", "zoë@example.com"
	s.tenant.NewUser(t, s.pool, "active", known, nil)
	name := "jo-" + systemtest.Unique()
	for _, c := range []struct {
		name, path, at string
		client         *systemtest.Client
		body           func(address string) fields
	}{
		{"a browser", "/register", "/identifier", s.tenant.Public, func(address string) fields {
			return fields{"identifier": address, "password": systemtest.Password}
		}},
		{"a browser, with a name", "/register", "/otp_address", s.tenant.Public, func(address string) fields {
			return fields{"identifier": name, "otp_address": address}
		}},
		{"a back end", "/user/register", "/identifier", s.tenant.System, func(address string) fields {
			return fields{"identifier": address}
		}},
		{
			"a back end that sends the code itself", "/user/register?send_activation_message=false",
			"/identifier", s.tenant.System, func(address string) fields {
				return fields{"identifier": address}
			},
		},
		{"a resend", "/activation/send", "/address", s.tenant.Public, func(address string) fields {
			return fields{"address": address}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused := c.client.Must(t, 422, "POST", s.path()+c.path, c.body(known))
			systemtest.CheckRefusal(t, refused, 422, "invalid", c.at)
			const why = "must be an address that can receive mail: the mail service takes only ASCII before the @"
			if !contains(refused.Body, why) {
				t.Errorf("the refusal does not say why: %s", refused.Body)
			}
			other := c.client.Must(t, 422, "POST", s.path()+c.path, c.body(unknown))
			if string(other.Body) != string(refused.Body) {
				t.Errorf("known %s, unknown %s", refused.Body, other.Body)
			}
		})
	}
	// An identifier that receives no mail may have such an address.
	s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register?send_activation_message=false", fields{
		"identifier": unknown, "otp_address": "+15550100",
	})
	if left := s.product.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("messages were asked for: %v", left)
	}
}

// The pages say why an address is refused, in the language of the reader.
func TestThePagesSayWhichAddressesReceiveMail(t *testing.T) {
	t.Parallel()
	b := newPoolBrowser(t, nil)
	for language, says := range map[string]string{
		"en": "We can’t send email to this address", "de": "An diese Adresse können wir keine E-Mail senden",
		"es": "No podemos enviar correo a esta dirección", "fr": "Nous ne pouvons pas envoyer d’e-mail",
		"pl": "Nie możemy wysłać e-maila na ten adres",
	} {
		for page, form := range map[string][]string{
			"register?lang=": {"identifier", "jörg@example.com", "password", systemtest.Password},
			"activate?lang=": {"address", "jörg@example.com", "do", "resend"},
		} {
			got := b.call(t, b.at(page+language), form...)
			if got.Status != 422 || strings.Count(string(got.Body), says) != 2 { // in the list and at the field
				t.Errorf("%s%s: %d %s", page, language, got.Status, mainContent(got))
			}
		}
	}
}
