// Package running is what `make run` tells programs of the product that it has started: .local/run.json, which is there as long as
// that runs. infra/local writes it; the commands of infra that work against the running product read it.
package running

import (
	"encoding/json"
	"fmt"
	"os"
)

// Product is a running product.
type Product struct {
	BaseURL     string            `json:"base_url"`
	InboxURL    string            `json:"inbox_url"`
	DynamoDBURL string            `json:"dynamodb_url"`
	Tenant      string            `json:"tenant"`
	Clients     map[string]Client `json:"clients"`     // by tree
	Environment map[string]string `json:"environment"` // of every function
}

// Client is an API client with its secret.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// Write tells of a product in a file, whole or not at all. Only its owner may read it: it has secrets.
func (p Product) Write(file string) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		err = os.WriteFile(file+".new", append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return fmt.Errorf("tell programs what runs: %w", err)
	}
	return nil
}

// Read is the product that a file tells of. Errors: fs.ErrNotExist where none runs, in a sentence that says so; a file that is no JSON.
func Read(file string) (Product, error) {
	var p Product
	text, err := os.ReadFile(file)
	if err != nil {
		return p, fmt.Errorf("make run is not running: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read what make run says: %s: %w", file, err)
	}
	return p, nil
}
