// Package dealers owns which dealers this process serves: what each one's
// system can be asked for, found out once, and whether anything may be served
// from it at all.
//
// It knows no HTTP, no mapping file and no adapter implementation.
package dealers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// LeaveOutAtMost is the share of a sweep's rows that may be left out (0.05 is
// five in a hundred) where the dealer's mapping says nothing else.
const LeaveOutAtMost = 0.05

// LeaveOutLimiter is implemented by adapters whose mapping sets that share
// itself. The endpoint is named as in the address: "contract".
type LeaveOutLimiter interface {
	LeaveOutAtMost(endpoint string) float64
}

// Dealer is one dealer of the registry. Its fields are set once and only read
// afterwards; a capability the dealer's system lacks is nil.
type Dealer struct {
	Code  string
	Fault error // not nil: nothing is served, wraps adapters.ErrMapping or adapters.ErrUnavailable

	Contracts adapters.ContractReader
	Jobsites  adapters.JobsiteReader
	Invoices  adapters.InvoiceReader
	Locations adapters.LocationReader
	Catalog   adapters.CatalogReader
	Customers adapters.CustomerReader
	Changes   adapters.ChangeReader
	Documents adapters.DocumentReader
	Grader    adapters.ChangeGrader
	Numbers   adapters.CustomerLister
	Marks     adapters.DocumentMarker
	Serials   adapters.SerialFinder
	Short     adapters.ShortLists

	// Version changes with the mapping in force.
	Version string

	// Of a CRM, which has a registry of its own.
	Leads      adapters.LeadWriter
	LeadStates adapters.LeadStateReader
	Receiver   adapters.MessageReceiver
	Moves      adapters.MessageSource

	adapter adapters.Adapter
	limits  LeaveOutLimiter

	mu      sync.Mutex
	calls   int
	retired bool
	idle    chan struct{} // closed when retired and without calls
}

// New asks an open adapter for its capabilities.
func New(code string, a adapters.Adapter) *Dealer {
	d := &Dealer{Code: code, adapter: a, idle: make(chan struct{})}
	d.Contracts, _ = a.(adapters.ContractReader)
	d.Jobsites, _ = a.(adapters.JobsiteReader)
	d.Invoices, _ = a.(adapters.InvoiceReader)
	d.Locations, _ = a.(adapters.LocationReader)
	d.Catalog, _ = a.(adapters.CatalogReader)
	d.Customers, _ = a.(adapters.CustomerReader)
	d.Changes, _ = a.(adapters.ChangeReader)
	d.Documents, _ = a.(adapters.DocumentReader)
	d.Grader, _ = a.(adapters.ChangeGrader)
	d.Numbers, _ = a.(adapters.CustomerLister)
	d.Marks, _ = a.(adapters.DocumentMarker)
	d.Serials, _ = a.(adapters.SerialFinder)
	d.Short, _ = a.(adapters.ShortLists)
	d.Leads, _ = a.(adapters.LeadWriter)
	d.LeadStates, _ = a.(adapters.LeadStateReader)
	d.Receiver, _ = a.(adapters.MessageReceiver)
	d.Moves, _ = a.(adapters.MessageSource)
	d.limits, _ = a.(LeaveOutLimiter)
	return d
}

// Faulty is a dealer of whom nothing can be served: its mapping has faults
// (cause wraps adapters.ErrMapping), or its system could not be opened. Any
// other cause counts as adapters.ErrUnavailable.
func Faulty(code string, cause error) *Dealer {
	return &Dealer{Code: code, Fault: classify(cause), idle: make(chan struct{})}
}

// Check says whether the dealer can be served now: nil, or an error that wraps
// adapters.ErrMapping or adapters.ErrUnavailable.
func (d *Dealer) Check(ctx context.Context) error {
	if d.Fault != nil {
		return d.Fault
	}
	if err := d.adapter.Check(ctx); err != nil {
		return fmt.Errorf("checking dealer %s: %w", d.Code, classify(err))
	}
	return nil
}

// LeaveOutAtMost returns the share of a sweep's rows that may be left out on an
// endpoint.
func (d *Dealer) LeaveOutAtMost(endpoint string) float64 {
	if d.limits == nil {
		return LeaveOutAtMost
	}
	return d.limits.LeaveOutAtMost(endpoint)
}

// Enter counts a call in, so that Retire waits for it; leave counts it out. ok
// is false once the dealer is retired: ask the registry again then.
func (d *Dealer) Enter() (leave func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.retired {
		return nil, false
	}
	d.calls++
	left := false
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if left {
			return
		}
		left = true
		d.calls--
		d.settle()
	}, true
}

// Retire lets no further call in and waits for those inside, or for ctx. When it
// returns nil the adapter can be closed.
func (d *Dealer) Retire(ctx context.Context) error {
	d.mu.Lock()
	if !d.retired {
		d.retired = true
		d.settle()
	}
	d.mu.Unlock()
	select {
	case <-d.idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for calls to dealer %s: %w", d.Code, ctx.Err())
	}
}

// settle closes idle when the last call of a retired dealer is over; the caller
// holds the lock.
func (d *Dealer) settle() {
	if d.retired && d.calls == 0 {
		close(d.idle)
	}
}

// Registry holds the dealers by code. It is safe for concurrent use.
type Registry struct {
	mu      sync.RWMutex
	dealers map[string]*Dealer
	all     []*Dealer // by code; made anew with every change, never written to
}

// NewRegistry makes a registry of some dealers.
func NewRegistry(ds ...*Dealer) *Registry {
	r := &Registry{dealers: make(map[string]*Dealer, len(ds))}
	for _, d := range ds {
		r.dealers[d.Code] = d
	}
	r.sort()
	return r
}

// Put adds a dealer or replaces the one of the same code, which it returns for
// the caller to retire; nil when the code is new.
func (r *Registry) Put(d *Dealer) (before *Dealer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before = r.dealers[d.Code]
	r.dealers[d.Code] = d
	r.sort()
	return before
}

// sort makes the list of all dealers; the caller holds the lock, or has the
// registry for itself.
func (r *Registry) sort() {
	r.all = slices.SortedFunc(maps.Values(r.dealers), func(a, b *Dealer) int { return cmp.Compare(a.Code, b.Code) })
}

// Dealer returns the dealer of a code.
func (r *Registry) Dealer(code string) (*Dealer, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	d, ok := r.dealers[code]
	return d, ok
}

// All returns every dealer, ordered by code. The list is shared: it is only to
// be read.
func (r *Registry) All() []*Dealer {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.all
}
