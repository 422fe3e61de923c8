// App is the CDK app, which the cdk command runs to synthesize the template. It reads the context
// and reports what is wrong with it.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/stack"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	config, err := stack.Read(app.Node().GetAllContext(nil).(map[string]any))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stack.New(app, config, "dist")
	app.Synth(nil)
}
