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

	"identitypools/infra/local/running"
	"identitypools/infra/local/sample"
)

// product is the product that make run has started.
type product struct{ running.Product }

func readProduct(file string) (product, error) {
	p, err := running.Read(file)
	if err == nil && len(p.Environment) == 0 {
		err = errors.New("make run is not running as it is here now: " + file + " has no environment")
	}
	return product{p}, err
}

// fill replaces the placeholders in an event by values, the product's secrets, and tokens of its
// clients. It always asks for the tokens, which shows whether the product still runs. Its errors
// are that the product does not run, that the event needs a value that is missing, and that the
// event with its values is not JSON.
func (p product) fill(ctx context.Context, event string, values map[string]string) ([]byte, error) {
	all := sample.NewValues()
	for tree, operation := range map[string]string{"admin": "client.adminToken", "system": "client.systemToken"} {
		answer, err := p.token(ctx, tree)
		if err != nil {
			return nil, err
		}
		all.SetFromAnswer(operation, answer)
		if strings.Contains(event, p.Clients[tree].ID) {
			all.Set("SECRET", p.Clients[tree].Secret)
		}
	}
	for name, value := range values {
		all.Set(name, value)
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

// token returns the product's answer to a request for a token by the client of a tree.
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
		return "", fmt.Errorf("get a token for %s: it is answered %s", p.Clients[tree].ID,
			response.Status)
	}
	return string(body), nil
}
