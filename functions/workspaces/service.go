// Package workspaces is the function with which administrators create, list, read, change and delete
// workspaces, the connections of pools to them, and the applications that are registered with them.
package workspaces

import (
	"context"
	"errors"
	"io"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// Service has the use cases for workspaces, connections and applications.
type Service struct {
	Workspaces   table.Workspaces
	Applications table.Applications
	Retry        retry.Policy
	Now          func() time.Time
	NewID        func() string
	Random       io.Reader // of the secrets of applications
	PublicURL    string    // the address of the deployment, without a slash at the end
}

// Create creates a workspace. The error is Invalid if it is not valid, and Conflict if the id is taken.
func (s *Service) Create(
	ctx context.Context, tenant string, c oidc.WorkspaceChange, reply once.Reply[oidc.Workspace],
) (oidc.Workspace, error) {
	w, err := oidc.NewWorkspace(tenant, s.NewID(), c, s.Now())
	if err != nil {
		return w, err
	}
	w.Version = s.Now().UnixMilli()
	return w, s.Workspaces.Create(ctx, w, reply)
}

// Read returns a workspace. The error is NotFound, or PreconditionFailed if match refuses its version.
func (s *Service) Read(ctx context.Context, tenant, id string, match identity.Match) (oidc.Workspace, error) {
	w, err := s.Workspaces.Get(ctx, tenant, id)
	if err != nil {
		return w, err
	}
	return w, match.Check(w.Version)
}

// Update replaces the settings of a workspace. The error is NotFound, Invalid or PreconditionFailed.
func (s *Service) Update(
	ctx context.Context, tenant, id string, match identity.Match, c oidc.WorkspaceChange,
	reply once.Reply[oidc.Workspace],
) (w oidc.Workspace, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		old, err := s.Read(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		if w, err = old.Changed(c, s.Now()); err != nil {
			return err
		}
		w, err = s.Workspaces.Replace(ctx, old.Version, w, reply)
		return err
	})
	return w, err
}

// Delete deletes a workspace with its connections and its applications, one application after the
// other. If that breaks off, the workspace still exists, and Delete can be called again. The error is
// NotFound, PreconditionFailed, or Unavailable if there are more applications than can be deleted before
// the deadline.
func (s *Service) Delete(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		w, err := s.Read(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		isOccupied := func(err error) bool { return errors.As(err, new(identity.Conflict)) }
		// The list of applications is eventually consistent, so that one may be missing in it at first.
		return s.Retry.DoWhile(ctx, isOccupied, func() error {
			if w.Applications > 0 {
				if err := s.deleteApplications(ctx, tenant, id); err != nil {
					return err
				}
			}
			err := s.Workspaces.Delete(ctx, w, reply)
			if isOccupied(err) {
				w.Applications = 1 // at least
			}
			return err
		})
	})
}

// timeToAnswer is what is left before the deadline when Delete gives up.
const timeToAnswer = 3 * time.Second

// deleteApplications deletes the applications of a workspace.
func (s *Service) deleteApplications(ctx context.Context, tenant, workspace string) error {
	const page = 100
	for after, more := "", true; more; {
		var (
			some []oidc.Application
			err  error
		)
		if some, more, err = s.Applications.List(ctx, tenant, workspace, after, "", page); err != nil {
			return err
		}
		for _, a := range some {
			after = a.ID
			// Deadlines are in the time of contexts, which no clock of the product moves.
			if end, ok := ctx.Deadline(); ok && time.Until(end) < timeToAnswer {
				return identity.Unavailable{
					RetryAfter: time.Second, Cause: errors.New("the workspace has many applications"),
				}
			}
			err := s.DeleteApplication(ctx, tenant, a.ID, identity.Match{}, once.Reply[once.None]{})
			if err != nil && !errors.As(err, new(identity.NotFound)) {
				return err
			}
		}
	}
	return nil
}
