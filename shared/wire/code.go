package wire

// Code is the answer that contains a code, in both of its forms.
type Code struct {
	Code     string `json:"code"`
	Extended string `json:"extended_code"`
}
