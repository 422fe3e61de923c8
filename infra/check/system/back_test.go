package system_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
)

// What was read can be sent back with a change, and nothing that a caller can't change is changed by
// that. So each resource that can be read and replaced is read, sent back as it is, and sent back with
// other values of what only the product sets.
func TestWhatWasReadCanBeSentBack(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	admin := tenant.Admin
	pool := tenant.NewPool(t, fields{
		"otp_settings": fields{"activation": fields{"ttl": "1h0m0s", "length": 8}},
		"branding":     fields{"language": "de", "texts": fields{"de": fields{"title": "Willkommen"}}},
		"metadata":     fields{"number": 1},
	})
	schema := admin.Must(t, 201, "POST", "/schemas", fields{
		"name": "Person", "schema": fields{"properties": fields{"id": fields{"type": "integer"}}},
	}).Text(t, "id")
	user := tenant.NewUser(t, pool, "active", systemtest.Address("ann"), fields{
		"payload": fields{"id": json.Number("123456789012345678")}, "payload_schema_id": schema,
		"verifiable_addresses": []fields{{"address": systemtest.Address("ann"), "type": "email", "verified": true}},
		"credentials":          []fields{{"type": "password", "password": systemtest.Password}},
	})
	admin.Must(t, 200, "PUT", "/pools/"+pool+"/mails/invitation_link/de", fields{"subject": "Hallo", "body": "{link}"})
	workspaces := tenant.Workspaces
	workspaces.Must(t, 201, "POST", "/servers", fields{"id": "shop", "enforce_pkce": false, "id_token_ttl": "2m0s"})
	workspaces.Must(t, 201, "POST", "/servers/shop/idps/identity_pool", fields{"id": "own", "identity_pool_id": pool})
	workspaces.Must(t, 201, "POST", "/clients", fields{
		"client_id": "web", "authorization_server_id": "shop", "identity_pool_ids": []string{pool},
		"scopes": []string{"a", "b"}, "client_status": "inactive",
	})
	paths := map[string]string{
		"/servers/{wid}": "/servers/shop", "/clients/{cid}": "/clients/web",
		"/servers/{wid}/idps/identity_pool/{iid}": "/servers/shop/idps/identity_pool/own",
		"/pools/{ipID}": "/pools/" + pool, "/schemas/{schID}": "/schemas/" + schema,
		"/pools/{ipID}/users/{userID}":                         "/pools/" + pool + "/users/" + user,
		"/pools/{ipID}/mails/{kind}/{lang}":                    "/pools/" + pool + "/mails/invitation_link/de",
		"/pools/{ipID}/users/{userID}/metadata/{metadataType}": "/pools/" + pool + "/users/" + user + "/metadata/admin",
	}
	readable := map[string]bool{}
	for _, route := range functions.Routes() {
		readable[route.Key()] = true
	}
	found := map[string]bool{}
	for _, route := range functions.Routes() {
		_, path, _ := strings.Cut(route.Path, "/"+string(route.Caller))
		path, isOfWorkspaces := strings.CutPrefix(path, "/{tid}")
		if route.Method != "PUT" || !readable["GET "+route.Path] {
			continue
		}
		found[path] = true
		t.Run(route.Name, func(t *testing.T) {
			client := map[string]*systemtest.Client{
				"admin": tenant.Admin, "system": tenant.System,
			}[string(route.Caller)]
			if isOfWorkspaces {
				client = workspaces
			}
			there := paths[path]
			before := client.Must(t, 200, "GET", there, nil).Body
			client.Must(t, 200, "PUT", there, before)
			if readable["PATCH "+route.Path] {
				client.Must(t, 200, "PATCH", there, client.Must(t, 200, "GET", there, nil).Body)
			}
			if after := client.Must(
				t, 200, "GET", there, nil,
			).Body; !reflect.DeepEqual(unchanging(t, after), unchanging(t, before)) {
				t.Errorf("what was sent back changed the resource\nfrom %s\nto   %s", before, after)
			}
			client.Must(t, 200, "PUT", there, withOther(t, before, route.Body))
			if after := client.Must(
				t, 200, "GET", there, nil,
			).Body; !reflect.DeepEqual(unchanging(t, after), unchanging(t, before)) {
				t.Errorf("what only the product sets was changed\nfrom %s\nto   %s", before, after)
			}
			if got := client.Call(t, "PUT", there, `{"no_member_of_an_answer":1}`); got.Status != 422 {
				t.Errorf("a member of nothing is answered %d: %s", got.Status, got.Body)
			}
		})
	}
	if len(found) != len(paths) {
		t.Errorf("the resources that can be read and replaced are %v, and tried are %v", found, paths)
	}
}

// unchanging returns an answer without what changes with time: when it was changed last, and counts.
func unchanging(t *testing.T, answer []byte) fields {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	var all fields
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(name string, _ any) bool {
		return name == "updated_at" || strings.HasPrefix(name, "number_of_")
	})
	return all
}

// withOther returns an answer with other values of the members that the body of a change does not have.
func withOther(t *testing.T, answer []byte, body reflect.Type) fields {
	t.Helper()
	all := unchanging(t, answer)
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(body) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = true
	}
	for name := range all {
		if !known[name] {
			all[name] = "another"
		}
	}
	return all
}

// The answer of a step can be sent with the next one.
func TestAnswersCanBePassedOn(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	in := "/pools/" + pool
	with := func(answer systemtest.Response, more fields) fields {
		all := answer.Fields(t)
		maps.Copy(all, more)
		return all
	}
	t.Run("a browser's registration", func(t *testing.T) {
		t.Parallel()
		address := systemtest.Address("ann")
		registered := tenant.Public.Must(
			t, 201, "POST", in+"/register", fields{"identifier": address, "password": systemtest.Password},
		)
		product.Inbox.Await(t, address, 1)
		product.Clock.Advance(2 * time.Minute)
		tenant.Public.Must(t, 202, "POST", in+"/activation/send", with(registered, nil))
		code := systemtest.CodeIn(t, product.Inbox.Await(t, address, 2)[1])
		tenant.Public.Must(t, 201, "POST", in+"/activate", with(registered, fields{"code": code}))
	})
	t.Run("a back end's codes", func(t *testing.T) {
		t.Parallel()
		address := systemtest.Address("bob")
		registered := tenant.System.Must(t, 201, "POST", in+"/user/register?send_activation_message=false",
			fields{"identifier": address, "password": systemtest.Password})
		user := in + "/users/" + registered.Text(t, "id")
		code := tenant.System.Must(t, 201, "POST", user+"/code/generate", fields{"type": "activation"})
		tenant.System.Must(t, 201, "POST", user+"/activate", with(code, nil))
	})
}
