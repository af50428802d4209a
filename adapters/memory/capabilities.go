package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// The adapter has every capability there is.
var (
	_ adapters.Adapter        = (*Adapter)(nil)
	_ adapters.ContractReader = (*Adapter)(nil)
	_ adapters.JobsiteReader  = (*Adapter)(nil)
	_ adapters.InvoiceReader  = (*Adapter)(nil)
	_ adapters.LocationReader = (*Adapter)(nil)
	_ adapters.CatalogReader  = (*Adapter)(nil)
	_ adapters.CustomerReader = (*Adapter)(nil)
	_ adapters.ChangeReader   = (*Adapter)(nil)
	_ adapters.DocumentReader = (*Adapter)(nil)
)

// ContractKeys lists the contracts of the customers asked for.
func (a *Adapter) ContractKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return keysOf(ctx, a, &a.contracts, q, false)
}

// Contracts reads contracts by key.
func (a *Adapter) Contracts(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	return rowsOf(ctx, a, &a.contracts, q, false, keys, func(id string, c *model.Contract) {
		c.PdfURL = a.address(adapters.ContractDocument, id)
	})
}

// JobsiteKeys lists the jobsites of the customers asked for.
func (a *Adapter) JobsiteKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return keysOf(ctx, a, &a.jobsites, q, false)
}

// Jobsites reads jobsites by key.
func (a *Adapter) Jobsites(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Jobsite, []adapters.LeftOut, error) {
	return rowsOf(ctx, a, &a.jobsites, q, false, keys, nil)
}

// InvoiceKeys lists the invoices of the customers asked for, newest first.
func (a *Adapter) InvoiceKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return keysOf(ctx, a, &a.invoices, q, false)
}

// Invoices reads invoices by key.
func (a *Adapter) Invoices(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Invoice, []adapters.LeftOut, error) {
	return rowsOf(ctx, a, &a.invoices, q, false, keys, func(id string, i *model.Invoice) {
		i.PdfURL = a.address(adapters.InvoiceDocument, id)
	})
}

// LocationKeys lists all locations.
func (a *Adapter) LocationKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return keysOf(ctx, a, &a.locations, q, true)
}

// Locations reads locations by key.
func (a *Adapter) Locations(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Location, []adapters.LeftOut, error) {
	return rowsOf(ctx, a, &a.locations, q, true, keys, nil)
}

func keysOf[T any](ctx context.Context, a *Adapter, l *list[T], q adapters.Query, everybody bool) (adapters.Keys, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return nil, err
	}
	return l.keys(q, everybody), nil
}

func rowsOf[T any](
	ctx context.Context, a *Adapter, l *list[T], q adapters.Query, everybody bool, keys adapters.Keys, finish func(string, *T),
) ([]T, []adapters.LeftOut, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return nil, nil, err
	}
	return l.read(q, everybody, keys, finish)
}

// Catalog returns the customer's catalog, the book's where it has none.
func (a *Adapter) Catalog(ctx context.Context, customer string) ([]model.Category, []adapters.LeftOut, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return nil, nil, err
	}
	categories, found := a.catalog[customer]
	if !found {
		categories = a.catalog[""]
	}
	if categories == nil {
		categories = []model.Category{}
	}
	again, err := clone(categories)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the catalog: %w", err)
	}
	return again, nil, nil
}

// Customer looks a customer up by its exact number.
func (a *Adapter) Customer(ctx context.Context, number string) (model.Customer, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return model.Customer{}, err
	}
	var found []model.Customer
	for _, c := range a.customers {
		if c.CustomerID == number {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return model.Customer{}, fmt.Errorf("looking up a customer: %w", adapters.ErrNotFound)
	case 1:
		return found[0], nil
	default:
		return model.Customer{}, fmt.Errorf("looking up a customer: %w", adapters.ErrAmbiguousCustomer)
	}
}

// Changes returns what changed since then, each customer and kind once.
func (a *Adapter) Changes(ctx context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return nil, nil, err
	}
	if !since.IsZero() {
		since = since.Add(-a.overlap)
	}
	changes := []adapters.Change{}
	for _, c := range a.changes {
		if c.Always || !c.At.Before(since) {
			changes = append(changes, adapters.Change{Customer: c.Customer, Kind: c.Kind})
		}
	}
	slices.SortFunc(changes, func(a, b adapters.Change) int {
		return cmp.Or(strings.Compare(a.Customer, b.Customer), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return slices.Compact(changes), nil, nil
}

// Document opens a document by the id of its row.
func (a *Adapter) Document(ctx context.Context, kind adapters.DocumentKind, id string) (adapters.Document, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return adapters.Document{}, err
	}
	for _, d := range a.documents {
		if d.Kind == kind && d.ID == id {
			return adapters.Document{
				Name: d.Name, Type: d.Type, Modified: d.Modified, Content: content{bytes.NewReader(d.Content)},
			}, nil
		}
	}
	return adapters.Document{}, fmt.Errorf("opening a document: %w", adapters.ErrNotFound)
}

// address is where the gateway serves the document of a row; nil without one.
func (a *Adapter) address(kind adapters.DocumentKind, id string) *string {
	if a.env.DocumentURL == nil {
		return nil
	}
	for _, d := range a.documents {
		if d.Kind == kind && d.ID == id {
			address := a.env.DocumentURL(kind, id)
			return &address
		}
	}
	return nil
}

// content is a document in memory; there is nothing to close.
type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// RemoveContract takes a contract away, as if it had been deleted in the
// dealer's system, and says whether it was there; the others do the same.
func (a *Adapter) RemoveContract(id string) bool { return removeFrom(a, &a.contracts, id) }

// RemoveJobsite takes a jobsite away.
func (a *Adapter) RemoveJobsite(id string) bool { return removeFrom(a, &a.jobsites, id) }

// RemoveInvoice takes an invoice away.
func (a *Adapter) RemoveInvoice(id string) bool { return removeFrom(a, &a.invoices, id) }

// RemoveLocation takes a location away.
func (a *Adapter) RemoveLocation(id string) bool { return removeFrom(a, &a.locations, id) }

func removeFrom[T any](a *Adapter, l *list[T], id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return l.remove(id)
}
