package wire

import "identitypools/shared/identity"

// MessageQuery is the query of a request for an activation message.
type MessageQuery struct {
	ServerQuery
	CodeType          string `query:"code_type_in_message"`
	Mode              string `query:"mode"`
	PostActivationURL string `query:"post_activation_url"`
	Language          string `query:"lang"`
}

// Options returns the options that the query asks for, which the domain checks.
func (q MessageQuery) Options() identity.MessageOptions {
	return identity.MessageOptions{
		CodeType: identity.CodeType(q.CodeType), Mode: identity.Mode(q.Mode),
		PostActivationURL: q.PostActivationURL, Language: q.Language,
	}
}
