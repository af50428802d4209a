package load_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
)

func TestRun(t *testing.T) {
	t.Run("EndsWhenAllCallersAreDoneAndCountsEverything", func(t *testing.T) {
		callers := make([]load.Caller, 3)
		for i := range callers {
			left := 4
			callers[i] = func(context.Context) (int64, error) {
				if left == 0 {
					return 0, load.ErrDone
				}
				left--
				return 10, nil
			}
		}
		r, err := load.Run(t.Context(), callers, 0)
		if err != nil || r.Requests != 12 || r.Bytes != 120 {
			t.Errorf("got %d requests, %d bytes, error %v; want 12, 120, none", r.Requests, r.Bytes, err)
		}
	})
	t.Run("AnErrorOfOneEndsAll", func(t *testing.T) {
		wrong := errors.New("wrong")
		endless := func(ctx context.Context) (int64, error) { return 1, nil }
		_, err := load.Run(t.Context(), []load.Caller{endless, func(context.Context) (int64, error) { return 0, wrong }}, time.Minute)
		if !errors.Is(err, wrong) {
			t.Errorf("got %v, want %v", err, wrong)
		}
	})
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 4}, 4}} {
		if got := load.Median(c.figures); got != c.want {
			t.Errorf("Median(%v): got %v, want %v", c.figures, got, c.want)
		}
	}
}
