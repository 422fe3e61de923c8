package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// A clientJSON is a client in the JSON output. It does not contain the hashes of the client's
// secrets.
type clientJSON struct {
	Tenant    string        `json:"tenant"`
	ID        string        `json:"id"`
	Caller    access.Caller `json:"tree"`
	Name      string        `json:"name,omitempty"`
	Scopes    []string      `json:"scopes"`
	Secrets   int           `json:"secrets"` // how many there are
	CreatedAt identity.Time `json:"created_at"`
	Secret    string        `json:"secret,omitempty"` // only if it is new
}

// A printer writes answers to out, as text or as one JSON object per line, and notes for people to
// notes.
type printer struct {
	out, notes io.Writer
	json       bool
}

func (p printer) printClient(c access.Client, secret string) error {
	if p.json {
		return p.printObject(clientJSON{
			c.Tenant, c.ID, c.Caller, c.Name, c.Scopes, len(c.Secrets), c.CreatedAt, secret,
		})
	}
	var lines strings.Builder
	for _, line := range [][2]string{
		{"tenant", c.Tenant},
		{"id", c.ID},
		{"tree", string(c.Caller)},
		{"name", c.Name},
		{"scopes", strings.Join(c.Scopes, ",")},
		{"secrets", fmt.Sprint(len(c.Secrets))},
		{"created", formatTime(c.CreatedAt.Time)},
		{"secret", secret},
	} {
		if line[1] != "" {
			fmt.Fprintf(&lines, "%-8s %s\n", line[0], line[1])
		}
	}
	_, err := io.WriteString(p.out, lines.String())
	return err
}

// columns is the format of a row of a list. The columns have a fixed width, so that each row can be
// printed as soon as it is read.
const columns = "%-36s  %-6s  %-7s  %-20s  %-35s  %s\n"

func (p printer) printHeading() error {
	if p.json {
		return nil
	}
	_, err := fmt.Fprintf(p.out, columns, "ID", "TREE", "SECRETS", "CREATED", "SCOPES", "NAME")
	return err
}

func (p printer) printRow(c access.Client) error {
	if p.json {
		return p.printClient(c, "")
	}
	_, err := fmt.Fprintf(p.out, columns, c.ID, c.Caller, fmt.Sprint(len(c.Secrets)),
		formatTime(c.CreatedAt.Time), strings.Join(c.Scopes, ","), c.Name)
	return err
}

func (p printer) printRevoked(tenant, id string, until time.Time) error {
	if p.json {
		return p.printObject(map[string]any{
			"tenant": tenant, "id": id, "revoked": true, "tokens_valid_until": formatTime(until),
		})
	}
	_, err := fmt.Fprintf(p.out,
		"Client %s is revoked. Tokens that it got before work for at most an hour, until %s.\n",
		id, formatTime(until))
	return err
}

func (p printer) printNote(format string, values ...any) {
	_, _ = fmt.Fprintf(p.notes, format+"\n", values...)
}

func (p printer) printObject(v any) error {
	if err := json.NewEncoder(p.out).Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
