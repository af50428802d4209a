package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// The demo's client; everybody knows its secret.
const (
	DemoClient = "demo"
	DemoSecret = "demo"
)

// PrepareDemo lays the demo dealer out: its database and documents below data,
// which are made afresh, and its mapping folder, which is filled when it is
// absent, so that what somebody tried in it stays.
func PrepareDemo(ctx context.Context, data, mapping string, now time.Time) (config.Dealer, error) {
	d := config.Dealer{
		Code: demo.Code, Mapping: mapping, Documents: filepath.Join(data, "documents"),
		Database: config.Database{
			Driver: config.SQLite, Path: filepath.Join(data, "rental.db"),
			MaxConnections: config.DefaultConnections, StatementTimeout: config.DefaultStatement,
		},
	}
	if err := fillDemo(ctx, d, now); err != nil {
		return config.Dealer{}, fmt.Errorf("preparing the demo: %w", err)
	}
	if _, err := os.Stat(mapping); errors.Is(err, fs.ErrNotExist) {
		if err := os.CopyFS(mapping, demo.Mapping()); err != nil {
			return config.Dealer{}, fmt.Errorf("laying out the demo's mapping: %w", err)
		}
	}
	return d, nil
}

func fillDemo(ctx context.Context, d config.Dealer, now time.Time) (err error) {
	// A file that is thrown away needs no journal: this is what makes it quick.
	q := url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "locking_mode(EXCLUSIVE)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: d.Database.Path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := demo.Load(ctx, db, demo.SQLite, demo.Options{Today: now}); err != nil {
		return err
	}
	return demo.WriteDocuments(ctx, db, d.Documents)
}

// AddDemoClient makes the demo's client unless the state has it already.
func AddDemoClient(ctx context.Context, state config.State, now func() time.Time) (err error) {
	store, err := OpenState(ctx, state, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	clients := token.Registry{Store: store, Now: now}
	_, err = clients.Add(ctx, DemoClient, "the demo's own client", []string{demo.Code}, nil, DemoSecret)
	if errors.Is(err, token.ErrClientExists) {
		return nil
	}
	return err
}
