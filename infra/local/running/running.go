// Package running defines the file .local/run.json, in which make run describes the product that it
// has started. The file exists as long as that product runs. infra/local/run writes it, and the
// commands of infra that work against the running product read it.
package running

import (
	"encoding/json"
	"fmt"
	"os"
)

// Product describes a running product.
type Product struct {
	PID         int               `json:"pid"` // of the process of make run
	BaseURL     string            `json:"base_url"`
	InboxURL    string            `json:"inbox_url"`
	DynamoDBURL string            `json:"dynamodb_url"`
	SQSURL      string            `json:"sqs_url"`
	Tenant      string            `json:"tenant"`
	Clients     map[string]Client `json:"clients"`     // by tree: "admin" or "system"
	Environment map[string]string `json:"environment"` // variables of every function
	Application Application       `json:"application"`
	User        User              `json:"user"`
}

// Client is an API client with its secret.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// Application is an application of a workspace, to which people sign in.
type Application struct {
	Issuer      string `json:"issuer"` // of the workspace
	ID          string `json:"client_id"`
	Secret      string `json:"client_secret"`
	RedirectURI string `json:"redirect_uri"`
}

// User is a user who can sign in to the application.
type User struct {
	Identifier string `json:"identifier"`
	Password   string `json:"password"`
}

// Write writes the description to a file. The file is replaced as a whole, so a reader never sees a
// part of it. Only its owner may read it, because it contains secrets.
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

// Read returns the description in a file. Its errors are one that wraps fs.ErrNotExist and says
// that make run is not running, and one for a file that is not JSON.
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
