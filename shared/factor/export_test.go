package factor

import (
	"github.com/google/uuid"

	"identitypools/shared/identity"
)

// UserOfHandle returns the user of a pool who has the handle. It reports false if the text is no handle
// of the pool, or that of a user whose id, which an administrator chose, has more than 33 characters
// and is no UUID: such a user must be named before a passkey is asked for.
func (k Keys) UserOfHandle(tenant, pool string, handle []byte) (u identity.UserRef, ok bool) {
	if len(handle) != handleLength {
		return u, false
	}
	u = identity.UserRef{Tenant: tenant, Pool: pool}
	plain, err := k.handles.aead.Open(nil, handle[:nonceLength], handle[nonceLength:], about(u))
	if err != nil {
		return u, false
	}
	switch length := int(plain[1]); {
	case length == isUUID:
		u.ID = uuid.UUID(plain[2 : 2+len(uuid.UUID{})]).String()
	case length <= maxHandleID:
		u.ID = string(plain[2 : 2+length])
	}
	return u, u.ID != ""
}
