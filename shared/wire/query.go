package wire

import "identitypools/shared/identity"

// CodeQuery is the query of a request for a mail with a code. The published parameter server_id has no
// meaning here.
type CodeQuery struct {
	CodeType string `query:"code_type_in_message"`
	Language string `query:"lang"`
}

// Options returns the options that the query asks for, which the domain checks.
func (q CodeQuery) Options() identity.MessageOptions {
	return identity.MessageOptions{CodeType: identity.CodeType(q.CodeType), Language: q.Language}
}
