package table

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// Workspaces reads and stores workspaces with the connections of pools to them, which are in one
// partition. The item of a workspace counts its applications and its connections.
type Workspaces struct{ *store }

// Create stores a new workspace. The error is Conflict if the id is taken.
func (t Workspaces) Create(ctx context.Context, w oidc.Workspace, reply once.Reply[oidc.Workspace]) error {
	doc, err := document(w)
	if err != nil {
		return err
	}
	it := workspaceKey(w.Tenant, w.ID).item()
	it[indexPK], it[indexSK] = str(workspacesIndex(w.Tenant)), str(w.ID)
	it[attrDoc], it[attrVersion] = doc, num(w.Version)
	switch err := t.transact(ctx, []types.TransactWriteItem{t.putting(it, isNew, nil)}, reply.With(w)); {
	case errors.As(err, new(cancelled)):
		return identity.Conflict{Pointer: "/id", Reason: "a workspace with this id exists"}
	case err != nil:
		return fmt.Errorf("create workspace %s: %w", w.ID, err)
	}
	return nil
}

// Get returns a workspace with its connections. The error is NotFound if there is none with the id.
func (t Workspaces) Get(ctx context.Context, tenant, workspace string) (oidc.Workspace, error) {
	missing := identity.NotFound{Thing: "workspace", ID: workspace}
	k := workspaceKey(tenant, workspace)
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{ // at most 41 small items
		TableName: t.name, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(k.pk)},
	})
	if err != nil {
		return oidc.Workspace{}, fmt.Errorf("read workspace %s: %w", workspace, failure(err))
	}
	var (
		found       oidc.Workspace
		connections []oidc.Connection
	)
	for _, it := range out.Items {
		switch {
		case text(it, sk) == k.sk:
			found, err = workspaceOf(it)
		case strings.HasPrefix(text(it, sk), connectionPrefix):
			var c oidc.Connection
			err = parse(it, &c)
			c.Version = number(it, attrVersion)
			connections = append(connections, c)
		}
		if err != nil {
			return found, err
		}
	}
	if found.ID == "" {
		return found, missing
	}
	oidc.SortConnections(connections)
	found.Connections = connections
	return found, nil
}

// Cached is like Get, but its result may be up to five seconds old.
func (t Workspaces) Cached(ctx context.Context, tenant, workspace string) (oidc.Workspace, error) {
	return t.workspaces.get(workspaceKey(tenant, workspace), t.now(), func() (oidc.Workspace, error) {
		return t.Get(ctx, tenant, workspace)
	})
}

// List returns all workspaces of a tenant, without their connections, in the order of their ids. The read
// is eventually consistent.
func (t Workspaces) List(ctx context.Context, tenant string) ([]oidc.Workspace, error) {
	return listPartition(ctx, t.store, workspacesIndex(tenant), workspaceOf)
}

// Replace stores w in place of the version old, which must still be the stored one. The error is
// PreconditionFailed if it is not.
func (t Workspaces) Replace(
	ctx context.Context, old int64, w oidc.Workspace, reply once.Reply[oidc.Workspace],
) (oidc.Workspace, error) {
	w.Version = old + 1
	doc, err := document(w)
	if err != nil {
		return w, err
	}
	write := t.updating(workspaceKey(w.Tenant, w.ID), "SET doc = :doc, version = :next", isVersion,
		item{":doc": doc, ":next": num(w.Version), ":version": num(old)})
	err = t.transact(ctx, []types.TransactWriteItem{write}, reply.With(w))
	t.workspaces.drop(workspaceKey(w.Tenant, w.ID))
	return w, unchanged(err, "change workspace")
}

// Delete deletes w with its connections, all of which must still be what is stored. The error is Conflict
// while it has applications, and PreconditionFailed if it or its connections have changed.
func (t Workspaces) Delete(ctx context.Context, w oidc.Workspace, reply once.Reply[once.None]) error {
	k := workspaceKey(w.Tenant, w.ID)
	writes := []types.TransactWriteItem{t.deleting(k,
		isVersion+" AND (attribute_not_exists(applications) OR applications = :none)"+
			" AND (attribute_not_exists(connections) OR connections = :connections)",
		item{":version": num(w.Version), ":none": num(0), ":connections": num(int64(len(w.Connections)))})}
	for _, c := range w.Connections {
		writes = append(writes,
			t.deleting(connectionKey(c.Tenant, c.Workspace, c.ID), isVersion, item{":version": num(c.Version)}),
			t.deleting(connectedKey(c.Tenant, c.Workspace, c.Pool), "", nil))
	}
	err := t.transact(ctx, writes, reply.With(once.None{}))
	t.workspaces.drop(k)
	if !errors.As(err, new(cancelled)) {
		return unchanged(err, "delete workspace")
	}
	now, err := t.Get(ctx, w.Tenant, w.ID)
	if err == nil && now.Applications > 0 {
		return identity.Conflict{Reason: "the workspace has applications"}
	}
	if err != nil {
		return err
	}
	return identity.PreconditionFailed{}
}

