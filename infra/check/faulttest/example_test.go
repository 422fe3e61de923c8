package faulttest_test

import (
	"net/http"
	"testing"

	"identitypools/functions/schemas"
	"identitypools/infra/check/faulttest"
)

// A function's fault_test.go has its cases and calls the suite in three tests.
func Example() {
	var t *testing.T // the parameter of a test

	suite := faulttest.Suite{
		Routes: schemas.Routes(),
		Cases: []faulttest.Case{{
			Name: "admin.deleteSchema", Twin: "system.deleteSchema",
			Setup: (*faulttest.Fixture).CreateSchema,
			Request: func(f *faulttest.Fixture) *http.Request {
				return f.AdminRequest("DELETE", "/schemas/own", nil)
			},
			Status: http.StatusNoContent, RetryStatus: http.StatusNotFound,
		}},
	}
	suite.CheckFaults(t)
	suite.CheckRetriesUnderAKey(t)
	suite.CheckRoutes(t)
}
