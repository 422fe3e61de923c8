package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/api"
)

// secretLength is the number of letters and digits of a secret. They have 381 bits, which is more
// than the 256 bits of any key that is derived from them.
const secretLength = 64

// secret is a secret that the stack creates.
type secret struct{ setting, name, what string }

// makeSecrets creates the two secrets, whose values nobody ever sees, and a third one if there is a
// proxy in front of the API, to which an operator gives it. It returns their ARNs by the names of the
// settings.
func (d *deployment) makeSecrets() map[string]*string {
	secrets := []secret{
		{
			"CODE_SECRET", "CodeSecret",
			"Identity Pools: keys of one-time codes and tickets are derived from it",
		},
		{
			"TOKEN_SECRET", "TokenSecret",
			"Identity Pools: the key that signs the tokens of API clients is derived from it",
		},
	}
	if d.config.ProxyHeader != "" {
		secrets = append(secrets, secret{
			plan.ProxySecret, "ProxySecret",
			"Identity Pools: the proxy in front of the API shows it in the header " + api.ProxySecretHeader,
		})
	}
	arns := map[string]*string{}
	for _, s := range secrets {
		arns[s.setting] = awssecretsmanager.NewCfnSecret(d.stack, jsii.String(s.name),
			&awssecretsmanager.CfnSecretProps{
				Description: jsii.String(s.what),
				GenerateSecretString: &awssecretsmanager.CfnSecret_GenerateSecretStringProperty{
					PasswordLength: jsii.Number(secretLength), ExcludePunctuation: true,
				},
			}).Ref()
		d.output(s.name+"Arn", arns[s.setting], s.what)
	}
	return arns
}
