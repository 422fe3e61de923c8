package tokens

import (
	"net/http"

	"identitypools/shared/access"
	"identitypools/shared/cors"
	"identitypools/shared/signing"
	"identitypools/shared/start"
	"identitypools/shared/vault"
)

// New returns the handler of the function, made from the parts of its process.
func New(p start.Parts) (http.Handler, error) {
	master, err := vault.Read(p.Env, "TOKEN_SECRET")
	if err != nil {
		return nil, err
	}
	seed, err := master.Key("tokens", 32)
	if err != nil {
		return nil, err
	}
	issuer, err := access.NewIssuer(seed, p.Now)
	if err != nil {
		return nil, err
	}
	sealingKey, err := master.Key("signing keys", 32)
	if err != nil {
		return nil, err
	}
	refreshKey, err := master.Key("refresh tokens", 32)
	if err != nil {
		return nil, err
	}
	signer, err := signing.NewSigner(p.Table.SigningKeys, sealingKey, p.Table.Retry, p.Now)
	if err != nil {
		return nil, err
	}
	o := p.Options()
	o.Origins = cors.Rules{Applications: p.Table.Applications.All}.Allow
	return Handler(&Service{
		Clients: p.Table.Clients, Keys: p.Table.Keys, Issuer: issuer, PublicURL: p.Env.Must("PUBLIC_URL"),
		Retry: p.Table.Retry, Now: p.Now,
	}, &Provider{
		Workspaces: p.Table.Workspaces, Applications: p.Table.Applications, Pools: p.Table.Pools, Users: p.Table.Users,
		Sessions: p.Table.Sessions, Grants: p.Table.Grants, Signer: signer,
		Verifier:   signing.NewVerifier(p.Table.SigningKeys.Get, p.Now),
		RefreshKey: refreshKey, PublicURL: p.Env.Must("PUBLIC_URL"), Now: p.Now, NewID: p.NewID,
	}, o)
}
