// Package story is what the events of events/ tell in common: who calls, which of them must have been before each, and what stands
// for the values that nobody knows beforehand. It runs nothing: whoever runs the events, as built programs or in one process,
// goes by it. Only infra imports it.
package story

import (
	"encoding/json"
	"slices"
	"strings"

	"identitypools/functions"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// The tenant of the events, and the secret of its clients.
const (
	Tenant = "default"
	Secret = "between-us"
)

// Clients are the API clients of the events, without their secret.
func Clients() []access.Client {
	return []access.Client{
		{Tenant: Tenant, ID: "local-admin", Caller: access.Admin, Scopes: []string{api.ScopeAdmin}},
		{Tenant: Tenant, ID: "local-system", Caller: access.System, Scopes: []string{api.ScopeSystem, api.ScopeRegistration}},
	}
}

// Route is the route of an operation; the zero value where there is none.
func Route(operation string) api.Route {
	for _, route := range functions.Routes() {
		if route.Name == operation {
			return route
		}
	}
	return api.Route{}
}

// Given are the operations whose events must have run before an operation's, in order.
func Given(operation string) []string {
	var (
		asAdmin = []string{"client.adminToken"}
		asBoth  = []string{"client.adminToken", "client.systemToken"}
		pool    = []string{"admin.createPool"}
		worded  = []string{"admin.updateMailText"}
		schema  = []string{"admin.createSchema"}
		ann     = []string{"admin.createUser"}                                                          // a new user, whom an administrator made
		ben     = []string{"system.createUser"}                                                         // an active user with a password
		bea     = []string{"public.register"}                                                           // registered herself, not active yet
		coded   = []string{"admin.createUser", "system.generateCode"}                                   // ann, and CODE and EXTENDED_CODE for her
		beaCan  = []string{"public.register", "client.systemToken", "system.generateCodeForUser"}       // bea, with TICKET and CODE
		beaSees = []string{"public.registerByPage", "client.systemToken", "system.generateCodeForUser"} // bea, with COOKIE and CODE
	)
	return slices.Concat(map[string][][]string{
		"admin.listPools":            {asAdmin, pool},
		"admin.createPool":           {asAdmin},
		"admin.getPool":              {asAdmin, pool},
		"admin.updatePool":           {asAdmin, pool, schema},
		"admin.deletePool":           {asAdmin, pool, ann},
		"admin.checkPoolPermissions": {asAdmin, pool},
		"admin.listMailTexts":        {asAdmin, pool, worded},
		"admin.getMailText":          {asAdmin, pool, worded},
		"admin.updateMailText":       {asAdmin, pool},
		"admin.deleteMailText":       {asAdmin, pool, worded},
		"admin.previewMail":          {asAdmin, pool},
		"system.listPools":           {asBoth, pool},
		"system.createPool":          {asBoth},
		"system.getPool":             {asBoth, pool},
		"system.updatePool":          {asBoth, pool, schema},
		"system.deletePool":          {asBoth, pool},

		"admin.listSchemas":   {asAdmin, schema},
		"admin.createSchema":  {asAdmin},
		"admin.getSchema":     {asAdmin, schema},
		"admin.updateSchema":  {asAdmin, schema},
		"admin.deleteSchema":  {asAdmin, schema},
		"system.listSchemas":  {asBoth},
		"system.createSchema": {asBoth},
		"system.getSchema":    {asBoth, schema},
		"system.updateSchema": {asBoth, schema},
		"system.deleteSchema": {asBoth, schema},

		"admin.listUsers":         {asBoth, pool, ann, ben},
		"admin.createUser":        {asAdmin, pool},
		"admin.getUser":           {asAdmin, pool, ann},
		"admin.updateUser":        {asAdmin, pool, ann},
		"admin.deleteUser":        {asAdmin, pool, ann},
		"admin.listSuppressions":  {asAdmin, pool, ann},
		"admin.clearSuppressions": {asAdmin, pool, ann},
		"system.listUsers":        {asBoth, pool, ann, ben},
		"system.createUser":       {asBoth, pool},
		"system.getUser":          {asBoth, pool, ben},
		"system.updateUser":       {asBoth, pool, ben},
		"system.deleteUser":       {asBoth, pool, ben},
		"system.getUserByKey":     {asBoth, pool, ben},

		"admin.sendActivationMessage":                        {asAdmin, pool, ann},
		"system.selfSendActivationMessage":                   {asBoth, pool, ann},
		"system.generateActivationCode":                      {asBoth, pool, ann},
		"system.generateCode":                                {asBoth, pool, ann},
		"system.generateCodeForUser":                         {asBoth, pool, bea},
		"system.activateSelfRegisteredUser":                  {asBoth, pool, coded},
		"system.activateSelfRegisteredUserUsingExtendedCode": {asBoth, pool, coded},

		"system.selfRegisterUser": {asBoth, pool},
		"public.getPool":          {asAdmin, pool},
		"public.register":         {asAdmin, pool},
		"public.activate":         {asAdmin, pool, beaCan},
		"public.sendActivation":   {asAdmin, pool, bea},
		"public.registrationPage": {asAdmin, pool},
		"public.registerByPage":   {asAdmin, pool},
		"public.codePage":         {asAdmin, pool, beaSees},
		"public.activateByCode":   {asAdmin, pool, beaSees},
		"public.activationPage":   {asBoth, pool, coded},
		"public.activateByPage":   {asBoth, pool, coded},

		"system.verifyPassword":   {asBoth, pool, ben},
		"system.verifyPasswordV2": {asBoth, pool, ben},
	}[operation]...)
}

// Values are what the placeholders in the events stand for.
type Values struct{ known map[string]string }

// NewValues knows the secret alone.
func NewValues() *Values { return &Values{map[string]string{"SECRET": Secret}} }

// Learn gives a placeholder its value from now on.
func (v *Values) Learn(placeholder, value string) { v.known[placeholder] = value }

// Hear learns the tokens, codes and tickets of an operation's answer, and the cookie that it sets. A body that is no JSON object has none.
func (v *Values) Hear(operation, body string, cookies ...string) {
	for _, cookie := range cookies {
		value, _, _ := strings.Cut(cookie, ";")
		v.Learn("COOKIE", value)
	}
	var fields map[string]any
	if json.Unmarshal([]byte(body), &fields) != nil {
		return
	}
	token := map[string]string{"client.adminToken": "TOKEN_ADMIN", "client.systemToken": "TOKEN_SYSTEM"}[operation]
	for field, placeholder := range map[string]string{"access_token": token, "code": "CODE", "extended_code": "EXTENDED_CODE", "ticket": "TICKET"} {
		if value, ok := fields[field].(string); ok {
			v.Learn(placeholder, value)
		}
	}
}

// Fill puts the values that are known into an event.
func (v *Values) Fill(event string) string {
	var pairs []string
	for _, name := range []string{"TOKEN_ADMIN", "TOKEN_SYSTEM", "EXTENDED_CODE", "CODE", "TICKET", "COOKIE", "SECRET"} {
		if value, ok := v.known[name]; ok {
			pairs = append(pairs, name, value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(event)
}
