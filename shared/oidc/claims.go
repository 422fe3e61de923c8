package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// Claims are the names of claims that a request asks for besides those of its scopes (OpenID Connect Core
// §5.5). Whether they are essential makes no difference: what is known is returned.
type Claims struct {
	UserInfo []string `json:"u,omitempty"`
	IDToken  []string `json:"i,omitempty"`
}

// maxClaims is the largest number of claims that a request may name.
const maxClaims = 50

// ParseClaims reads the parameter claims. The error is a Refusal.
func ParseClaims(text string) (c Claims, err error) {
	if text == "" {
		return c, nil
	}
	var in struct {
		UserInfo map[string]jsontext.Value `json:"userinfo"`
		IDToken  map[string]jsontext.Value `json:"id_token"`
	}
	if json.Unmarshal([]byte(text), &in) != nil || len(in.UserInfo)+len(in.IDToken) > maxClaims {
		return c, Refusal{InvalidRequest, "claims must be a JSON object with the members userinfo and id_token"}
	}
	names := func(of map[string]jsontext.Value) (all []string) {
		for name := range of {
			all = append(all, name)
		}
		slices.Sort(all)
		return all
	}
	return Claims{UserInfo: names(in.UserInfo), IDToken: names(in.IDToken)}, nil
}

// Subject returns the subject of a user in the tokens of all workspaces. Ids of users are unique within
// a pool only, and a workspace may have several pools, so that the subject is a digest of both. It is
// never given to somebody else, and tells nobody the id.
func Subject(u identity.UserRef) string {
	sum := sha256.Sum256([]byte(u.Tenant + "#" + u.Pool + "#" + u.ID)) // ids contain no '#'
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
