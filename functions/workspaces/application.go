package workspaces

import (
	"context"
	"errors"

	"identitypools/shared/access"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// Registered is an application with its secret, which only somebody sees who has just made it.
type Registered struct {
	oidc.Application
	Secret string // "" if it is not shown
}

// CreateApplication registers an application with the workspace that c names. The error is Invalid if
// the application is not valid or if its workspace does not exist, and Conflict if the id is taken.
func (s *Service) CreateApplication(
	ctx context.Context, tenant string, c oidc.ApplicationChange, reply once.Reply[Registered],
) (Registered, error) {
	const noWorkspace = "must be the id of a workspace"
	if c.Workspace == "" {
		return Registered{}, identity.InvalidField("/authorization_server_id", identity.Required())
	}
	w, err := s.Workspaces.Get(ctx, tenant, string(c.Workspace))
	if errors.As(err, new(identity.NotFound)) {
		return Registered{}, identity.InvalidField("/authorization_server_id", identity.NoSuch(noWorkspace))
	}
	if err != nil {
		return Registered{}, err
	}
	secret, _, err := access.NewSecret(s.Random)
	if err != nil {
		return Registered{}, err
	}
	a, err := w.NewApplication(s.NewID(), secret, c, s.Now())
	if err != nil {
		return Registered{}, err
	}
	a.Version = s.Now().UnixMilli()
	shown := func(a oidc.Application) Registered {
		switch {
		case a.IsPublic():
			secret = ""
		case c.Secret != "":
			secret = c.Secret
		}
		return Registered{a, secret}
	}
	err = s.Applications.Create(ctx, a, once.Map(reply, func(a oidc.Application) (Registered, error) {
		return shown(a), nil
	}))
	if errors.As(err, new(identity.NotFound)) { // deleted since
		err = identity.InvalidField("/authorization_server_id", identity.NoSuch(noWorkspace))
	}
	return shown(a), err
}

// ReadApplication returns an application. The error is NotFound, or PreconditionFailed if match refuses
// its version.
func (s *Service) ReadApplication(
	ctx context.Context, tenant, id string, match identity.Match,
) (Registered, error) {
	a, err := s.Applications.Get(ctx, tenant, id)
	if err != nil {
		return Registered{}, err
	}
	return Registered{Application: a}, match.Check(a.Version)
}

// UpdateApplication replaces the settings of an application. The error is NotFound, Invalid or
// PreconditionFailed.
func (s *Service) UpdateApplication(
	ctx context.Context, tenant, id string, match identity.Match, c oidc.ApplicationChange,
	reply once.Reply[Registered],
) (Registered, error) {
	a, err := s.changeApplication(ctx, tenant, id, match, withoutSecret(reply),
		func(old oidc.Application) (oidc.Application, error) {
			w, err := s.Workspaces.Get(ctx, tenant, old.Workspace)
			if err != nil {
				return old, err
			}
			return old.Changed(w, c, s.Now())
		})
	return Registered{Application: a}, err
}

// Rotate gives an application a new secret and returns it. The secrets before it stay valid until they
// are revoked. The error is NotFound, PreconditionFailed, or ErrPublicClient of package oidc.
func (s *Service) Rotate(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[string],
) (string, error) {
	secret, hashed, err := access.NewSecret(s.Random)
	if err != nil {
		return "", err
	}
	shown := once.Map(reply, func(oidc.Application) (string, error) { return secret, nil })
	_, err = s.changeApplication(ctx, tenant, id, match, shown,
		func(old oidc.Application) (oidc.Application, error) { return old.WithSecret(hashed, s.Now()) })
	return secret, err
}

// RevokeRotated ends all secrets of an application but the current one. The error is NotFound or
// PreconditionFailed.
func (s *Service) RevokeRotated(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[once.None],
) error {
	_, err := s.changeApplication(ctx, tenant, id, match, once.WithoutResult[oidc.Application](reply),
		func(old oidc.Application) (oidc.Application, error) { return old.WithoutRotated(s.Now()), nil })
	return err
}

// DeleteApplication deletes an application. The error is NotFound or PreconditionFailed.
func (s *Service) DeleteApplication(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		a, err := s.ReadApplication(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		return s.Applications.Delete(ctx, a.Application, reply)
	})
}

// changeApplication stores what change makes of an application.
func (s *Service) changeApplication(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[oidc.Application],
	change func(oidc.Application) (oidc.Application, error),
) (changed oidc.Application, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		old, err := s.ReadApplication(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		if changed, err = change(old.Application); err != nil {
			return err
		}
		changed, err = s.Applications.Replace(ctx, old.Version, changed, reply)
		return err
	})
	return changed, err
}

// withoutSecret returns a Reply for a change of an application whose secret is not shown.
func withoutSecret(reply once.Reply[Registered]) once.Reply[oidc.Application] {
	return once.Map(reply, func(a oidc.Application) (Registered, error) {
		return Registered{Application: a}, nil
	})
}
