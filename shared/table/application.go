package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// Applications reads and stores the applications of workspaces.
type Applications struct{ *store }

// Create stores a new application. Errors: NotFound for its workspace; Conflict if the id is taken.
func (t Applications) Create(ctx context.Context, a oidc.Application, reply once.Reply[oidc.Application]) error {
	doc, err := document(a)
	if err != nil {
		return err
	}
	it := applicationKey(a.Tenant, a.ID).item()
	it[indexPK], it[indexSK] = str(applicationsIndex(a.Tenant, a.Workspace)), str(a.ID)
	it[attrDoc], it[attrVersion] = doc, num(a.Version)
	err = t.transact(ctx, []types.TransactWriteItem{
		t.updating(workspaceKey(a.Tenant, a.Workspace), "ADD applications :one", exists, item{":one": num(1)}),
		t.putting(it, isNew, nil),
	}, reply.With(a))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped) && stopped.at(0):
		return identity.NotFound{Thing: "workspace", ID: a.Workspace}
	case errors.As(err, &stopped):
		return identity.Conflict{Pointer: "/client_id", Reason: "an application with this id exists"}
	case err != nil:
		return fmt.Errorf("create application %s: %w", a.ID, err)
	}
	return nil
}

// Get returns an application. The error is NotFound if there is none with the id.
func (t Applications) Get(ctx context.Context, tenant, client string) (oidc.Application, error) {
	it, err := t.get(ctx, applicationKey(tenant, client), "")
	if err != nil {
		return oidc.Application{}, fmt.Errorf("read application %s: %w", client, err)
	}
	if len(it) == 0 {
		return oidc.Application{}, identity.NotFound{Thing: "application", ID: client}
	}
	return applicationOf(it)
}

// Cached is like Get, but its result may be up to five seconds old.
func (t Applications) Cached(ctx context.Context, tenant, client string) (oidc.Application, error) {
	return t.applications.get(applicationKey(tenant, client), t.now(), func() (oidc.Application, error) {
		return t.Get(ctx, tenant, client)
	})
}

// List returns applications of a workspace in the order of their ids, beginning after an id, or before one
// and then in the opposite order. It returns at most limit applications and at most 1 MB. The result more
// reports whether there are further ones. The read is eventually consistent.
func (t Applications) List(
	ctx context.Context, tenant, workspace, after, before string, limit int32,
) (all []oidc.Application, more bool, err error) {
	in := &dynamodb.QueryInput{
		TableName: t.name, IndexName: aws.String(index), Limit: aws.Int32(limit),
		KeyConditionExpression:    aws.String("gsi1pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(applicationsIndex(tenant, workspace))},
	}
	switch {
	case before != "":
		in.KeyConditionExpression, in.ScanIndexForward = aws.String("gsi1pk = :pk AND gsi1sk < :before"), aws.Bool(false)
		in.ExpressionAttributeValues[":before"] = str(before)
	case after != "":
		in.KeyConditionExpression = aws.String("gsi1pk = :pk AND gsi1sk > :after")
		in.ExpressionAttributeValues[":after"] = str(after)
	}
	out, err := t.db.Query(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("list applications: %w", failure(err))
	}
	for _, it := range out.Items {
		a, err := applicationOf(it)
		if err != nil {
			return nil, false, err
		}
		all = append(all, a)
	}
	return all, len(out.LastEvaluatedKey) > 0, nil
}

// All returns the applications of a workspace in the order of their ids. They may be up to five seconds
// old, and were read without consistency.
func (t Applications) All(ctx context.Context, tenant, workspace string) ([]oidc.Application, error) {
	return t.listed.get(workspaceKey(tenant, workspace), t.now(), func() ([]oidc.Application, error) {
		return listPartition(ctx, t.store, applicationsIndex(tenant, workspace), applicationOf)
	})
}

// Replace stores a in place of the version old, which must still be the stored one. The workspace of an
// application does not change. The error is PreconditionFailed if another version is stored.
func (t Applications) Replace(
	ctx context.Context, old int64, a oidc.Application, reply once.Reply[oidc.Application],
) (oidc.Application, error) {
	a.Version = old + 1
	doc, err := document(a)
	if err != nil {
		return a, err
	}
	write := t.updating(applicationKey(a.Tenant, a.ID), "SET doc = :doc, version = :next", isVersion,
		item{":doc": doc, ":next": num(a.Version), ":version": num(old)})
	err = t.transact(ctx, []types.TransactWriteItem{write}, reply.With(a))
	t.applications.drop(applicationKey(a.Tenant, a.ID))
	return a, unchanged(err, "change application")
}

// Delete deletes a, which must still be what is stored. The error is PreconditionFailed if it is not.
func (t Applications) Delete(ctx context.Context, a oidc.Application, reply once.Reply[once.None]) error {
	err := t.transact(ctx, []types.TransactWriteItem{
		t.deleting(applicationKey(a.Tenant, a.ID), isVersion, item{":version": num(a.Version)}),
		t.updating(workspaceKey(a.Tenant, a.Workspace), "ADD applications :less", exists, item{":less": num(-1)}),
	}, reply.With(once.None{}))
	t.applications.drop(applicationKey(a.Tenant, a.ID))
	return unchanged(err, "delete application")
}

func applicationOf(it item) (oidc.Application, error) {
	var a oidc.Application
	if err := parse(it, &a); err != nil {
		return a, err
	}
	a.Version = number(it, attrVersion)
	return a, nil
}
