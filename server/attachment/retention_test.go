package attachment_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/attachment"
)

// clearing answers Clear from a list, one after the other.
type clearing struct {
	*memory
	answers []int
	fails   error
	asked   []time.Time
}

func (c *clearing) Clear(_ context.Context, before time.Time, _ int) (int, error) {
	c.asked = append(c.asked, before)
	if c.fails != nil {
		return 0, c.fails
	}
	n := c.answers[0]
	c.answers = c.answers[1:]
	return n, nil
}

func TestRetention(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	run := func(c *clearing) (slept []time.Duration, log string) {
		ctx, stop := context.WithCancel(t.Context())
		var text strings.Builder
		r := attachment.Retention{
			Keeper: c, Keep: 48 * time.Hour, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&text, nil)),
			Sleep: func(ctx context.Context, d time.Duration) error {
				if slept = append(slept, d); len(slept) == 2 {
					stop()
				}
				return ctx.Err()
			},
		}
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		return slept, text.String()
	}
	t.Run("ItGoesOnUntilNothingOldIsLeft", func(t *testing.T) {
		c := &clearing{memory: newMemory(), answers: []int{200, 200, 7, 0}}
		slept, _ := run(c)
		old := now.Add(-48 * time.Hour)
		if diff := cmp.Diff([]time.Time{old, old, old, old}, c.asked); diff != "" || len(slept) != 2 || slept[0] != time.Hour {
			t.Errorf("%v %s", slept, diff)
		}
	})
	t.Run("AFailureIsToldAndTriedAgain", func(t *testing.T) {
		c := &clearing{memory: newMemory(), fails: errors.New("away")}
		if _, log := run(c); len(c.asked) != 2 || !strings.Contains(log, "away") {
			t.Errorf("%d %s", len(c.asked), log)
		}
	})
}
