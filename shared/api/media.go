package api

import (
	"mime"
	"net/http"
	"strings"
)

// coded is the reason of the error for a body with a content coding, such as gzip.
const coded = "the body must have no content coding"

// CheckCoding returns an error if the body of r has a content coding (RFC 9110 §8.4). [Error]
// answers it with 415 and says that no coding is accepted.
func CheckCoding(r *http.Request) error {
	for _, coding := range listed(r, "Content-Encoding") {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return unsupported(coded)
		}
	}
	return nil
}

// FormType is the media type of HTML forms.
const FormType = "application/x-www-form-urlencoded"

// CheckForm returns an error, which [Error] answers with 415, unless the body of r is an HTML form
// without a content coding.
func CheckForm(r *http.Request) error {
	if err := CheckCoding(r); err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != FormType {
		return unsupported("the body must be " + FormType)
	}
	return nil
}

// checkJSON returns an error unless the body of r is JSON without a content coding. A body without
// a media type counts as JSON.
func checkJSON(r *http.Request) error {
	declared := r.Header.Get("Content-Type")
	if err := CheckCoding(r); err != nil || declared == "" {
		return err
	}
	kind, _, err := mime.ParseMediaType(declared)
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return unsupported("the body must be application/json")
	}
	if r.Method == http.MethodPatch && kind != "application/json" && kind != MergePatchType {
		return unsupported("the body must be " + MergePatchType + " or application/json")
	}
	return nil
}

// unsupported returns the error for a body that is not in the form that is wanted.
func unsupported(reason string) error {
	return problem{http.StatusUnsupportedMediaType, "unsupported_media_type", reason}
}
