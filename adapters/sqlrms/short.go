package sqlrms

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// ShortContracts implements adapters.ShortLists.
func (r *RMS) ShortContracts(ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[model.Contract], error) {
	return short[model.Contract](ctx, r, contracts, q, most)
}

// ShortJobsites implements adapters.ShortLists.
func (r *RMS) ShortJobsites(ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[model.Jobsite], error) {
	return short[model.Jobsite](ctx, r, jobsites, q, most)
}

// ShortInvoices implements adapters.ShortLists.
func (r *RMS) ShortInvoices(ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[model.Invoice], error) {
	return short[model.Invoice](ctx, r, invoices, q, most)
}

// ShortLocations implements adapters.ShortLists.
func (r *RMS) ShortLocations(ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[model.Location], error) {
	return short[model.Location](ctx, r, locations, q, most)
}

func short[T any](ctx context.Context, r *RMS, endpoint string, q adapters.Query, most int) (*adapters.ShortList[T], error) {
	id := endpoint + "\x00" + strings.Join(q.Customers, "\x00")
	if r.long.has(id, r.env.Now()) {
		return nil, nil //nolint:nilnil // the two steps have to be taken
	}
	s, err := r.beginPage(ctx, q.Customers)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", endpoint, err)
	}
	list, err := whole[T](ctx, s, endpoint, most)
	if err := s.end("reading "+endpoint, err); err != nil {
		return nil, err
	}
	if list == nil {
		r.long.add(id, r.env.Now())
	}
	return list, nil
}

// whole reads a list of at most so many rows; nil where it takes two steps.
func whole[T any](ctx context.Context, s *session, endpoint string, most int) (*adapters.ShortList[T], error) {
	a, loan := s.lending(ctx)
	items, keys, left, ok, err := plan.WholeOf[T](ctx, s.Program, endpoint, a, most)
	if err == nil && !ok && loan != nil {
		a.Memory.Release() // nobody was told anything
	}
	if err != nil || !ok {
		return nil, err
	}
	loan.Lend(a.Memory)
	list := &adapters.ShortList[T]{Items: items, LeftOut: leftOut(left)}
	list.Keys = make(adapters.Keys, len(keys))
	for i, k := range keys {
		list.Keys[i] = adapters.Key{Row: k.Row, Customer: k.Customer}
	}
	return list, nil
}

// longMost bounds what is remembered of long lists, and longLife how long.
const (
	longMost = 4096
	longLife = time.Hour
)

// long remembers which lists were too long to be read in one step, so that it is
// not tried in vain each time.
type long struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (l *long) has(id string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	until, ok := l.until[id]
	return ok && now.Before(until)
}

func (l *long) add(id string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil || len(l.until) >= longMost {
		l.until = map[string]time.Time{}
	}
	l.until[id] = now.Add(longLife)
}
