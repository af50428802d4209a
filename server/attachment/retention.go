package attachment

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// DefaultKeep is how long files are kept where nothing else is said.
const DefaultKeep = 400 * 24 * time.Hour

// How often old files are looked for, and how many go in one go.
const (
	clearEvery  = time.Hour
	clearAtOnce = 200
)

// Retention takes files away when they were kept long enough.
type Retention struct {
	Keeper Keeper
	Keep   time.Duration    // 0: DefaultKeep
	Now    func() time.Time // the clock
	Sleep  func(ctx context.Context, d time.Duration) error
	Log    *slog.Logger
}

// Run does so every hour. It blocks until ctx ends, which is no error.
func (r Retention) Run(ctx context.Context) error {
	if r.Keep <= 0 {
		r.Keep = DefaultKeep
	}
	for ctx.Err() == nil {
		if err := r.pass(ctx); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "old files of messages cannot be taken away; trying again in an hour", "err", err)
		}
		if err := r.Sleep(ctx, clearEvery); err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting: %w", err)
		}
	}
	return nil
}

func (r Retention) pass(ctx context.Context) error {
	before := r.Now().Add(-r.Keep)
	for {
		n, err := r.Keeper.Clear(ctx, before, clearAtOnce)
		if err != nil {
			return fmt.Errorf("taking old files away: %w", err)
		}
		if n < clearAtOnce {
			return nil
		}
	}
}
