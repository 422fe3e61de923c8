package throttle_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// setting is a route's settings, in the names of API Gateway.
type setting struct {
	Rate  float64 `json:"throttlingRateLimit"`
	Burst int     `json:"throttlingBurstLimit"`
}

// gateway models the part of API Gateway's control plane that owns the routes and the stage of one
// API, as the Version 2 API Reference describes it:
//
//   - UpdateStage adds the settings of routes that it is given to those of the stage. It changes
//     nothing and answers 404 if one of all of them has no route.
//   - DeleteRouteSettings deletes the settings of one route, and answers 404 if there are none.
//   - A route key exists once.
//   - A route that is deleted leaves its settings.
type gateway struct {
	mutex    sync.Mutex
	routes   map[string]bool
	settings map[string]setting
	others   setting
	exists   bool      // whether the API has its stage
	refusals []refusal // how the next calls are refused
	refusal  *refusal  // how the next delete is refused
	calls    int
}

// refusal is the answer to a call that is refused.
type refusal struct {
	status int
	kind   string
}

const apiID, stageName = "a1b2c3", "$default"

// newGateway returns an API without routes, and its address.
func newGateway(tb testing.TB) (*gateway, string) {
	tb.Helper()
	g := &gateway{routes: map[string]bool{}, settings: map[string]setting{}, exists: true}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/apis/{api}/stages/{stage}", g.answer(g.getStage))
	mux.HandleFunc("PATCH /v2/apis/{api}/stages/{stage}", g.answer(g.updateStage))
	mux.HandleFunc("DELETE /v2/apis/{api}/stages/{stage}/routesettings/{key}", g.answer(g.deleteRouteSettings))
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	return g, server.URL
}

// answer makes a handler of an operation on the stage.
func (g *gateway) answer(operation func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.calls++
		switch {
		case len(g.refusals) > 0:
			refuse(w, g.refusals[0].status, g.refusals[0].kind, "refused")
			g.refusals = g.refusals[1:]
		case !g.exists || r.PathValue("api") != apiID || r.PathValue("stage") != stageName:
			refuse(w, http.StatusNotFound, "NotFoundException", "Invalid stage identifier specified")
		default:
			operation(w, r)
		}
	}
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-ErrorType", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

func (g *gateway) getStage(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"stageName": stageName, "defaultRouteSettings": g.others, "routeSettings": g.settings,
	})
}

func (g *gateway) updateStage(w http.ResponseWriter, r *http.Request) {
	var change struct {
		DefaultRouteSettings *setting           `json:"defaultRouteSettings"`
		RouteSettings        map[string]setting `json:"routeSettings"`
	}
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		refuse(w, http.StatusBadRequest, "BadRequestException", err.Error())
		return
	}
	merged := maps.Clone(g.settings)
	maps.Copy(merged, change.RouteSettings)
	for key := range merged {
		if !g.routes[key] {
			refuse(w, http.StatusNotFound, "NotFoundException",
				"Unable to find Route by key "+key+" within the provided RouteSettings")
			return
		}
	}
	g.settings = merged
	if change.DefaultRouteSettings != nil {
		g.others = *change.DefaultRouteSettings
	}
	g.getStage(w, r)
}

func (g *gateway) deleteRouteSettings(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	if g.refusal != nil {
		refuse(w, g.refusal.status, g.refusal.kind, "refused")
		g.refusal = nil
		return
	}
	if _, ok := g.settings[key]; !ok {
		refuse(w, http.StatusNotFound, "NotFoundException", "There are no settings of "+key)
		return
	}
	delete(g.settings, key)
	w.WriteHeader(http.StatusNoContent)
}

// createRoute creates a route. It returns an error if there is one with the key.
func (g *gateway) createRoute(key string) error {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.routes[key] {
		return fmt.Errorf("the route %s exists", key)
	}
	g.routes[key] = true
	return nil
}

func (g *gateway) deleteRoute(key string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	delete(g.routes, key)
}

// refuseNext makes the gateway refuse the next calls, each in one way.
func (g *gateway) refuseNext(refusals ...refusal) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.calls, g.refusals = 0, refusals
}

// refuseNextDelete makes the gateway refuse the next call that deletes settings.
func (g *gateway) refuseNextDelete(r refusal) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.refusal = &r
}

// rates returns how many requests in a second each route accepts.
func (g *gateway) rates() map[string]int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	rates := map[string]int{}
	for key := range g.routes {
		rates[key] = int(g.others.Rate)
		if own, ok := g.settings[key]; ok {
			rates[key] = int(own.Rate)
		}
	}
	return rates
}

// orphans returns the settings that have no route.
func (g *gateway) orphans() []string {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	var keys []string
	for key := range g.settings {
		if !g.routes[key] {
			keys = append(keys, key)
		}
	}
	return keys
}
