package system_test

import (
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
)

// adminUseCases are those of the functions pools, schemas and users, and of tokens, which they need.
func adminUseCases() []useCase {
	object := fields{"type": "object"}
	unreachable := func(s *scene) { s.newUser(); s.bounced() }
	get := func(path string) func(s *scene) *http.Request {
		return func(s *scene) *http.Request { return s.admin("GET", strings.ReplaceAll(path, "POOL", s.pool), nil) }
	}
	version := func(s *scene, path string) {
		s.tag = s.tenant.Admin.Must(s.t, 200, "GET", path, nil).Header.Get("ETag")
	}
	created := func(path string) func(s *scene, _ systemtest.Response) {
		return func(s *scene, _ systemtest.Response) {
			s.tenant.Admin.Must(s.t, 200, "GET", strings.ReplaceAll(path, "POOL", s.pool), nil)
		}
	}
	named := func(path string) func(s *scene, _ systemtest.Response) {
		return func(s *scene, _ systemtest.Response) {
			if got := s.tenant.Admin.Must(s.t, 200, "GET", strings.ReplaceAll(path, "POOL", s.pool), nil).Text(s.t, "name"); got != "Second" {
				s.t.Errorf("the name is %q", got)
			}
		}
	}
	gone := func(path string) func(s *scene, _ systemtest.Response) {
		return func(s *scene, _ systemtest.Response) {
			s.tenant.Admin.Must(s.t, 404, "GET", strings.ReplaceAll(path, "POOL", s.pool), nil)
		}
	}
	return []useCase{
		{name: "admin.listPools", twin: "system.listPools", request: get("/pools"), status: 200},
		{name: "admin.getPool", twin: "system.getPool", request: get("POOL"), status: 200},
		{name: "admin.checkPoolPermissions", request: get("POOL/permissions"), status: 200},
		{
			name: "admin.createPool", twin: "system.createPool", given: (*scene).newSchema, status: 201, again: 409, done: created("/pools/second"),
			request: func(s *scene) *http.Request {
				return s.admin("POST", "/pools", fields{"id": "second", "name": "Second", "payload_schema_id": s.schema})
			},
		},
		{
			name: "admin.createPool, its id is ours", status: 201,
			request: func(s *scene) *http.Request { return s.admin("POST", "/pools", fields{"name": "Second"}) },
		},
		{
			name: "admin.updatePool", twin: "system.updatePool", given: (*scene).newSchema, status: 200, done: named("POOL"),
			request: func(s *scene) *http.Request {
				return s.admin("PUT", s.pool, fields{"name": "Second", "payload_schema_id": s.schema, "identifier_case_insensitive": false})
			},
		},
		{
			name: "admin.updatePool, of a version", given: func(s *scene) { version(s, s.pool) }, status: 200, again: 412, done: named("POOL"),
			request: func(s *scene) *http.Request {
				return s.admin("PUT", s.pool, fields{"name": "Second"}, "If-Match", s.tag)
			},
		},
		{
			name: "admin.deletePool", twin: "system.deletePool", given: func(s *scene) { s.registeredWithCode(); s.worded() }, status: 204, again: 404, done: (*scene).poolGoes,
			request: func(s *scene) *http.Request { return s.admin("DELETE", s.pool, nil) },
		},

		{name: "admin.listSchemas", twin: "system.listSchemas", request: get("/schemas"), status: 200},
		{name: "admin.getSchema", twin: "system.getSchema", given: (*scene).newSchema, request: get("/schemas/own"), status: 200},
		{
			name: "admin.createSchema", twin: "system.createSchema", status: 201, again: 409, done: created("/schemas/own"),
			request: func(s *scene) *http.Request {
				return s.admin("POST", "/schemas", fields{"id": "own", "name": "Own", "schema": object})
			},
		},
		{
			name: "admin.createSchema, its id is ours", status: 201,
			request: func(s *scene) *http.Request {
				return s.admin("POST", "/schemas", fields{"name": "Own", "schema": object})
			},
		},
		{
			name: "admin.updateSchema", twin: "system.updateSchema", given: (*scene).newSchema, status: 200, done: named("/schemas/own"),
			request: func(s *scene) *http.Request {
				return s.admin("PUT", "/schemas/own", fields{"name": "Second", "schema": object})
			},
		},
		{
			name: "admin.updateSchema, of a version", given: func(s *scene) { s.newSchema(); version(s, "/schemas/own") }, status: 200, again: 412, done: named("/schemas/own"),
			request: func(s *scene) *http.Request {
				return s.admin("PUT", "/schemas/own", fields{"name": "Second", "schema": object}, "If-Match", s.tag)
			},
		},
		{
			name: "admin.deleteSchema", twin: "system.deleteSchema", given: (*scene).newSchema, status: 204, again: 404, done: gone("/schemas/own"),
			request: func(s *scene) *http.Request { return s.admin("DELETE", "/schemas/own", nil) },
		},

		{name: "admin.listUsers", twin: "system.listUsers", given: (*scene).newUser, request: get("POOL/users"), status: 200},
		{
			name: "admin.getUser", twin: "system.getUser", given: (*scene).newUser, status: 200,
			request: func(s *scene) *http.Request { return s.admin("GET", s.userPath(), nil) },
		},
		{
			name: "system.getUserByKey", given: (*scene).newUser, status: 200,
			request: func(s *scene) *http.Request {
				return s.system("POST", s.pool+"/users/by_key", fields{"identifier": s.email})
			},
		},
		{
			name: "admin.createUser", twin: "system.createUser", status: 201, again: 409, done: created("POOL/users/ann"),
			request: func(s *scene) *http.Request {
				return s.admin("POST", s.pool+"/users", fields{
					"id": "ann", "status": "new", "identifiers": []fields{{"identifier": s.email, "type": "email"}, {"identifier": "ann", "type": "uid"}},
					"verifiable_addresses": []fields{{"address": "+49301234567", "type": "mobile", "verified": true}},
					"credentials":          []fields{{"type": "password", "password": systemtest.Password}},
				})
			},
		},
		{
			name: "admin.createUser, its id is ours", status: 201, again: 409,
			done: func(s *scene, _ systemtest.Response) {
				s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email})
			},
			request: func(s *scene) *http.Request {
				return s.admin("POST", s.pool+"/users", fields{"status": "new", "identifiers": []fields{{"identifier": s.email, "type": "email"}}})
			},
		},
		{
			name: "admin.createUser, in place of who is unproved", twin: "system.createUser",
			given: (*scene).registeredWithCode, status: 201, again: 409,
			done: func(s *scene, _ systemtest.Response) {
				s.mustBe("")
				s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email})
			},
			request: func(s *scene) *http.Request {
				return s.admin("POST", s.pool+"/users", fields{"status": "new", "identifiers": []fields{
					{"identifier": "ann", "type": "uid"}, {"identifier": s.email, "type": "email"},
				}})
			},
		},
		{
			name: "admin.updateUser", twin: "system.updateUser", given: (*scene).newUserWithCode, status: 200,
			request: func(s *scene) *http.Request { return s.admin("PUT", s.userPath(), fields{"status": "inactive"}) },
			done: func(s *scene, _ systemtest.Response) {
				s.mustBe("inactive")
				if s.present(s.code) {
					s.t.Error("a code makes an inactive user active")
				}
			},
		},
		{
			name: "admin.updateUser, of a version", given: func(s *scene) { s.newUser(); version(s, s.userPath()) }, status: 200, again: 412,
			request: func(s *scene) *http.Request {
				return s.admin("PUT", s.userPath(), fields{"status": "inactive"}, "If-Match", s.tag)
			},
			done: func(s *scene, _ systemtest.Response) { s.mustBe("inactive") },
		},
		{
			name: "admin.deleteUser", twin: "system.deleteUser", given: (*scene).newUserWithCode, status: 204, again: 404,
			request: func(s *scene) *http.Request { return s.admin("DELETE", s.userPath(), nil) },
			done:    func(s *scene, _ systemtest.Response) { s.mustBe("") },
		},
		{
			name: "admin.listSuppressions", given: unreachable, status: 200,
			request: func(s *scene) *http.Request { return s.admin("GET", s.userPath()+"/suppressions", nil) },
		},
		{
			name: "admin.clearSuppressions", given: unreachable, status: 204,
			request: func(s *scene) *http.Request { return s.admin("DELETE", s.userPath()+"/suppressions", nil) },
			done: func(s *scene, _ systemtest.Response) {
				if left := s.Stored(s.t, "SUPPRESSED#"); len(left) > 0 {
					s.t.Errorf("still suppressed: %v", left)
				}
			},
		},

		{
			name: "client.adminToken", twin: "client.systemToken", status: 200,
			request: func(s *scene) *http.Request { return s.tenant.Admin.TokenRequest(s.t, s.tenant.ID, "admin") },
		},
		{
			name: "client.adminToken, the first", given: (*scene).withoutKeys, status: 200,
			request: func(s *scene) *http.Request { return s.tenant.Admin.TokenRequest(s.t, s.tenant.ID, "admin") },
			done: func(s *scene, answer systemtest.Response) {
				s.tenant.Admin.Token = answer.Text(s.t, "access_token")
				s.ExpireCaches()
				s.tenant.Admin.Must(s.t, 200, "GET", "/pools", nil)
			},
		},
		{
			name: "client.adminKeys", twin: "client.systemKeys", given: (*scene).withoutKeys, status: 200,
			request: func(s *scene) *http.Request {
				r := s.tenant.Admin.TokenRequest(s.t, s.tenant.ID, "admin")
				r.Method, r.URL.Path, r.Body = "GET", "/"+s.tenant.ID+"/admin/.well-known/jwks.json", nil
				return r
			},
		},
	}
}

// poolGoes checks that nothing is left of the pool, once the courier has heard that it was deleted.
func (s *scene) poolGoes(systemtest.Response) {
	s.tenant.Admin.Must(s.t, 404, "GET", s.pool, nil)
	if deleted := s.Stored(s.t, "POOL#"+s.tenant.ID+"#"); len(deleted) > 0 {
		s.stream(&systemtest.Fault{Kind: systemtest.Unfaulted}, systemtest.StreamEvent(events.DynamoDBOperationTypeModify, deleted...))
	}
	for _, kind := range []string{"USERS", "USER", "CLAIM", "POOL"} {
		for _, it := range s.Stored(s.t, kind+"#"+s.tenant.ID+"#") {
			if it["sk"] != "NAME" { // which lists need for a day
				s.t.Errorf("of the pool is left: %v", it)
			}
		}
	}
}
