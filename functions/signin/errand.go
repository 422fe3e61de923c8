package signin

import (
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// errand is what a person came for: the request of an application, which has been checked. The address of
// a page has it sealed. Without a request, the person came to sign in to the workspace itself.
type errand struct {
	Request oidc.Request `json:"r,omitzero"`
	// ID tells this errand from others, also from one with the same request in another tab.
	ID    string `json:"i"`
	Until int64  `json:"u"` // unix seconds
}

// errandLifetime is how long a person may take to sign in. Applications remember no longer what they have
// asked for.
const errandLifetime = time.Hour

// The purposes of what is sealed. What is sealed for one purpose cannot be opened for another.
const (
	errandNote = "sign-in"
	pushedNote = "pushed request"
	stepNote   = "sign-in step"
	namesNote  = "sign-in names"
)

// seal seals a value for a purpose and a workspace.
func (s *Service) seal(purpose string, w oidc.Workspace, value any) (string, error) {
	note, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return s.Sealer.SealNote(purpose, w.Tenant, w.ID, note)
}

// open opens what seal has sealed for the same purpose and workspace. The error is InvalidCode for
// anything else.
func (s *Service) open(purpose string, w oidc.Workspace, text string, value any) error {
	note, err := s.Sealer.OpenNote(purpose, w.Tenant, w.ID, text)
	if err == nil && json.Unmarshal(note, value) != nil {
		err = identity.InvalidCode{}
	}
	return err
}

// sealErrand returns the sealed errand for the request of an application.
func (s *Service) sealErrand(w oidc.Workspace, r oidc.Request) (string, error) {
	id, err := s.random(9)
	if err != nil {
		return "", err
	}
	e := errand{Request: r, ID: base64.RawURLEncoding.EncodeToString(id), Until: s.Now().Add(errandLifetime).Unix()}
	return s.seal(errandNote, w, e)
}

// errand opens a sealed errand. It reports false if it is none of the workspace, or too old; one that is
// too old still tells which application sent the person.
func (s *Service) errand(w oidc.Workspace, sealed string) (e errand, ok bool) {
	err := s.open(errandNote, w, sealed, &e)
	return e, err == nil && s.Now().Unix() < e.Until
}

// step is how far somebody has come in an errand. The address of a page has it sealed.
type step struct {
	Errand string `json:"e"` // the id of the errand
	Until  int64  `json:"u"` // unix seconds

	// Identifier is what was typed, for which a code may have been mailed at SentAt.
	Identifier string        `json:"n,omitempty"`
	SentAt     identity.Time `json:"s,omitzero"`
	Again      bool          `json:"a,omitzero"` // another code was asked for
	Remember   bool          `json:"m,omitzero"`

	// Proved is what has been proved already, or nil.
	Proved *proved `json:"p,omitempty"`
	// Browser is a digest of the browser's own name, without which the step is of no use to anybody.
	Browser string `json:"b,omitempty"`
}

// proved is a user who has proved something, but not yet everything that is needed.
type proved struct {
	Pool  string   `json:"p"`
	User  string   `json:"u"`
	Epoch string   `json:"e"`
	AMR   []string `json:"a"`
	ACR   string   `json:"r"`
	// Two says that a second factor was proved.
	Two bool `json:"t,omitzero"`
	// MustChange says that the next thing is a new password.
	MustChange bool `json:"c,omitzero"`
}

// stepLifetime is how long somebody may take for the next step of a sign-in.
const stepLifetime = 15 * time.Minute

// sealStep seals how far somebody has come.
func (s *Service) sealStep(w oidc.Workspace, e errand, n step) (string, error) {
	n.Errand, n.Until = e.ID, s.Now().Add(stepLifetime).Unix()
	return s.seal(stepNote, w, n)
}

// step opens how far somebody has come in an errand. It reports false if the text is not that.
func (s *Service) step(w oidc.Workspace, e errand, sealed string) (n step, ok bool) {
	err := s.open(stepNote, w, sealed, &n)
	return n, err == nil && n.Errand == e.ID && s.Now().Unix() < n.Until
}
