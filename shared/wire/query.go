package wire

import "identitypools/shared/identity"

// ServerQuery has the published parameter of requests for messages, which has no meaning here: it
// names an authorization server whose look the message has, and messages have the look of the pool.
type ServerQuery struct {
	Server string `query:"server_id"`
}

// CodeQuery is the query of a request for a mail with a code.
type CodeQuery struct {
	ServerQuery
	CodeType string `query:"code_type_in_message"`
	Language string `query:"lang"`
}

// Options returns the options that the query asks for, which the domain checks.
func (q CodeQuery) Options() identity.MessageOptions {
	return identity.MessageOptions{CodeType: identity.CodeType(q.CodeType), Language: q.Language}
}
