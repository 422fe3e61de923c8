package systemtest

import (
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

// Kind is the first part of an item's partition key.
func (i Item) Kind() string {
	kind, _, _ := strings.Cut(i["pk"], "#")
	return kind
}
