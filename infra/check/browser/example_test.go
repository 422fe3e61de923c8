package browser_test

import (
	"testing"

	"identitypools/infra/check/browser"
)

func Example() {
	var t *testing.T // the parameter of a test

	tab := browser.NewTab(t, browser.View{Width: 390, Dark: true})
	if status := tab.Go(t, "http://127.0.0.1:8080/default/pools/partners/register"); status != 200 {
		t.Errorf("the page is answered with %d", status)
	}
	tab.Fill(t, "#identifier", "ann@example.com")
	tab.Submit(t, "main button.go")
	tab.CheckAccessibility(t)
}
