// Package story is what the events of events/ tell in common: who calls, which of them must have been before each, and what stands
// for the values that nobody knows beforehand. It runs nothing: whoever runs the events, as built programs or in one process,
// goes by it. Only infra imports it.
package story

import (
	"encoding/json"
	"slices"
	"strings"

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
		{Tenant: Tenant, ID: "local-admin", Tree: "admin", Scopes: []string{api.ScopeAdmin}},
		{Tenant: Tenant, ID: "local-system", Tree: "system", Scopes: []string{api.ScopeSystem, api.ScopeRegistration}},
	}
}

// Route is the route of an operation; the zero value where there is none.
func Route(operation string) api.Route {
	for _, route := range api.Routes() {
		if route.Operation == operation {
			return route
		}
	}
	return api.Route{}
}

// Given are the operations whose events must have run before an operation's, in order.
func Given(operation string) []string {
	var (
		asAdmin = []string{"adminToken"}
		asBoth  = []string{"adminToken", "systemToken"}
		pool    = []string{"createPool"}
		worded  = []string{"updateMailText"}
		schema  = []string{"createSchema"}
		ann     = []string{"createUser"}                                           // a new user, whom an administrator made
		ben     = []string{"systemCreateUser"}                                     // an active user with a password
		bea     = []string{"publicRegister"}                                       // registered herself, not active yet
		coded   = []string{"createUser", "generateCode"}                           // ann, and CODE and EXTENDED_CODE for her
		beaCan  = []string{"publicRegister", "systemToken", "generateCodeForUser"} // bea, with TICKET and CODE
		beaSees = []string{"registerByPage", "systemToken", "generateCodeForUser"} // bea, with COOKIE and CODE
	)
	return slices.Concat(map[string][][]string{
		"listPools":            {asAdmin, pool},
		"createPool":           {asAdmin},
		"getPool":              {asAdmin, pool},
		"updatePool":           {asAdmin, pool, schema},
		"deletePool":           {asAdmin, pool, ann},
		"checkPoolPermissions": {asAdmin, pool},
		"listMailTexts":        {asAdmin, pool, worded},
		"getMailText":          {asAdmin, pool, worded},
		"updateMailText":       {asAdmin, pool},
		"deleteMailText":       {asAdmin, pool, worded},
		"previewMail":          {asAdmin, pool},
		"systemListPools":      {asBoth, pool},
		"systemCreatePool":     {asBoth},
		"systemGetPool":        {asBoth, pool},
		"systemUpdatePool":     {asBoth, pool, schema},
		"systemDeletePool":     {asBoth, pool},

		"listSchemas":        {asAdmin, schema},
		"createSchema":       {asAdmin},
		"getSchema":          {asAdmin, schema},
		"updateSchema":       {asAdmin, schema},
		"deleteSchema":       {asAdmin, schema},
		"systemListSchemas":  {asBoth},
		"systemCreateSchema": {asBoth},
		"systemGetSchema":    {asBoth, schema},
		"systemUpdateSchema": {asBoth, schema},
		"systemDeleteSchema": {asBoth, schema},

		"listUsers":          {asBoth, pool, ann, ben},
		"createUser":         {asAdmin, pool},
		"getUser":            {asAdmin, pool, ann},
		"updateUser":         {asAdmin, pool, ann},
		"deleteUser":         {asAdmin, pool, ann},
		"listSuppressions":   {asAdmin, pool, ann},
		"clearSuppressions":  {asAdmin, pool, ann},
		"systemListUsers":    {asBoth, pool, ann, ben},
		"systemCreateUser":   {asBoth, pool},
		"systemGetUser":      {asBoth, pool, ben},
		"systemUpdateUser":   {asBoth, pool, ben},
		"systemDeleteUser":   {asBoth, pool, ben},
		"systemGetUserByKey": {asBoth, pool, ben},

		"sendActivationMessage":                       {asAdmin, pool, ann},
		"selfSendActivationMessage":                   {asBoth, pool, ann},
		"generateActivationCode":                      {asBoth, pool, ann},
		"generateCode":                                {asBoth, pool, ann},
		"generateCodeForUser":                         {asBoth, pool, bea},
		"activateSelfRegisteredUser":                  {asBoth, pool, coded},
		"activateSelfRegisteredUserUsingExtendedCode": {asBoth, pool, coded},

		"selfRegisterUser":     {asBoth, pool},
		"publicGetPool":        {asAdmin, pool},
		"publicRegister":       {asAdmin, pool},
		"publicActivate":       {asAdmin, pool, beaCan},
		"publicSendActivation": {asAdmin, pool, bea},
		"registrationPage":     {asAdmin, pool},
		"registerByPage":       {asAdmin, pool},
		"codePage":             {asAdmin, pool, beaSees},
		"activateByCode":       {asAdmin, pool, beaSees},
		"activationPage":       {asBoth, pool, coded},
		"activateByPage":       {asBoth, pool, coded},

		"verifyPassword":   {asBoth, pool, ben},
		"verifyPasswordV2": {asBoth, pool, ben},
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
	token := map[string]string{"adminToken": "TOKEN_ADMIN", "systemToken": "TOKEN_SYSTEM"}[operation]
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
