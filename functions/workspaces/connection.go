package workspaces

import (
	"context"
	"errors"
	"slices"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// Connect connects a pool to a workspace. The error is NotFound for the workspace; Invalid if the
// connection is not valid or the pool does not exist; Conflict if the pool is connected already, if the
// id is taken, or if the workspace has as many connections as it may have.
func (s *Service) Connect(
	ctx context.Context, tenant, workspace string, c oidc.ConnectionChange, reply once.Reply[oidc.Connection],
) (oidc.Connection, error) {
	made, err := oidc.Workspace{Tenant: tenant, ID: workspace}.NewConnection(s.NewID(), c, s.Now())
	if err != nil {
		return made, err
	}
	made.Version = s.Now().UnixMilli()
	return made, s.Workspaces.Connect(ctx, made, reply)
}

// ReadConnection returns a connection of a workspace. The error is NotFound for the workspace or the
// connection, or PreconditionFailed if match refuses its version.
func (s *Service) ReadConnection(
	ctx context.Context, tenant, workspace, id string, match identity.Match,
) (oidc.Connection, error) {
	all, err := s.Connections(ctx, tenant, workspace)
	if err != nil {
		return oidc.Connection{}, err
	}
	i := slices.IndexFunc(all, func(c oidc.Connection) bool { return c.ID == id })
	if i < 0 {
		return oidc.Connection{}, identity.NotFound{Thing: "connection", ID: id}
	}
	return all[i], match.Check(all[i].Version)
}

// Reconnect replaces the settings of a connection. The error is NotFound, Invalid or
// PreconditionFailed.
func (s *Service) Reconnect(
	ctx context.Context, tenant, workspace, id string, match identity.Match, c oidc.ConnectionChange,
	reply once.Reply[oidc.Connection],
) (changed oidc.Connection, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		old, err := s.ReadConnection(ctx, tenant, workspace, id, match)
		if err != nil {
			return err
		}
		if changed, err = old.Changed(c, s.Now()); err != nil {
			return err
		}
		changed, err = s.Workspaces.Reconnect(ctx, old.Version, changed, reply)
		return err
	})
	return changed, err
}

// Disconnect deletes a connection. Applications that name its pool keep the name, which leads nowhere
// then. The error is NotFound or PreconditionFailed.
func (s *Service) Disconnect(
	ctx context.Context, tenant, workspace, id string, match identity.Match, reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		old, err := s.ReadConnection(ctx, tenant, workspace, id, match)
		if err != nil {
			return err
		}
		return s.Workspaces.Disconnect(ctx, old, reply)
	})
}

// Connections returns the connections of a workspace in the order in which they are tried. The error
// is NotFound.
func (s *Service) Connections(ctx context.Context, tenant, workspace string) ([]oidc.Connection, error) {
	w, err := s.Workspaces.Get(ctx, tenant, workspace)
	return w.Connections, err
}

// ConnectionsOf returns the connections of a pool in the order of the ids of their workspaces. There
// are none of a pool that does not exist. A pool that was deleted keeps its connections until somebody
// deletes them. It reads each workspace of the tenant, of which there are few.
func (s *Service) ConnectionsOf(ctx context.Context, tenant, pool string) ([]oidc.Connection, error) {
	all, err := s.Workspaces.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var found []oidc.Connection
	for _, each := range all {
		w, err := s.Workspaces.Get(ctx, tenant, each.ID)
		if errors.As(err, new(identity.NotFound)) { // deleted since
			continue
		}
		if err != nil {
			return nil, err
		}
		if c, ok := w.ConnectionOf(pool); ok {
			found = append(found, c)
		}
	}
	return found, nil
}
