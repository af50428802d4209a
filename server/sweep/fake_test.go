package sweep_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// table is a dealer's list of rows that changes while it is read.
type table struct {
	mu    sync.Mutex
	rows  []string // in order
	bad   map[string]bool
	lists int   // key lists read
	fail  error // what the next Rows calls answer
}

func tableOf(n int) *table {
	t := &table{bad: map[string]bool{}}
	for i := range n {
		t.rows = append(t.rows, fmt.Sprintf("r%03d", i))
	}
	return t
}

func (t *table) insert(at int, row string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = slices.Insert(t.rows, at, row)
}

func (t *table) remove(row string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = slices.DeleteFunc(t.rows, func(r string) bool { return r == row })
}

func (t *table) setFail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail = err
}

func (t *table) made() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lists
}

func (t *table) source() sweep.Source[string] {
	return sweep.Source[string]{
		Keys: func(_ context.Context, q adapters.Query) (adapters.Keys, error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.lists++
			keys := make(adapters.Keys, 0, len(t.rows))
			for _, r := range t.rows {
				k := adapters.Key{Row: r}
				if len(q.Customers) > 0 {
					k.Customer = q.Customers[0]
				}
				keys = append(keys, k)
			}
			return keys, nil
		},
		Rows: func(_ context.Context, _ adapters.Query, keys adapters.Keys) ([]string, []adapters.LeftOut, error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			if t.fail != nil {
				return nil, nil, t.fail
			}
			var rows []string
			var left []adapters.LeftOut
			for _, k := range keys {
				switch {
				case !slices.Contains(t.rows, k.Row):
				case t.bad[k.Row]:
					left = append(left, adapters.LeftOut{Row: k.Row, Field: "contractId", Reason: adapters.Missing})
				default:
					rows = append(rows, k.Row)
				}
			}
			return rows, left, nil
		},
	}
}

func newClock() *handclock.Clock { return handclock.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)) }

// counter counts events.
type counter struct {
	mu     sync.Mutex
	events map[sweep.Event]int
	lists  int
	bytes  int64
}

func (c *counter) Happened(_, _ string, e sweep.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events == nil {
		c.events = map[sweep.Event]int{}
	}
	c.events[e]++
}

func (c *counter) Held(lists int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists, c.bytes = lists, bytes
}

func (c *counter) of(e sweep.Event) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.events[e]
}

// room is everything a test of sweeps needs.
type room struct {
	tb     testing.TB
	sweeps *sweep.Sweeps
	clock  *handclock.Clock
	seen   *counter
	table  *table
	size   int64
	share  float64
}

func newRoom(tb testing.TB, rows int, o sweep.Options) *room {
	tb.Helper()
	r := &room{tb: tb, clock: newClock(), seen: &counter{}, table: tableOf(rows), size: 3, share: 0.05}
	o.Now, o.Observer = r.clock.Now, r.seen
	r.sweeps = sweep.New(o)
	return r
}

func (r *room) ask(client string, page int64) (sweep.Page[string], error) {
	return sweep.Get(context.Background(), r.sweeps, sweep.Request{
		Dealer: "D1", Client: client, Endpoint: "contract",
		Query: adapters.Query{Customers: []string{"C1"}}, Page: page, Size: r.size, LeaveOutAtMost: r.share,
	}, r.table.source())
}

// page returns the rows of a page that must succeed.
func (r *room) page(page int64) sweep.Page[string] {
	r.tb.Helper()
	p, err := r.ask("crs", page)
	if err != nil {
		r.tb.Fatalf("page %d: %v", page, err)
	}
	return p
}

// rest reads pages from one on until the total of the first is covered.
func (r *room) rest(from int64) []string {
	r.tb.Helper()
	var all []string
	for n := from; ; n++ {
		p := r.page(n)
		all = append(all, p.Items...)
		if (n+1)*r.size >= p.Total {
			return all
		}
	}
}
