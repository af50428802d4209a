package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// FindSerial asks a dealer's rental system where a machine stands now. An error
// that wraps adapters.ErrMapping says that its mapping cannot tell.
func FindSerial(ctx context.Context, d config.Dealer, serial string, now func() time.Time) (_ []adapters.MachineStand, err error) {
	factory, ok := Adapters[d.Database.Driver]
	if !ok {
		return nil, fmt.Errorf("dealer %s: no adapter for driver %q", d.Code, d.Database.Driver)
	}
	cfg, err := factory(d)
	if err != nil {
		return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	opened, err := cfg.Open(ctx, adapters.Env{Dealer: d.Code, Now: now, Log: slog.New(slog.DiscardHandler), Audit: &noteList{}})
	if err != nil {
		return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	finder, ok := opened.(adapters.SerialFinder)
	if !ok {
		return nil, fmt.Errorf("dealer %s: its rental system cannot be asked for serial numbers: %w", d.Code, adapters.ErrMapping)
	}
	if err := opened.Check(ctx); err != nil {
		return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	stands, err := finder.FindSerial(ctx, serial)
	if err != nil {
		return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	return stands, nil
}
