package api_test

import (
	"errors"
	"net/http"
	"testing"

	"identitypools/shared/api"
)

// ASVS V16.4.1: no text of a caller can begin a new line of the log.
func TestNobodyWritesLinesIntoTheLog(t *testing.T) {
	t.Parallel()
	const forged = "no such key\n{\"level\":\"INFO\",\"msg\":\"all is well\"}\r\n\u2028\x1b[2J"
	for name, handler := range map[string]http.HandlerFunc{
		"the cause of a fault": func(w http.ResponseWriter, r *http.Request) { api.Error(w, r, errors.New(forged)) },
		"a panic":              func(http.ResponseWriter, *http.Request) { panic(forged) },
	} {
		e := newEdge(t, function, handler)
		wantFailure(t, send(t, e.call, event("GET", poolsPath, e.admin(t), "")), 500, "internal")
		all := e.log.all(t) // fails if a line is not JSON
		if len(all) != 1 || all[0]["level"] != "ERROR" || all[0]["cause"] != forged && all[0]["fault"] != forged {
			t.Errorf("%s: the log is %q", name, all)
		}
	}
}