// Connect stores a new connection of a pool to its workspace. Errors: NotFound for the workspace; Invalid
// for a pool that does not exist; Conflict if the pool is connected, if the id is taken, or if the workspace
// has as many connections as it may have.
func (t Workspaces) Connect(ctx context.Context, c oidc.Connection, reply once.Reply[oidc.Connection]) error {
	doc, err := document(c)
	if err != nil {
		return err
	}
	it := connectionKey(c.Tenant, c.Workspace, c.ID).item()
	it[attrDoc], it[attrVersion] = doc, num(c.Version)
	writes := []types.TransactWriteItem{
		t.updating(workspaceKey(c.Tenant, c.Workspace), "ADD connections :one",
			exists+" AND (attribute_not_exists(connections) OR connections < :most)",
			item{":one": num(1), ":most": num(oidc.MaxConnections)}),
		t.checking(poolKey(c.Tenant, c.Pool), exists+" AND attribute_not_exists(deleted_at)", nil),
		t.putting(connectedKey(c.Tenant, c.Workspace, c.Pool).item(), isNew, nil),
		t.putting(it, isNew, nil),
	}
	err = t.transact(ctx, writes, reply.With(c))
	t.workspaces.drop(workspaceKey(c.Tenant, c.Workspace))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped) && stopped.at(0):
		if _, err := t.Get(ctx, c.Tenant, c.Workspace); err != nil {
			return err
		}
		return identity.Conflict{Reason: fmt.Sprintf("a workspace has at most %d identity pools", oidc.MaxConnections)}
	case errors.As(err, &stopped) && stopped.at(1):
		return identity.InvalidField("/identity_pool_id", identity.NoSuch("names a pool that does not exist"))
	case errors.As(err, &stopped) && stopped.at(2):
		return identity.Conflict{Pointer: "/identity_pool_id", Reason: "the pool is connected to this workspace"}
	case errors.As(err, &stopped):
		return identity.Conflict{Pointer: "/id", Reason: "a connection with this id exists"}
	case err != nil:
		return fmt.Errorf("connect pool %s: %w", c.Pool, err)
	}
	return nil
}

// Reconnect stores c in place of the version old, which must still be the stored one. The pool of a
// connection does not change. The error is PreconditionFailed if another version is stored.
func (t Workspaces) Reconnect(
	ctx context.Context, old int64, c oidc.Connection, reply once.Reply[oidc.Connection],
) (oidc.Connection, error) {
	c.Version = old + 1
	doc, err := document(c)
	if err != nil {
		return c, err
	}
	write := t.updating(connectionKey(c.Tenant, c.Workspace, c.ID), "SET doc = :doc, version = :next", isVersion,
		item{":doc": doc, ":next": num(c.Version), ":version": num(old)})
	err = t.transact(ctx, []types.TransactWriteItem{write}, reply.With(c))
	t.workspaces.drop(workspaceKey(c.Tenant, c.Workspace))
	return c, unchanged(err, "change connection")
}

// Disconnect deletes c, which must still be what is stored. The error is PreconditionFailed if it is not.
func (t Workspaces) Disconnect(ctx context.Context, c oidc.Connection, reply once.Reply[once.None]) error {
	writes := []types.TransactWriteItem{
		t.deleting(connectionKey(c.Tenant, c.Workspace, c.ID), isVersion, item{":version": num(c.Version)}),
		t.deleting(connectedKey(c.Tenant, c.Workspace, c.Pool), "", nil),
		t.updating(workspaceKey(c.Tenant, c.Workspace), "ADD connections :less", exists, item{":less": num(-1)}),
	}
	err := t.transact(ctx, writes, reply.With(once.None{}))
	t.workspaces.drop(workspaceKey(c.Tenant, c.Workspace))
	return unchanged(err, "disconnect pool")
}

func workspaceOf(it item) (oidc.Workspace, error) {
	var w oidc.Workspace
	if err := parse(it, &w); err != nil {
		return w, err
	}
	w = w.Filled()
	w.Version, w.Applications = number(it, attrVersion), number(it, attrApplications)
	return w, nil
}
