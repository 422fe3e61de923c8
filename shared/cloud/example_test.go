package cloud_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"identitypools/shared/cloud"
)

func ExampleEnv_Config() {
	// A function passes os.Getenv.
	variables := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:8000",
	}
	env := cloud.Environment(func(name string) string { return variables[name] })
	config := env.Config("DYNAMODB")
	fmt.Println(config.Region, aws.ToString(config.BaseEndpoint))
	// Output: eu-central-1 http://localhost:8000
}
