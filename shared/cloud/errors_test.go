package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"identitypools/shared/cloud"
)

func TestErrorsOfTheSDK(t *testing.T) {
	t.Parallel()
	answered := func(status int, code string) error {
		response := &smithyhttp.Response{Response: &http.Response{StatusCode: status}}
		return fmt.Errorf("call: %w", &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
			Response: response, Err: &smithy.GenericAPIError{Code: code, Message: "ann@example.com is not here"},
		}})
	}
	for _, row := range []struct {
		name                 string
		err                  error
		temporary, throttled bool
		says                 string
	}{
		{"throttled", answered(429, "TooManyRequestsException"), true, true, "TooManyRequestsException"},
		{"throttled, by another name", answered(400, "ThrottlingException"), true, true, "ThrottlingException"},
		{"a conflict", answered(400, "TransactionConflictException"), true, false, "TransactionConflictException"},
		{"broken", answered(503, "ServiceUnavailable"), true, false, "ServiceUnavailable"},
		{"denied", answered(403, "AccessDeniedException"), false, false, "AccessDeniedException"},
		{"too late", context.DeadlineExceeded, true, false, "does not answer"},
		{"unreachable", &url.Error{
			Op: "Delete", URL: "https://ses/ann%40example.com", Err: &net.OpError{Op: "dial", Err: errors.New("refused")},
		}, true, false, "does not answer"},
		{"ours", errors.New("ann@example.com is wrong"), false, false, "does not answer"},
	} {
		if got := cloud.IsTemporary(row.err); got != row.temporary {
			t.Errorf("%s: temporary: %v", row.name, got)
		}
		if got := cloud.IsThrottled(row.err); got != row.throttled {
			t.Errorf("%s: throttled: %v", row.name, got)
		}
		if got := cloud.Describe(row.err); !strings.Contains(got, row.says) || strings.Contains(got, "ann") {
			t.Errorf("%s: described as %q", row.name, got)
		}
	}
}
