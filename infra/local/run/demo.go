package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"identitypools/infra/local/running"
)

// demo is the id of the pool, the workspace, the connection and the application that a local run has.
const (
	demo     = "demo"
	demoUser = "demo@example.com"
	demoHome = "http://localhost:8090/" // where docs/signin.md has its applications listen
)

// object is a JSON object.
type object = map[string]any

// makeDemo makes what a person needs to sign in to an application: a pool with a user, and a workspace with
// the application. It asks the API for them, as administrators do. What exists already stays as it is.
func makeDemo(ctx context.Context, p running.Product) error {
	admin := caller{base: p.BaseURL}
	if err := admin.authenticate(ctx, p); err != nil {
		return err
	}
	pools, workspaces := "/api/identity/"+p.Tenant+"/admin/pools", "/api/admin/"+p.Tenant
	for _, step := range []struct {
		path string
		body object
	}{
		{pools, object{
			"id": demo, "name": "Demo", "public_registration_allowed": true,
			"authentication_mechanisms": []string{"password", "otp"},
		}},
		{pools + "/" + demo + "/users", object{
			"status": "active", "identifiers": []object{{"identifier": p.User.Identifier, "type": "email"}},
			"credentials":          []object{{"type": "password", "password": p.User.Password}},
			"verifiable_addresses": []object{{"type": "email", "address": p.User.Identifier, "verified": true}},
			"payload":              object{"given_name": "Demo", "family_name": "User"},
		}},
		{workspaces + "/servers", object{"id": demo, "name": "Demo"}},
		{workspaces + "/servers/" + demo + "/idps/identity_pool", object{
			"id": demo, "identity_pool_id": demo, "name": "Demo",
		}},
		{workspaces + "/clients", object{
			"client_id": p.Application.ID, "client_secret": p.Application.Secret, "client_name": "Demo",
			"authorization_server_id":   demo,
			"redirect_uris":             []string{p.Application.RedirectURI, demoHome + "oauth2/callback"}, // that of oauth2-proxy
			"post_logout_redirect_uris": []string{demoHome},
		}},
	} {
		if err := admin.create(ctx, step.path, step.body); err != nil {
			return fmt.Errorf("make the application that is ready: %w", err)
		}
	}
	return nil
}

// caller calls the product as an administrator.
type caller struct{ base, token string }

// authenticate gets a token for the admin client.
func (a *caller) authenticate(ctx context.Context, p running.Product) error {
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/"+p.Tenant+"/admin/oauth2/token", strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(p.Clients["admin"].ID, p.Clients["admin"].Secret)
	body, status, err := send(r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("it is answered %d: %s", status, body)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err != nil {
		return fmt.Errorf("get a token for the admin client: %w", err)
	}
	a.token = answer.Token
	return nil
}

// create creates something, unless it exists.
func (a *caller) create(ctx context.Context, path string, body object) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+a.token)
	answer, status, err := send(r)
	if err == nil && status != http.StatusCreated && status != http.StatusConflict {
		err = fmt.Errorf("POST %s is answered %d: %s", path, status, answer)
	}
	return err
}

// send sends a request and returns the body and the status of the answer.
func send(r *http.Request) (body []byte, status int, err error) {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	return body, response.StatusCode, err
}
