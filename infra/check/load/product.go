package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/retry"
)

const tenant = "load"

// product is the product as make run starts it, on free ports and with all its data in one folder.
type product struct {
	*system.System
	engine, queue, inbox *part.Part
	config               system.Config
	log                  io.Closer
	tokens               map[string]string // by tree
}

// start starts the product in a folder, which also gets its log. Options change its configuration.
func start(ctx context.Context, folder string, options ...func(*system.Config)) (_ *product, err error) {
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	p := &product{log: log, tokens: map[string]string{}}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	if p.engine, err = part.Engine(ctx, log, filepath.Join(folder, "dynamodb.sqlite")); err != nil {
		return nil, err
	}
	if p.queue, err = part.Queue(ctx, log); err != nil {
		return nil, err
	}
	if p.inbox, err = part.Inbox(ctx, log); err != nil {
		return nil, err
	}
	p.config = system.Config{
		DynamoDBURL: p.engine.URL(), SQSURL: p.queue.URL(), SESURL: p.inbox.URL(),
		Table: "load-" + strings.ToLower(rand.Text()), Address: "127.0.0.1:0",
		Environment: map[string]string{"CODE_SECRET": secret(), "TOKEN_SECRET": secret()},
		Checkpoint:  filepath.Join(folder, "stream.json"),
		Now:         time.Now, Retry: retry.Random(), Log: slog.New(slog.NewTextHandler(log, nil)),
	}
	if err := p.restart(ctx, options...); err != nil {
		return nil, err
	}
	for tree, scope := range map[string]string{"admin": api.ScopeAdmin, "system": api.ScopeSystem} {
		if err := p.createClient(ctx, tree, scope); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// restart stops the functions, if they run, and starts them with another configuration on the same
// table and queue.
func (p *product) restart(ctx context.Context, options ...func(*system.Config)) (err error) {
	if p.System != nil {
		p.System.Stop()
	}
	c := p.config
	for _, option := range options {
		option(&c)
	}
	p.System, err = system.Start(ctx, c)
	return err
}

func secret() string {
	bytes := make([]byte, 32)
	_, _ = rand.Read(bytes) // never fails
	return "base64:" + base64.StdEncoding.EncodeToString(bytes)
}

// stop stops what was started.
func (p *product) stop() {
	if p.System != nil {
		p.System.Stop()
	}
	for _, running := range []*part.Part{p.inbox, p.queue, p.engine} {
		if running != nil {
			running.Stop()
		}
	}
	_ = p.log.Close()
}

// createClient creates an API client of a tree and stores its token.
func (p *product) createClient(ctx context.Context, tree, scope string) error {
	client, password := access.Client{
		Tenant: tenant, ID: "load-" + tree, Caller: access.Caller(tree),
		Scopes: []string{scope},
	}, rand.Text()
	if err := p.EnsureClient(ctx, client, password); err != nil {
		return err
	}
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost,
		p.BaseURL+"/"+tenant+"/"+tree+"/oauth2/token", strings.NewReader(form))
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client.ID, password)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var told struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil || told.Token == "" {
		return errors.Join(fmt.Errorf("get a token: it is answered %s", response.Status), err)
	}
	p.tokens[tree] = told.Token
	return nil
}

// makePools creates n pools that allow registration and returns their ids.
func (p *product) makePools(ctx context.Context, n int) (ids []string, err error) {
	admin := newTokenCaller(p.BaseURL, p.tokens["admin"])
	for i := range n {
		pool := map[string]any{
			"name": fmt.Sprintf("Load %d", i+1), "public_registration_allowed": true,
			"authentication_mechanisms": []string{"password", "otp"},
			// On other systems than Linux, all callers have one source address.
			"limits": map[string]any{
				"source_submissions_per_hour": 1_000_000, "source_mailboxes_per_hour": 1_000_000,
			},
		}
		var made struct{ ID string }
		if err := admin.must(ctx, http.StatusCreated,
			request{
				method: http.MethodPost, path: "/api/identity/" + tenant + "/admin/pools",
				body: pool,
			}, &made); err != nil {
			return ids, err
		}
		ids = append(ids, made.ID)
	}
	return ids, nil
}

// path returns the path of a pool in a tree.
func path(tree, pool string) string { return "/api/identity/" + tenant + "/" + tree + "/pools/" + pool }

// killEngine kills the process of the engine and reports whether it did. It cannot kill an engine
// that the environment names.
func (p *product) killEngine() bool {
	pid := p.engine.PID()
	if pid == 0 {
		return false
	}
	process, err := os.FindProcess(pid)
	return err == nil && process.Kill() == nil
}
