package tokens_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/functions/tokens"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

// Discovery documents are made of nothing but the request.
func faultSuite() faulttest.Suite {
	return faulttest.Suite{
		Routes: tokens.Routes(), Cases: faultCases(),
		WithoutCalls: []string{
			"client.adminDiscovery", "client.adminMetadata", "client.systemDiscovery", "client.systemMetadata",
		},
	}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

func faultCases() []faulttest.Case {
	token := func(f *fixture) *http.Request {
		return f.Tenant.Admin.TokenRequest(f.T, f.Tenant.ID, "admin")
	}
	return append(workspaceCases(), []faulttest.Case{
		{Name: "client.adminToken", Twin: "client.systemToken", Request: token, Status: 200},
		{
			Name: "client.adminToken, the first", Setup: withdrawKeys, Request: token, Status: 200,
			Check: func(f *fixture, answer systemtest.Response) {
				f.Tenant.Admin.Token = answer.Text(f.T, "access_token")
				f.ExpireCaches()
				f.Tenant.Admin.Must(f.T, 200, "GET", "/pools", nil)
			},
		},
		{
			Name: "client.adminKeys", Twin: "client.systemKeys", Setup: withdrawKeys, Status: 200,
			Request: func(f *fixture) *http.Request {
				r := token(f)
				r.Method, r.Body = "GET", nil
				r.URL.Path = "/" + f.Tenant.ID + "/admin/.well-known/jwks.json"
				return r
			},
		},
	}...)
}

// withdrawKeys deletes the public keys of tokens of the API.
func withdrawKeys(f *fixture) { withdraw(f, "KEYS") }

// withdraw deletes a set of keys, and waits until the function that publishes them reads them again.
func withdraw(f *fixture, set string) {
	f.T.Helper()
	key := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "KEYS"},
		"sk": &types.AttributeValueMemberS{Value: set},
	}
	_, err := f.DB.DeleteItem(f.T.Context(),
		&dynamodb.DeleteItemInput{TableName: aws.String(f.TableName), Key: key})
	if err != nil {
		f.T.Fatal(err)
	}
	f.ExpireCaches()
}
