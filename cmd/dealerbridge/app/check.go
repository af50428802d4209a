package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// CheckMapping finds what is wrong in a dealer's folder without a database.
// Warnings are among the faults.
func CheckMapping(dir string) mapfile.Faults {
	var found mapfile.Faults
	crm := hasFile(dir, crmFile)
	if hasFile(dir, rentalFile) || !crm {
		found = append(found, sqlrms.CheckMapping(os.DirFS(dir), dir)...)
	}
	if crm {
		found = append(found, sqlcrm.CheckMapping(os.DirFS(dir), dir)...)
	}
	return found
}

// crmFile stands beside rentalFile where the dealer has a CRM.
const crmFile = "crm.yaml"

func hasFile(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// mappingChecker is implemented by adapters that can hold their mapping against
// the tables the database has now.
type mappingChecker interface {
	CheckMapping(ctx context.Context) (mapfile.Faults, error)
}

// CheckMappingAt is CheckMapping with the dealer's own databases: tables,
// columns and types are checked as well. An error means that a database could
// not be asked.
func CheckMappingAt(ctx context.Context, d config.Dealer, now func() time.Time, log *slog.Logger) (mapfile.Faults, error) {
	var found mapfile.Faults
	crm := hasFile(d.Mapping, crmFile)
	if hasFile(d.Mapping, rentalFile) || !crm {
		rental, err := checkRental(ctx, d, now, log)
		if err != nil {
			return nil, err
		}
		found = append(found, rental...)
	}
	switch {
	case crm && d.CRM == nil: // without a database, then
		found = append(found, sqlcrm.CheckMapping(os.DirFS(d.Mapping), d.Mapping)...)
	case crm:
		open, err := crmOpener(d, adapters.Env{Dealer: d.Code, Now: now, Log: log, Audit: nobody{}})
		if err != nil {
			return nil, err
		}
		more, err := checkOpened(ctx, d, open)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func checkRental(ctx context.Context, d config.Dealer, now func() time.Time, log *slog.Logger) (mapfile.Faults, error) {
	factory, ok := Adapters[d.Database.Driver]
	if !ok {
		return nil, fmt.Errorf("dealer %s: no adapter for driver %q", d.Code, d.Database.Driver)
	}
	cfg, err := factory(d)
	if err != nil {
		return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	return checkOpened(ctx, d, func(ctx context.Context) (adapters.Adapter, error) {
		return cfg.Open(ctx, adapters.Env{
			Dealer: d.Code, Now: now, Log: log, Audit: nobody{}, DocumentURL: documentURL("https://gateway.invalid", d.Code),
		})
	})
}

// checkOpened opens a dealer's system and has it look at its mapping.
func checkOpened(ctx context.Context, d config.Dealer, open func(context.Context) (adapters.Adapter, error)) (found mapfile.Faults, err error) {
	opened, err := open(ctx)
	if errors.As(err, &found) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	checker, ok := opened.(mappingChecker)
	if !ok {
		return nil, fmt.Errorf("dealer %s: its mapping cannot be checked", d.Code)
	}
	return checker.CheckMapping(ctx)
}

// nobody listens to notes.
type nobody struct{}

// Note is part of adapters.Auditor.
func (nobody) Note(adapters.Note) {}
