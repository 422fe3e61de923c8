package table

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"
)

// item is an item of the table, or the values of an expression. An item has its keys, the few
// attributes that are used in conditions, and one attribute, doc, that has the rest as JSON. Hashes
// of passwords are in a separate attribute, so that reads can leave them out.
type item = map[string]types.AttributeValue

// Attributes that are used in conditions and projections. None of them is a reserved word of
// DynamoDB.
const (
	attrDoc      = "doc"
	attrVersion  = "version"
	attrHash     = "hash_phc" // the hash of a password
	attrEarlier  = "earlier"  // the hashes of earlier passwords, the newest first, a line for each
	attrClaimant = "claimant" // the user to whom a claim belongs
	attrDeleted  = "deleted_at"
	attrReleased = "released" // when a message that had waited was released
	attrMembers  = "members"  // the number of users of a pool
	attrRefs     = "refs"     // the number of pools that use a schema

	attrApplications = "applications" // the number of applications of a workspace
)

// str returns s as the value of an attribute.
func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// num returns n as the value of an attribute.
func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// text returns an attribute that is a string, or "" if there is none.
func text(it item, attribute string) string {
	if s, ok := it[attribute].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// number returns an attribute that is a number, or 0 if there is none.
func number(it item, attribute string) int64 {
	if n, ok := it[attribute].(*types.AttributeValueMemberN); ok {
		value, err := strconv.ParseInt(n.Value, 10, 64)
		if err == nil {
			return value
		}
	}
	return 0
}

// seconds returns t as the value of a time-to-live attribute.
func seconds(t time.Time) types.AttributeValue { return num(t.Unix()) }

// document returns v as the value of the attribute doc.
func document(v any) (types.AttributeValue, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return str(string(doc)), nil
}

// parse decodes the attribute doc into v.
func parse(it item, v any) error {
	if err := json.Unmarshal([]byte(text(it, attrDoc)), v); err != nil {
		return fmt.Errorf("decode stored %T: %w", v, err)
	}
	return nil
}
