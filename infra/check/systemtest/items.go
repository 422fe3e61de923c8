package systemtest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item is a stored item: its keys and its attributes that are texts or numbers.
type Item map[string]string

// Items reads the whole table past all of the product's code.
func (p *Product) Items(tb testing.TB) []Item {
	tb.Helper()
	var items []Item
	pages := dynamodb.NewScanPaginator(p.DB, &dynamodb.ScanInput{TableName: aws.String(p.TableName), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(tb.Context())
		if err != nil {
			tb.Fatalf("read the table: %v", err)
		}
		for _, stored := range page.Items {
			it := Item{}
			for name, value := range stored {
				switch v := value.(type) {
				case *types.AttributeValueMemberS:
					it[name] = v.Value
				case *types.AttributeValueMemberN:
					it[name] = v.Value
				}
			}
			items = append(items, it)
		}
	}
	return items
}

// Expire deletes the items whose time to live is over, as DynamoDB does some time afterwards and
// the local engine never does. It returns them.
func (p *Product) Expire(tb testing.TB) []Item {
	tb.Helper()
	var expired []Item
	for _, it := range p.Items(tb) {
		end, err := strconv.ParseInt(it["ttl"], 10, 64)
		if err != nil || end > p.Clock.Now().Unix() {
			continue
		}
		_, err = p.DB.DeleteItem(tb.Context(), &dynamodb.DeleteItemInput{
			TableName: aws.String(p.TableName), Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: it["pk"]},
				"sk": &types.AttributeValueMemberS{Value: it["sk"]},
			},
		})
		if err != nil {
			tb.Fatalf("delete an expired item: %v", err)
		}
		expired = append(expired, it)
	}
	return expired
}

// Kind is the first part of an item's partition key.
func (i Item) Kind() string {
	kind, _, _ := strings.Cut(i["pk"], "#")
	return kind
}
