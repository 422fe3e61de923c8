package language_test

import (
	"fmt"
	"net/http"

	"identitypools/shared/language"
)

func ExampleRequested() {
	for _, target := range []string{"/register", "/register?lang=pl"} {
		r, err := http.NewRequest(http.MethodGet, target, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		r.Header.Set("Accept-Language", "it, de-CH;q=0.9, en;q=0.5")
		fmt.Println(language.Requested(r))
	}
	// Output:
	// de
	// pl
}

func ExampleWords_Say() {
	// Words usually come from Read.
	words := language.Words{"welcome": "Willkommen bei {pool}."}
	fmt.Println(words.Say("welcome", "pool", "Blue Harbour"))
	// Output: Willkommen bei Blue Harbour.
}
