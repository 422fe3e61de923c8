package users

import (
	"context"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// SetMetadata replaces the metadata or the business metadata of a user. A document that is absent or
// null is the empty one. The error is NotFound, PreconditionFailed, or Invalid if the document does
// not conform to the user's schema for it.
func (s *Service) SetMetadata(
	ctx context.Context, ref identity.UserRef, match identity.Match, part identity.DataPart,
	document jsontext.Value, reply once.Reply[identity.User],
) (identity.User, error) {
	if len(document) == 0 || document.Kind() == 'n' {
		document = jsontext.Value("{}")
	}
	c := identity.UserChange{Metadata: document}
	if part == identity.BusinessMetadata {
		c = identity.UserChange{BusinessMetadata: document}
	}
	u, err := s.Update(ctx, ref, match, c, reply)
	return u, inMetadata(part, err)
}

// inMetadata returns the error of an update of one part of a user as that of a body in which the part
// is the member metadata, and the id of its schema is the member schema_id.
func inMetadata(part identity.DataPart, err error) error {
	var invalid identity.Invalid
	if !errors.As(err, &invalid) {
		return err
	}
	var v identity.Violations
	for _, each := range invalid.Violations {
		rest := strings.TrimPrefix(each.Pointer, "/"+string(part))
		if each.Pointer = "/metadata" + rest; rest == "_schema_id" {
			each.Pointer = "/schema_id"
		}
		v = append(v, each)
	}
	return v.Err()
}
