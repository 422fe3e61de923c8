package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// The item of a grant has as attributes what its conditions look at: client, code (a hash), code_until
// (unix seconds), redirect, challenge, generation, until (unix seconds) and revoked; and rotated_at (unix
// ms) and mark, by which a repeated call is recognized. Its ttl is when it ends.

// grantAttributes are the attributes that reads of a grant and of its user take: everything except the hash
// of a password.
const grantAttributes = "client, code, code_until, generation, rotated_at, #until, revoked, " + userAttributes

// Grants reads and stores what people have granted to applications.
type Grants struct{ *store }

// Put stores a new grant.
func (t Grants) Put(ctx context.Context, g oidc.Grant) error {
	doc, err := document(g)
	if err != nil {
		return err
	}
	it := grantKey(g.UserRef, g.Session, g.ID).item()
	it[attrDoc], it["code"], it["code_until"] = doc, str(g.Code), num(g.CodeUntil.Unix())
	it["client"], it["redirect"], it["challenge"] = str(g.Client), str(g.Redirect), str(g.Challenge)
	it["generation"], it[ttl] = num(0), seconds(g.Ends.Time)
	if err := t.put(ctx, it, "", nil); err != nil {
		return fmt.Errorf("store grant: %w", err)
	}
	return nil
}

// Get returns a grant with its user, both read in one call. What does not exist is returned as the zero
// value. A read that is not consistent costs half, and may be some milliseconds old.
func (t Grants) Get(
	ctx context.Context, ref identity.UserRef, session, grant string, isConsistent bool,
) (g oidc.Grant, u identity.User, err error) {
	k := grantKey(ref, session, grant)
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys:           []map[string]types.AttributeValue{k.item(), userKey(ref).item()},
		ConsistentRead: aws.Bool(isConsistent), ProjectionExpression: aws.String("pk, sk, " + grantAttributes),
		ExpressionAttributeNames: map[string]string{"#until": "until"},
	})
	if err != nil {
		return g, u, fmt.Errorf("read grant and user: %w", err)
	}
	for _, it := range items {
		if text(it, sk) == k.sk && text(it, pk) == k.pk {
			g, err = grantOf(it, ref)
		} else {
			u, err = userOf(it)
		}
		if err != nil {
			return g, u, err
		}
	}
	return g, u, nil
}

// Step is the next step of a grant that somebody asks for with a code or a refresh token.
type Step struct {
	Ref            identity.UserRef
	Session, Grant string
	Client         string // the application that asks
	From           int64  // the generation before the step; 0 for the redemption of the code
	// Code, Redirect and Challenge are what must be stored of the code: its hash, the redirect URI, and the
	// challenge that the verifier has. They are ignored unless From is 0.
	Code, Redirect, Challenge string
	Until                     time.Time // the time until which a token of the next generation can be used
	Mark                      string    // identifies the call
	Now                       time.Time
}

// Advance carries out a step of a grant with one conditional update, so that of several calls at once one
// succeeds. It returns the grant after the step and true, or the grant as it is and false if the step cannot
// be made; the zero value if there is no such grant. If the SDK repeats the call because an answer was lost,
// the mark shows that the step was made.
func (t Grants) Advance(ctx context.Context, s Step) (g oidc.Grant, ok bool, err error) {
	condition := "client = :client AND generation = :from AND attribute_not_exists(revoked) AND #ttl > :now"
	values := item{
		":client": str(s.Client), ":from": num(s.From), ":next": num(s.From + 1), ":now": num(s.Now.Unix()),
		":until": num(s.Until.Unix()), ":at": num(s.Now.UnixMilli()), ":mark": str(s.Mark),
	}
	names := map[string]string{"#ttl": ttl, "#until": "until"}
	if s.From == 0 {
		condition += " AND code = :code AND redirect = :redirect AND challenge = :challenge AND code_until > :now"
		values[":code"], values[":redirect"], values[":challenge"] = str(s.Code), str(s.Redirect), str(s.Challenge)
	} else {
		condition += " AND #until > :now"
	}
	out, err := t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: grantKey(s.Ref, s.Session, s.Grant).item(),
		UpdateExpression:    aws.String("SET generation = :next, #until = :until, rotated_at = :at, mark = :mark"),
		ConditionExpression: aws.String(condition), ExpressionAttributeValues: values, ExpressionAttributeNames: names,
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		if len(refused.Item) == 0 {
			return g, false, nil
		}
		g, err = grantOf(refused.Item, s.Ref)
		return g, err == nil && text(refused.Item, "mark") == s.Mark && g.Generation == s.From+1, err
	}
	if err != nil {
		return g, false, fmt.Errorf("advance grant: %w", failure(err))
	}
	g, err = grantOf(out.Attributes, s.Ref)
	return g, err == nil, err
}

// Revoke ends the grant g of an application with all of its tokens, if it exists. Only the names of g, and of
// its application, matter.
func (t Grants) Revoke(ctx context.Context, g oidc.Grant) error {
	_, err := t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: grantKey(g.UserRef, g.Session, g.ID).item(),
		UpdateExpression: aws.String("SET revoked = :yes"), ConditionExpression: aws.String("client = :client"),
		ExpressionAttributeValues: item{":yes": num(1), ":client": str(g.Client)},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("revoke grant: %w", err)
	}
	return nil
}

func grantOf(it item, ref identity.UserRef) (oidc.Grant, error) {
	g := oidc.Grant{
		UserRef: ref, Code: text(it, "code"), CodeUntil: identity.At(time.Unix(number(it, "code_until"), 0)),
		Generation: number(it, "generation"), RotatedAt: identity.At(time.UnixMilli(number(it, "rotated_at"))),
		Until: identity.At(time.Unix(number(it, "until"), 0)), Revoked: it["revoked"] != nil,
	}
	return g, parse(it, &g)
}
