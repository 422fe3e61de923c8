// Package front makes what a function with public routes knows about the proxy in front of API
// Gateway, such as CloudFront. Only functions whose answers depend on where a request comes from
// import it.
package front

import (
	"identitypools/shared/api"
	"identitypools/shared/cloud"
	"identitypools/shared/vault"
)

// Open returns the proxy that the environment describes, or nil if PROXY_HEADER is empty. That
// variable names the header with the address of the client. PROXY_SECRET is the secret of the proxy,
// or the ARN of one that Secrets Manager keeps. If PROXY_ONLY is "true", other requests are refused.
// Open fails if the secret cannot be read, and panics if it is not set.
func Open(env cloud.Env) (*api.Proxy, error) {
	header := env.Get("PROXY_HEADER")
	if header == "" {
		return nil, nil
	}
	master, err := vault.Read(env, "PROXY_SECRET")
	if err != nil {
		return nil, err
	}
	return &api.Proxy{
		Knows: master.Is, AddressHeader: header, Only: env.Get("PROXY_ONLY") == "true",
	}, nil
}
