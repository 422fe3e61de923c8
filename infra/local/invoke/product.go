package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"identitypools/infra/check/story"
	"identitypools/infra/local/running"
)

// product is the running product.
type product struct{ running.Product }

func readProduct(file string) (product, error) {
	p, err := running.Read(file)
	if err == nil && len(p.Environment) == 0 {
		err = errors.New("make run is not running as it is here now: " + file + " has no environment")
	}
	return product{p}, err
}

// fill puts values, the product's secrets and tokens of its clients into an event. The tokens are asked for in any case: that shows
// whether the product still runs. Errors: one that doesn't, and an event that lacks a value or is no JSON with them.
func (p product) fill(ctx context.Context, event string, values map[string]string) ([]byte, error) {
	all := story.NewValues()
	for tree, operation := range map[string]string{"admin": "client.adminToken", "system": "client.systemToken"} {
		answer, err := p.token(ctx, tree)
		if err != nil {
			return nil, err
		}
		all.Hear(operation, answer)
		if strings.Contains(event, p.Clients[tree].ID) {
			all.Learn("SECRET", p.Clients[tree].Secret)
		}
	}
	for name, value := range values {
		all.Learn(name, value)
	}
	for _, name := range known() {
		if _, given := values[name]; !given && regexp.MustCompile(`\b`+name+`\b`).MatchString(event) {
			return nil, fmt.Errorf("the event has the placeholder %s: give it by -set %s=…", name, name)
		}
	}
	filled := []byte(all.Fill(event))
	if !json.Valid(filled) {
		return nil, errors.New("the event is no JSON with its values put in")
	}
	return filled, nil
}

// token is what the product answers when the client of a tree asks for a token.
func (p product) token(ctx context.Context, tree string) (string, error) {
	target := p.BaseURL + "/" + p.Tenant + "/" + tree + "/oauth2/token"
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form))
	if err != nil {
		return "", fmt.Errorf("ask for a token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(p.Clients[tree].ID, p.Clients[tree].Secret)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", fmt.Errorf("make run is not running: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("read the token for %s: %w", p.Clients[tree].ID, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("get a token for %s: it is answered %s", p.Clients[tree].ID, response.Status)
	}
	return string(body), nil
}
