package table

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"
)

// item is an item, or the values of an expression. An item has its keys, the few attributes that
// conditions look at, and one attribute, doc, with the rest as JSON. Password hashes are in an
// attribute of their own, so that reads can leave them out.
type item = map[string]types.AttributeValue

// Attributes that conditions and projections name. None is one of DynamoDB's reserved words.
const (
	attrDoc      = "doc"
	attrVersion  = "version"
	attrHash     = "hash_phc" // of a password
	attrClaimant = "claimant" // the user that a claim is for
	attrDeleted  = "deleted_at"
	attrReplayed = "replayed" // when an operator had the stream tell of a message again
	attrMembers  = "members"  // users of a pool
	attrRefs     = "refs"     // pools that use a schema
)

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func text(it item, attribute string) string {
	if s, ok := it[attribute].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

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

// parse reads the attribute doc into v.
func parse(it item, v any) error {
	if err := json.Unmarshal([]byte(text(it, attrDoc)), v); err != nil {
		return fmt.Errorf("decode stored %T: %w", v, err)
	}
	return nil
}
