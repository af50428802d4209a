package sqlrms

import (
	"context"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// ContractKeys implements adapters.ContractReader.
func (r *RMS) ContractKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, contracts, q)
}

// Contracts implements adapters.ContractReader.
func (r *RMS) Contracts(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	return rows[model.Contract](ctx, r, contracts, q, keys)
}

// JobsiteKeys implements adapters.JobsiteReader.
func (r *RMS) JobsiteKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, jobsites, q)
}

// Jobsites implements adapters.JobsiteReader.
func (r *RMS) Jobsites(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Jobsite, []adapters.LeftOut, error) {
	return rows[model.Jobsite](ctx, r, jobsites, q, keys)
}

// InvoiceKeys implements adapters.InvoiceReader.
func (r *RMS) InvoiceKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, invoices, q)
}

// Invoices implements adapters.InvoiceReader.
func (r *RMS) Invoices(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Invoice, []adapters.LeftOut, error) {
	return rows[model.Invoice](ctx, r, invoices, q, keys)
}

// LocationKeys implements adapters.LocationReader.
func (r *RMS) LocationKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, locations, q)
}

// Locations implements adapters.LocationReader.
func (r *RMS) Locations(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Location, []adapters.LeftOut, error) {
	return rows[model.Location](ctx, r, locations, q, keys)
}

// Catalog implements adapters.CatalogReader.
func (r *RMS) Catalog(ctx context.Context, customer string) ([]model.Category, []adapters.LeftOut, error) {
	var q adapters.Query
	if customer != "" {
		q.Customers = []string{customer}
	}
	s, err := r.beginPage(ctx, q.Customers)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", catalogue, err)
	}
	items, left, err := s.catalog(ctx)
	if err := s.end("reading "+catalogue, err); err != nil {
		return nil, nil, err
	}
	return items, left, nil
}

// categoriesMost is how many categories are read in one step.
const categoriesMost = 2000

func (s *session) catalog(ctx context.Context) ([]model.Category, []adapters.LeftOut, error) {
	list, err := whole[model.Category](ctx, s, catalogue, categoriesMost)
	if err != nil {
		return nil, nil, err
	}
	if list != nil {
		return list.Items, list.LeftOut, nil
	}
	keys, err := s.Keys(ctx, catalogue, s.asking)
	if err != nil {
		return nil, nil, fmt.Errorf("reading its keys: %w", err)
	}
	return read[model.Category](ctx, s, catalogue, keys)
}

// Customer implements adapters.CustomerReader.
func (r *RMS) Customer(ctx context.Context, number string) (model.Customer, error) {
	const what = "looking a customer up"
	s, err := r.beginPage(ctx, []string{number})
	if err != nil {
		return model.Customer{}, fmt.Errorf("%s: %w", what, err)
	}
	item, err := s.customer(ctx)
	if err := s.end(what, err); err != nil {
		return model.Customer{}, err
	}
	return item, nil
}

func (s *session) customer(ctx context.Context) (model.Customer, error) {
	keys, err := s.Keys(ctx, customers, s.asking)
	switch {
	case err != nil:
		return model.Customer{}, err
	case len(keys) == 0:
		return model.Customer{}, adapters.ErrNotFound
	case len(keys) > 1:
		return model.Customer{}, adapters.ErrAmbiguousCustomer
	}
	items, left, err := read[model.Customer](ctx, s, customers, keys)
	switch {
	case err != nil:
		return model.Customer{}, err
	case len(left) > 0:
		return model.Customer{}, fmt.Errorf("%w: %s is %s", adapters.ErrBadRow, left[0].Field, left[0].Reason)
	case len(items) == 0:
		return model.Customer{}, adapters.ErrNotFound
	}
	return items[0], nil
}

// Changes implements adapters.ChangeReader.
func (r *RMS) Changes(ctx context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	const what = "reading what changed"
	s, err := r.begin(ctx, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", what, err)
	}
	found, left, err := s.Changes(ctx, s.asking, since)
	if err := s.end(what, err); err != nil {
		return nil, nil, err
	}
	all := make([]adapters.Change, len(found))
	for i, c := range found {
		all[i] = adapters.Change{Customer: c.Customer, Kind: adapters.ChangeKind(c.Kind)}
	}
	return all, leftOut(left), nil
}

func (r *RMS) keys(ctx context.Context, endpoint string, q adapters.Query) (adapters.Keys, error) {
	what := "reading the keys of " + endpoint
	s, err := r.beginPage(ctx, q.Customers)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	keys, err := plan.KeysOf[adapters.Key](ctx, s.Program, endpoint, s.asking)
	if err := s.end(what, err); err != nil {
		return nil, err
	}
	return keys, nil
}

func rows[T any](ctx context.Context, r *RMS, endpoint string, q adapters.Query, keys adapters.Keys) ([]T, []adapters.LeftOut, error) {
	what := "reading " + endpoint
	s, err := r.beginPage(ctx, q.Customers)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", what, err)
	}
	theirs := make([]plan.RowKey, len(keys))
	for i, k := range keys {
		theirs[i] = plan.RowKey{Row: k.Row, Customer: k.Customer}
	}
	items, left, err := read[T](ctx, s, endpoint, theirs)
	if err := s.end(what, err); err != nil {
		return nil, nil, err
	}
	return items, left, nil
}

// read makes the elements behind keys, in memory that is used again where
// somebody says when they are done with.
func read[T any](ctx context.Context, s *session, endpoint string, keys []plan.RowKey) ([]T, []adapters.LeftOut, error) {
	a, loan := s.lending(ctx)
	items, left, err := plan.RowsOf[T](ctx, s.Program, endpoint, a, keys)
	if err != nil {
		return nil, nil, err
	}
	loan.Lend(a.Memory)
	return items, leftOut(left), nil
}

// lending is what is asked with, with memory of its own where it can be lent.
// It is lent once the answer is there: one that fails leaves it to the garbage
// collector.
func (s *session) lending(ctx context.Context) (plan.Asking, *adapters.Loan) {
	a, loan := s.asking, adapters.LoanOf(ctx)
	if loan != nil {
		a.Memory = plan.NewMemory()
	}
	return a, loan
}

func leftOut(left []plan.LeftOut) []adapters.LeftOut {
	var all []adapters.LeftOut
	for _, l := range left {
		all = append(all, adapters.LeftOut{Row: l.Row, Field: l.Field, Reason: adapters.Reason(l.Reason)})
	}
	return all
}
