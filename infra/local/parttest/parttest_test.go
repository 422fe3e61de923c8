package parttest_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"identitypools/infra/local/parttest"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

func TestEngineIsOneForAllTests(t *testing.T) {
	t.Parallel()
	first, second := parttest.Engine(t), parttest.Engine(t)
	if first != second {
		t.Errorf("two engines: %s and %s", first, second)
	}
	response, err := http.Get(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
}
