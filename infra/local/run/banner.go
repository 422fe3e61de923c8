package main

import (
	"fmt"
	"os"

	"identitypools/infra/local/running"
	"identitypools/infra/local/system"
)

// ownPool is the id of the pool that the printed commands make.
const ownPool = "club"

// runningOf returns the description of the product for .local/run.json.
func runningOf(product *system.System, p parts, s secrets) running.Product {
	return running.Product{
		PID: os.Getpid(), BaseURL: product.BaseURL, Tenant: tenant,
		InboxURL: p.inbox.URL(), DynamoDBURL: p.engine.URL(), SQSURL: p.queue.URL(),
		Environment: product.Environment,
		Clients: map[string]running.Client{
			"admin":  {ID: adminClient, Secret: s.AdminClient},
			"system": {ID: systemClient, Secret: s.SystemClient},
		},
		Application: running.Application{
			Issuer: product.BaseURL + "/" + tenant + "/" + demo, ID: demo, Secret: s.Application, RedirectURI: demoHome + "callback",
		},
		User: running.User{Identifier: demoUser, Password: s.Password},
	}
}

// banner returns what a person can do next.
func banner(p running.Product) string {
	pages := p.BaseURL + "/" + p.Tenant
	return fmt.Sprintf(`
Identity Pools is running; Ctrl-C stops it. Its API is at %[1]s

  Sign up   %[2]s/pools/%[3]s/register
  Inbox     %[4]s   has the mail with the code, and all other mails
  Sign in   %[5]s/signin   as %[6]s with the password %[7]s

These commands make a pool of your own. Its people sign up at %[2]s/pools/%[8]s/register

  TOKEN=$(curl -s -u %[9]s:%[10]s -d grant_type=client_credentials %[2]s/admin/oauth2/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' %[1]s/api/identity/%[11]s/admin/pools \
    -d '{"id":"%[8]s","name":"Club","public_registration_allowed":true}'

All addresses, the clients with their secrets, and the application of docs/signin.md are in .local/run.json.
Requests and mails follow:

`, p.BaseURL, pages, demo, p.InboxURL, p.Application.Issuer, p.User.Identifier, p.User.Password, ownPool,
		p.Clients["admin"].ID, p.Clients["admin"].Secret, p.Tenant)
}
