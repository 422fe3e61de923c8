package stack

import (
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
)

// proxySettings returns the settings of a function that knows the proxy in front of the API. They are
// empty if there is none. They are declared all the same, because `sam local` can only set variables
// that the template declares.
func (d *deployment) proxySettings() map[string]*string {
	settings := map[string]*string{}
	for _, name := range plan.ProxySettings() {
		settings[name] = jsii.String("")
	}
	if d.config.ProxyHeader == "" {
		return settings
	}
	settings["PROXY_HEADER"] = jsii.String(d.config.ProxyHeader)
	settings[plan.ProxySecret] = d.secrets[plan.ProxySecret]
	if d.config.ProxyOnly {
		settings["PROXY_ONLY"] = jsii.String("true")
	}
	return settings
}
