package systemtest_test

import (
	"fmt"
	"net/http"

	"identitypools/infra/check/systemtest"
)

// A test passes its *testing.T where this example passes t.
func Example() {
	t := new(systemtest.ExampleTB)
	defer t.Finish()

	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, systemtest.Fields{"name": "Partners"})
	got := tenant.Admin.Must(t, http.StatusOK, "GET", "/pools/"+pool, nil)
	fmt.Println(got.Text(t, "name"))
	// Output: Partners
}

func ExampleMailProxy() {
	t := new(systemtest.ExampleTB)
	defer t.Finish()

	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option)
	tenant := product.NewTenant(t)
	pool, address := tenant.NewPool(t, nil), systemtest.Address("ann")

	ses.SetFault(systemtest.HangUp)
	form := systemtest.Fields{"identifier": address, "password": systemtest.Password}
	tenant.Public.Must(t, http.StatusCreated, "POST", "/pools/"+pool+"/register", form)
	<-ses.Faulted // the mail met the fault

	ses.ClearFault()
	mails := product.Inbox.Await(t, address, 1)
	fmt.Println(len(systemtest.CodeIn(t, mails[0])), "digits")
	// Output: 6 digits
}

func ExampleMannWhitney() {
	before := []float64{19, 22, 16, 29, 24}
	after := []float64{20, 11, 17, 12}
	fmt.Printf("p = %.2f\n", systemtest.MannWhitney(before, after))
	// Output: p = 0.11
}

func ExampleWrongCode() {
	fmt.Println(systemtest.WrongCode("123456"))
	// Output: 223456
}
