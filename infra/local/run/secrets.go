package main

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// The tenant and the API clients of a local run.
const (
	tenant       = "default"
	adminClient  = "local-admin"
	systemClient = "local-system"
)

// secrets are made at the first start and stored, so that codes, tokens, clients and the user's password
// still work after a restart.
type secrets struct {
	Codes        string `json:"codes"`
	Tokens       string `json:"tokens"`
	AdminClient  string `json:"admin_client"`
	SystemClient string `json:"system_client"`
	Application  string `json:"application"`
	Password     string `json:"password"`
}

// readSecrets reads the secrets from a file. It makes those that are not there, which are all at the first
// start, and some after an upgrade.
func readSecrets(file string) (s secrets, err error) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("read %s (make clean starts anew): %w", file, err)
	}
	read := s
	s = secrets{
		Codes:       cmp.Or(s.Codes, "base64:"+random(base64.StdEncoding)),
		Tokens:      cmp.Or(s.Tokens, "base64:"+random(base64.StdEncoding)),
		AdminClient: cmp.Or(s.AdminClient, random(base64.RawURLEncoding)), SystemClient: cmp.Or(s.SystemClient, random(base64.RawURLEncoding)),
		Application: cmp.Or(s.Application, random(base64.RawURLEncoding)),
		Password:    cmp.Or(s.Password, strings.ToLower(rand.Text()[:16])), // to be typed
	}
	if s == read {
		return s, nil
	}
	text, err = json.Marshal(s)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return s, fmt.Errorf("keep secrets: %w", err)
	}
	return s, nil
}

func random(encoding *base64.Encoding) string {
	bytes := make([]byte, 32)
	_, _ = rand.Read(bytes) // never fails
	return encoding.EncodeToString(bytes)
}

func (s secrets) environment() map[string]string {
	env := map[string]string{"CODE_SECRET": s.Codes, "TOKEN_SECRET": s.Tokens}
	for _, name := range []string{
		"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "RETURN_ORIGINS",
	} {
		if value := os.Getenv(name); value != "" {
			env[name] = value
		}
	}
	return env
}

type localClient struct {
	access.Client
	secret string
}

func (s secrets) clients(now time.Time) []localClient {
	made := identity.At(now)
	return []localClient{
		{access.Client{
			Tenant: tenant, ID: adminClient, Caller: access.Admin,
			Scopes: []string{api.ScopeAdmin}, CreatedAt: made,
		}, s.AdminClient},
		{access.Client{
			Tenant: tenant, ID: systemClient, Caller: access.System,
			Scopes: []string{api.ScopeSystem, api.ScopeRegistration}, CreatedAt: made,
		}, s.SystemClient},
	}
}
