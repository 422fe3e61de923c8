package activation_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
)

// stored returns the stored attributes of a user's codes for a purpose. It reads them without any code
// of the product.
func stored(t *testing.T, product *systemtest.Product, owner, purpose string) map[string]types.AttributeValue {
	t.Helper()
	got, err := product.DB.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(product.TableName), ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "USER#" + owner},
			"sk": &types.AttributeValueMemberS{Value: "CODE#" + purpose},
		},
	})
	if err != nil || len(got.Item) == 0 {
		t.Fatalf("no codes of %s for %s: %v", owner, purpose, err)
	}
	return got.Item
}

// replaceCodes writes live codes over those that a user has for activation, with the epoch of these.
func replaceCodes(t *testing.T, product *systemtest.Product, owner string, live types.AttributeValue) {
	t.Helper()
	item, epoch := stored(t, product, owner, "activation"), regexp.MustCompile(`"epoch":"[^"]*"`)
	of := epoch.FindString(item["live"].(*types.AttributeValueMemberS).Value)
	if of == "" {
		t.Fatalf("the codes of %s have no epoch", owner)
	}
	text := epoch.ReplaceAllString(live.(*types.AttributeValueMemberS).Value, of)
	item["live"] = &types.AttributeValueMemberS{Value: text}
	if _, err := product.DB.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: aws.String(product.TableName), Item: item,
	}); err != nil {
		t.Fatal(err)
	}
}

// A code is good for one address, purpose, user, pool and tenant. What is stored of it is bound to
// all of these, so that not even somebody who writes to the table can make it prove anything else
// (V6.5.2, V6.6.2).
func TestAStoredCodeProvesNothingElse(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	const address, other = "ann@example.com", "bob@example.com"
	generate := func(t *testing.T, tenant *systemtest.Tenant, pool, user, purpose, address string) string {
		t.Helper()
		body := fields{"type": purpose, "address": address}
		return tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+user+"/code/generate", body).Text(t, "code")
	}
	for _, c := range []struct {
		name          string
		isAway        bool   // whether the code is presented in another tenant
		pool, user    string // the pool and the user that the code is presented for
		made, purpose string // the address and the purpose that the code is made for
		status        int
	}{
		{"nothing else", false, "one", "ann", address, "activation", 201},
		{"another address", false, "one", "ann", other, "activation", 422},
		{"another user", false, "one", "bob", address, "activation", 422},
		{"another pool", false, "two", "ann", address, "activation", 422},
		{"another tenant", true, "one", "ann", address, "activation", 422},
		{"another purpose", false, "one", "ann", address, "challenge", 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			home, away := product.NewTenant(t), product.NewTenant(t) // new ones, since a tenant counts guesses
			tenant := home
			if c.isAway {
				tenant = away
			}
			for _, tenant := range []*systemtest.Tenant{home, away} {
				for _, pool := range []string{"one", "two"} {
					tenant.Admin.Must(t, 201, "POST", "/pools", fields{"id": pool, "name": "Partners"})
					// Both may have the addresses until one of them has proved them.
					for _, user := range []string{"ann", "bob"} {
						path := "/pools/" + pool + "/users"
						tenant.Admin.Must(t, 201, "POST", path, fields{
							"id": user, "status": "new", "verifiable_addresses": []fields{
								{
									"address": address, "type": "email",
									"verified": c.purpose == "challenge" && user == "ann", "status": "active",
								},
								{"address": other, "type": "email", "verified": false, "status": "active"},
							},
						})
					}
				}
			}
			code := generate(t, home, "one", "ann", c.purpose, c.made)
			live := stored(t, product, home.ID+"#one#ann", c.purpose)["live"]
			if c.made == other { // say that the code proves the other address
				text := live.(*types.AttributeValueMemberS).Value
				live = &types.AttributeValueMemberS{Value: strings.ReplaceAll(text, other, address)}
			}
			if c.name != "nothing else" && c.name != "another address" {
				generate(t, tenant, c.pool, c.user, "activation", address)
			}
			replaceCodes(t, product, tenant.ID+"#"+c.pool+"#"+c.user, live)
			path := "/pools/" + c.pool + "/users/" + c.user
			if got := tenant.System.Call(t, "POST", path+"/activate", fields{"code": code}); got.Status != c.status {
				t.Errorf("the code answers %d %s", got.Status, got.Body)
			}
		})
	}
}
