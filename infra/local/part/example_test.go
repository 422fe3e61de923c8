package part_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"identitypools/infra/local/part"
)

func ExampleEngine() {
	engine, err := part.Engine(context.Background(), io.Discard, "") // a database in memory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Stop()

	response, err := http.Get(engine.URL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	fmt.Println("the engine answers")
	// Output: the engine answers
}
