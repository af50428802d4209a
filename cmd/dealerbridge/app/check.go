package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// CheckMapping finds what is wrong in a dealer's folder without a database.
// Warnings are among the faults.
func CheckMapping(dir string) mapfile.Faults { return sqlrms.CheckMapping(os.DirFS(dir), dir) }

// mappingChecker is implemented by adapters that can hold their mapping against
// the tables the database has now.
type mappingChecker interface {
	CheckMapping(ctx context.Context) (mapfile.Faults, error)
}

// CheckMappingAt is CheckMapping with the dealer's own database: tables,
// columns and types are checked as well. An error means that the database could
// not be asked.
func CheckMappingAt(ctx context.Context, d config.Dealer, now func() time.Time, log *slog.Logger) (found mapfile.Faults, err error) {
	factory, ok := Adapters[d.Database.Driver]
	if !ok {
		return nil, fmt.Errorf("dealer %s: no adapter for driver %q", d.Code, d.Database.Driver)
	}
	cfg, err := factory(d)
	if err != nil {
		return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	opened, err := cfg.Open(ctx, adapters.Env{
		Dealer: d.Code, Now: now, Log: log, Audit: nobody{},
		DocumentURL: documentURL("https://gateway.invalid", d.Code),
	})
	if errors.As(err, &found) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	checker, ok := opened.(mappingChecker)
	if !ok {
		return nil, fmt.Errorf("dealer %s: a mapping for driver %q cannot be checked", d.Code, d.Database.Driver)
	}
	return checker.CheckMapping(ctx)
}

// nobody listens to notes.
type nobody struct{}

// Note is part of adapters.Auditor.
func (nobody) Note(adapters.Note) {}
