package signin

import (
	"net/http"

	"identitypools/shared/api"
)

// Handler returns the handler of the function's routes. source returns an identifier of the place that a
// request comes from. origins are the origins that forms may come from.
func Handler(
	s *Service, source func(*http.Request) string, origins *http.CrossOriginProtection, o api.Options,
) (http.Handler, error) {
	return api.New(routes(newSite(s, source, origins)), o)
}

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(site{}).Routes() }

// routes returns the function's routes with their actions.
func routes(s site) api.Function {
	const (
		workspace = "/{tid}/{wid}"
		authorize = workspace + "/oauth2/authorize"
		signIn    = workspace + "/signin"
		logout    = workspace + "/oidc/logout"
	)
	return api.NewFunction("signin",
		api.ForPeople("GET", authorize, "authorize", s.authorization(s.showAuthorize)),
		api.ForPeople("POST", authorize, "authorizeByForm", s.form(s.submitAuthorize)),
		api.ForOAuthClients("POST", workspace+"/par", "pushAuthorizationRequest", s.pushing(), api.BodyLimit(maxPushed)),
		api.ForPeople("GET", signIn, "signInPage", s.page(s.showSignIn)),
		api.ForPeople("POST", signIn, "signInByPage", s.submission(s.submitSignIn)),
		api.ForPeople("GET", signIn+"/code", "signInCodePage", s.page(s.showCode)),
		api.ForPeople("POST", signIn+"/code", "signInByCode", s.submission(s.submitCode)),
		api.ForPeople("GET", signIn+"/factor", "signInFactorPage", s.page(s.showFactor)),
		api.ForPeople("POST", signIn+"/factor", "signInByFactor", s.submission(s.submitFactor)),
		api.ForPeople("GET", signIn+"/password", "signInPasswordPage", s.page(s.showPassword)),
		api.ForPeople("POST", signIn+"/password", "signInByNewPassword", s.submission(s.submitPassword)),
		api.ForPeople("GET", signIn+"/forgot", "forgotPage", s.page(s.showForgot)),
		api.ForPeople("POST", signIn+"/forgot", "forgotByPage", s.submission(s.submitForgot)),
		api.ForPeople("GET", logout, "logout", s.leaving(s.showLogout)),
		api.ForPeople("POST", logout, "logoutByForm", s.form(s.submitLogout)),
	)
}
