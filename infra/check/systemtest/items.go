package systemtest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item is a stored item. It has the keys, and the attributes that are strings or numbers.
type Item map[string]string

// Items returns all items of the table. It reads them without any code of the product.
func (p *Product) Items(tb testing.TB) []Item {
	tb.Helper()
	var items []Item
	pages := dynamodb.NewScanPaginator(p.DB,
		&dynamodb.ScanInput{TableName: aws.String(p.TableName), ConsistentRead: aws.Bool(true)})
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

// Stored returns the stored items whose partition key begins with prefix.
func (p *Product) Stored(tb testing.TB, prefix string) []Item {
	tb.Helper()
	var found []Item
	for _, it := range p.Items(tb) {
		if strings.HasPrefix(it["pk"], prefix) {
			found = append(found, it)
		}
	}
	return found
}

// CountItems returns how many items the keys of the given kinds have.
func (p *Product) CountItems(tb testing.TB, prefixes ...string) (count int) {
	tb.Helper()
	for _, prefix := range prefixes {
		count += len(p.Stored(tb, prefix))
	}
	return count
}

// Mailboxes returns the items of a tenant's mailboxes, which count the mails to a mailbox and the
// guesses of its codes. Mailboxes fails the test if there is none.
func (p *Product) Mailboxes(tb testing.TB, tenant string) []Item {
	tb.Helper()
	items := slices.DeleteFunc(p.Stored(tb, "MAILBOX#"+tenant+"#"), func(it Item) bool {
		return it["sk"] != "MAILBOX"
	})
	if len(items) == 0 {
		tb.Fatal("the table has no mailbox of the tenant")
	}
	return items
}

// Expire deletes the items whose time to live has ended, and returns them. DynamoDB does so some
// time after the end; the local engine never does.
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

// Kind returns the first part of the item's partition key.
func (i Item) Kind() string {
	kind, _, _ := strings.Cut(i["pk"], "#")
	return kind
}
