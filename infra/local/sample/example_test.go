package sample_test

import (
	"fmt"
	"log"

	"identitypools/infra/local/sample"
)

func Example() {
	set, err := sample.Read("../../..") // the project's folder
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Before("public.activate"))

	request := set["public.activate"].Request()
	fmt.Println(request.RequestContext.HTTP.Method, request.RawPath)
	fmt.Println(request.Body)

	values := sample.NewValues()
	values.SetFromAnswer("public.register", `{"ticket":"T1"}`)
	values.Set("CODE", "123456")
	fmt.Println(values.Fill(request.Body))
	// Output:
	// [client.adminToken client.systemToken admin.createPool public.register system.generateCodeForUser]
	// POST /api/identity/default/public/pools/partners/activate
	// {"ticket":"TICKET","code":"CODE"}
	// {"ticket":"T1","code":"123456"}
}
