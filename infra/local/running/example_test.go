package running_test

import (
	"fmt"
	"os"
	"path/filepath"

	"identitypools/infra/local/running"
)

func Example() {
	folder, err := os.MkdirTemp("", "running")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "run.json")

	product := running.Product{BaseURL: "http://127.0.0.1:8080", Tenant: "default"}
	if err := product.Write(file); err != nil {
		fmt.Println(err)
	}
	read, err := running.Read(file)
	fmt.Println(read.BaseURL, read.Tenant, err)
	// Output: http://127.0.0.1:8080 default <nil>
}
