// Package memory is an adapter that holds a dealer's data in the process: the
// reference for what the capabilities mean, and a stand-in where a test or a
// demonstration needs a dealer without a database.
//
// It owns its copy of the data and nothing else; it knows no file, no SQL and
// no mapping.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// Data is everything a dealer's system knows. Rows stand in the order they are
// listed in; only invoices are put in order here (R163).
type Data struct {
	Contracts []Row[model.Contract]
	Jobsites  []Row[model.Jobsite]
	Invoices  []Row[model.Invoice]
	Locations []Row[model.Location]
	// Catalog is the whole catalog by customer; the one under "" has the book
	// rates and serves every customer without an entry.
	Catalog   map[string][]model.Category
	Customers []model.Customer // a number that stands here twice is ambiguous
	Changes   []Change
	Overlap   time.Duration // how far Changes looks back before the time asked for
	Documents []Document
}

// Row is one row of a list.
type Row[T any] struct {
	ID       string // unique in its list; is the row's key
	Customer string // dealer customer number; empty for locations
	Value    T
	// LeftOut says that the row stands in the key list and cannot be sent; its
	// Row is filled in from ID.
	LeftOut *adapters.LeftOut
}

// Change is one event.
type Change struct {
	Customer string
	Kind     adapters.ChangeKind
	At       time.Time
	Always   bool // told whenever anybody asks, as for rows without a stamp
}

// Document is one document. The row with the same id gets its address.
type Document struct {
	Kind     adapters.DocumentKind
	ID       string
	Name     string
	Type     string
	Modified time.Time
	Content  []byte
}

// Config is a memory adapter's settings: the data itself.
type Config struct {
	Data Data
}

// Open copies the data. It fails when a list has two rows of the same id.
func (c *Config) Open(ctx context.Context, env adapters.Env) (adapters.Adapter, error) {
	return Open(ctx, env, c.Data)
}

// Open is Config.Open with the adapter's own type, for tests that take rows
// away or let it fail.
func Open(ctx context.Context, env adapters.Env, data Data) (*Adapter, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("opening the memory adapter: %w", err)
	}
	a := &Adapter{env: env, catalog: make(map[string][]model.Category), overlap: data.Overlap}
	var err error
	if a.contracts, err = newList("contract", data.Contracts); err != nil {
		return nil, err
	}
	if a.jobsites, err = newList("jobsite", data.Jobsites); err != nil {
		return nil, err
	}
	if a.invoices, err = newList("invoice", data.Invoices); err != nil {
		return nil, err
	}
	if a.locations, err = newList("location", data.Locations); err != nil {
		return nil, err
	}
	newestFirst(a.invoices.rows)
	for customer, categories := range data.Catalog {
		if a.catalog[customer], err = clone(categories); err != nil {
			return nil, err
		}
	}
	a.customers = append(a.customers, data.Customers...)
	a.changes = append(a.changes, data.Changes...)
	a.documents = append(a.documents, data.Documents...)
	return a, nil
}

// Adapter serves Data. It is safe for concurrent use.
type Adapter struct {
	env adapters.Env

	mu        sync.RWMutex
	closed    bool
	failure   error
	contracts list[model.Contract]
	jobsites  list[model.Jobsite]
	invoices  list[model.Invoice]
	locations list[model.Location]
	catalog   map[string][]model.Category
	customers []model.Customer
	changes   []Change
	overlap   time.Duration
	documents []Document
}

// Fail makes every call fail with err from now on; nil makes it work again.
func (a *Adapter) Fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failure = err
}

// Check says whether the adapter answers: not after Close, and not while it is
// made to fail.
func (a *Adapter) Check(ctx context.Context) error {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.ready(ctx)
}

// Close ends the adapter; every later call is ErrUnavailable. It may be called
// again.
func (a *Adapter) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	return nil
}

// ready must be called with the lock held.
func (a *Adapter) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("asking the memory adapter: %w", err)
	}
	if a.closed {
		return fmt.Errorf("asking the memory adapter: %w: it is closed", adapters.ErrUnavailable)
	}
	if a.failure != nil {
		return fmt.Errorf("asking the memory adapter: %w", a.failure)
	}
	return nil
}
