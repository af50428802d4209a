// Package load owns the closed loop: so many clients, each asking again as soon
// as it has its answer, and what came of it.
//
// It must not know what is asked, nor of whom.
package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Caller asks one thing after the other; it belongs to one client. It returns
// the bytes of the answer's body.
type Caller func(ctx context.Context) (int64, error)

// ErrDone is for a Caller that has nothing more to ask.
var ErrDone = errors.New("nothing more to ask")

// Result is what came of a run.
type Result struct {
	Requests int
	Bytes    int64
	Elapsed  time.Duration
	took     []time.Duration // in order
}

// PerSecond is the throughput.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Quantile is the time within which the share q of all requests had answers.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	return r.took[min(int(q*float64(len(r.took))), len(r.took)-1)]
}

// Run lets every caller ask until the time is over or all of them are done; a
// duration of 0 has no end of its own. An error of one ends all.
func Run(ctx context.Context, callers []Caller, d time.Duration) (Result, error) {
	if d > 0 {
		// What is under way when the time is over still counts, so that slow
		// answers are not lost: the bound is looked at between requests.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d+30*time.Second)
		defer cancel()
	}
	began := time.Now()
	ended := make([]Result, len(callers))
	errs := make([]error, len(callers))
	var all sync.WaitGroup
	var failed sync.Once
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for i, call := range callers {
		all.Go(func() {
			r := &ended[i]
			for ctx.Err() == nil && (d == 0 || time.Since(began) < d) {
				at := time.Now()
				n, err := call(ctx)
				if errors.Is(err, ErrDone) {
					return
				}
				if err != nil {
					failed.Do(func() { errs[i] = err })
					stop()
					return
				}
				r.took = append(r.took, time.Since(at))
				r.Requests++
				r.Bytes += n
			}
		})
	}
	all.Wait()
	total := Result{Elapsed: time.Since(began)}
	for _, r := range ended {
		total.Requests += r.Requests
		total.Bytes += r.Bytes
		total.took = append(total.took, r.took...)
	}
	slices.Sort(total.took)
	return total, errors.Join(errs...)
}

// Median is the middle of some figures; 0 of none.
func Median(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(figures))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
