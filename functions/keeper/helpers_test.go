package keeper_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// withoutStream is an option of a product whose test reads the stream and calls the keeper itself.
func withoutStream(c *system.Config) { c.Quiet = true }

// register registers an address as browsers do.
func register(tb testing.TB, tenant *systemtest.Tenant, pool, email string) {
	tb.Helper()
	tenant.Public.Must(tb, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=link",
		fields{"identifier": email, "password": systemtest.Password})
}

// deletesUser reports whether a call is a transaction that deletes a user.
func deletesUser(parameters any) bool {
	in, ok := parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return false
	}
	first := in.TransactItems[0].Delete
	return first != nil && isOfUsers(first.Key["pk"])
}

// listsUsers reports whether a call reads a page of the users of a pool.
func listsUsers(parameters any) bool {
	in, ok := parameters.(*dynamodb.QueryInput)
	return ok && isOfUsers(in.ExpressionAttributeValues[":pk"])
}

func isOfUsers(partition types.AttributeValue) bool {
	return strings.HasPrefix(textOf(partition), "USERS#")
}

func textOf(value types.AttributeValue) string {
	text, _ := value.(*types.AttributeValueMemberS)
	if text == nil {
		return ""
	}
	return text.Value
}
