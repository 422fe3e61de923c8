package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// A function describes its routes. New makes a handler of them, which checks and decodes requests.
func ExampleNew() {
	type greeting struct {
		Name string `json:"name"`
	}
	greet := func(
		_ context.Context, c api.BodyCall[greeting], _ once.Reply[greeting],
	) (greeting, error) {
		if c.Body.Name == "" {
			return greeting{}, identity.InvalidField("/name", identity.Required())
		}
		return greeting{Name: "Hello " + c.Body.Name + " of " + c.Tenant()}, nil
	}
	same := func(g greeting) greeting { return g }
	function := api.NewFunction("greetings",
		api.ForBrowsers("POST", "/greetings", "publicGreet", api.Change(201, greet, api.Encode(same))),
	)
	for _, route := range function.Routes() {
		fmt.Println(route.Name, route.Key(), route.Caller)
	}

	handler, err := api.New(function, api.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, body := range []string{`{"name":"Ann"}`, `{}`, `{"nam":"Ann"}`} {
		w := httptest.NewRecorder()
		const path = "/api/identity/acme/public/greetings"
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// public.greet POST /api/identity/{tid}/public/greetings public
	// 201 {"name":"Hello Ann of acme"}
	// 422 {"status_code":422,"error":"/name: must be given","error_code":"invalid","details":{"violations":[{"pointer":"/name","reason":"must be given","code":"required"}]}}
	// 422 {"status_code":422,"error":"/nam: is not a known field","error_code":"invalid","details":{"violations":[{"pointer":"/nam","reason":"is not a known field","code":"unknown_field"}]}}
}
