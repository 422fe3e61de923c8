package conformance_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// config returns the modules of the plan for the metadata.
func config() []module {
	return []module{{
		name: "oidcc-discovery-endpoint-verification", result: passed, play: playDiscovery,
		checks: "the metadata have what is required, and the keys are public keys with ids",
	}}
}

// playDiscovery checks the metadata (OpenID Connect Discovery 1.0 §3) and the keys. The suite asks for https,
// which the product has in a deployment, and not in a test.
func playDiscovery(t *testing.T, p *party) {
	m := p.metadata
	if m["issuer"] != p.issuer {
		t.Errorf("the issuer is %v", m["issuer"])
	}
	for _, name := range []string{
		"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
		"revocation_endpoint", "introspection_endpoint", "pushed_authorization_request_endpoint",
	} {
		u, err := url.Parse(p.endpoint(name))
		if err != nil || !strings.HasPrefix(u.String(), p.issuer+"/") || u.Fragment != "" {
			t.Errorf("%s is %v", name, m[name])
		}
	}
	for name, want := range map[string]string{
		"response_types_supported": "code", "subject_types_supported": "public", "scopes_supported": "openid",
		"id_token_signing_alg_values_supported": "RS256", "claims_supported": "sub", "grant_types_supported": "authorization_code",
		"response_modes_supported": "form_post", "code_challenge_methods_supported": "S256",
		"token_endpoint_auth_methods_supported": "client_secret_post",
	} {
		list, _ := m[name].([]any)
		if !slices.Contains(list, any(want)) || slices.Contains(list, any("none")) && name != "token_endpoint_auth_methods_supported" {
			t.Errorf("%s is %v, without %s", name, m[name], want)
		}
	}
	for name, want := range map[string]bool{
		"claims_parameter_supported": true, "request_parameter_supported": false, "request_uri_parameter_supported": false,
		"authorization_response_iss_parameter_supported": true,
	} {
		if m[name] != want {
			t.Errorf("%s is %v", name, m[name])
		}
	}
	for _, key := range p.keys.Keys {
		if !key.IsPublic() || key.KeyID == "" || key.Use != "sig" || key.Algorithm == "" || len(p.keys.Key(key.KeyID)) != 1 {
			t.Errorf("the key %s of %s for %s is public: %t", key.KeyID, key.Algorithm, key.Use, key.IsPublic())
		}
	}
}
