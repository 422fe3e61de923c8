package gateway

import (
	"fmt"
	"strings"
)

// Document returns the text of docs/gateway.md.
func Document() string {
	var b strings.Builder
	b.WriteString("# What clients observe of API Gateway\n\n" +
		"`go test ./infra/check/system -run Gateway -update` writes this text from the facts in\n" +
		"`infra/deploy/gateway`. The local gateway is tested against each of them over HTTP, and the template\n" +
		"of the deployment against what they need. Answers that API Gateway makes itself have the form\n" +
		"`{\"message\":\"…\"}` with the words of the status, such as `Not Found`. What is not documented was\n" +
		"observed in answers of HTTP APIs of others. `make smoke` checks all that it can in a deployment.\n\n" +
		"| what | source |\n|---|---|\n")
	var others []Fact
	for _, f := range Facts() {
		source := f.Source.Name
		if f.Source.URL != "" {
			source = fmt.Sprintf("[%s](%s)", f.Source.Name, f.Source.URL)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", f.What, source)
		if f.NotLocal != "" {
			others = append(others, f)
		}
	}
	b.WriteString("\nThe local gateway differs in this:\n\n| what | why not locally |\n|---|---|\n")
	for _, f := range others {
		fmt.Fprintf(&b, "| %s | %s |\n", f.What, f.NotLocal)
	}
	return b.String()
}
