package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// Asked is what is asked of a dealer's system outside of a running gateway.
type Asked struct {
	Endpoint  string
	Customers []string
	Items     int // rows on a page; 0: all of them
	Page      int // from 0
	Since     time.Time
}

// Answer is what the API would send, and what became of the rows on the way.
type Answer struct {
	Body     any               // as the API sends it
	Elements []json.RawMessage // of the body, one by one
	Keys     int               // rows in the key list
	LeftOut  []Happened        // rows of this page that cannot be sent
	Noted    []Happened        // values that were not sent as they stood
	Refused  bool              // more rows were left out than the mapping allows
}

// Happened is something that happened to a row. It holds no value.
type Happened struct {
	Row    string `json:"row"` // its key, several columns joined by a slash
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// noteList collects notes, each once.
type noteList struct{ all []adapters.Note }

// Note is part of adapters.Auditor.
func (l *noteList) Note(n adapters.Note) {
	if !slices.Contains(l.all, n) {
		l.all = append(l.all, n)
	}
}

// reader is what the adapter of a mapping can be asked for.
type reader interface {
	adapters.Adapter
	adapters.ContractReader
	adapters.JobsiteReader
	adapters.InvoiceReader
	adapters.LocationReader
	adapters.CatalogReader
	adapters.CustomerReader
	adapters.ChangeReader
	LeaveOutAtMost(endpoint string) float64
}

// answer reads one endpoint the way the API's handlers do. notes is the
// auditor the adapter was opened with.
func answer(ctx context.Context, r reader, notes *noteList, a Asked) (*Answer, error) {
	out := &Answer{}
	q := adapters.Query{Customers: a.Customers}
	var left []adapters.LeftOut
	var err error
	switch a.Endpoint {
	case "contract":
		var p paged[model.Contract]
		p, left, err = page(ctx, a, q, r.ContractKeys, r.Contracts)
		out.Body = model.ContractPage{Items: p.items, Empty: p.empty, Number: p.number, Size: p.size, TotalElements: p.total, TotalPages: p.pages}
		err = errors.Join(err, out.list(p.items, p.total))
	case "jobsite":
		var p paged[model.Jobsite]
		p, left, err = page(ctx, a, q, r.JobsiteKeys, r.Jobsites)
		out.Body = model.JobsitePage{Items: p.items, Empty: p.empty, Number: p.number, Size: p.size, TotalElements: p.total, TotalPages: p.pages}
		err = errors.Join(err, out.list(p.items, p.total))
	case "invoice":
		var p paged[model.Invoice]
		p, left, err = page(ctx, a, q, r.InvoiceKeys, r.Invoices)
		out.Body = model.InvoicePage{Items: p.items, Empty: p.empty, Number: p.number, Size: p.size, TotalElements: p.total, TotalPages: p.pages}
		err = errors.Join(err, out.list(p.items, p.total))
	case "location":
		var p paged[model.Location]
		p, left, err = page(ctx, a, q, r.LocationKeys, r.Locations)
		out.Body = model.LocationPage{Items: p.items, Empty: p.empty, Number: p.number, Size: p.size, TotalElements: p.total, TotalPages: p.pages}
		err = errors.Join(err, out.list(p.items, p.total))
	case "dealer-category":
		var items []model.Category
		items, left, err = r.Catalog(ctx, strings.Join(a.Customers, ","))
		out.Body = model.CategoryAnswer{Items: notNil(items)}
		err = errors.Join(err, out.list(items, int64(len(items)+len(left))))
	case "customer":
		var c model.Customer
		c, err = r.Customer(ctx, strings.Join(a.Customers, ","))
		out.Body = model.CustomerAnswer{Customer: c}
		err = errors.Join(err, out.list([]model.Customer{c}, 1))
	case mapfile.Incremental:
		var changes []adapters.Change
		changes, left, err = r.Changes(ctx, a.Since)
		items := byCustomer(changes)
		out.Body = model.ChangeAnswer{Items: items}
		err = errors.Join(err, out.list(items, int64(len(items)+len(left))))
	default:
		err = fmt.Errorf("there is no endpoint %q", a.Endpoint)
	}
	if err != nil {
		return nil, err
	}
	seen := len(out.Elements) + len(left)
	out.Refused = sweep.TooManyLeftOut(int64(len(left)), int64(seen), r.LeaveOutAtMost(a.Endpoint))
	for _, l := range left {
		out.LeftOut = append(out.LeftOut, happened(l.Row, l.Field, l.Reason))
	}
	for _, n := range notes.all {
		out.Noted = append(out.Noted, happened(n.Row, n.Field, n.Reason))
	}
	return out, nil
}

func happened(row, field string, reason adapters.Reason) Happened {
	return Happened{Row: strings.Join(plan.KeyTexts(row), "/"), Field: field, Reason: string(reason)}
}

// list keeps the elements of a body one by one.
func (a *Answer) list(items any, keys int64) error {
	a.Keys = int(keys)
	raw, err := json.Marshal(items)
	if err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	if err := json.Unmarshal(raw, &a.Elements); err != nil {
		return fmt.Errorf("taking the answer apart: %w", err)
	}
	return nil
}

// paged is one page of a list (R124, R125).
type paged[T any] struct {
	items                      []T // never nil
	total, pages, size, number int64
	empty                      bool
}

func page[T any](
	ctx context.Context, a Asked, q adapters.Query,
	list func(context.Context, adapters.Query) (adapters.Keys, error),
	read func(context.Context, adapters.Query, adapters.Keys) ([]T, []adapters.LeftOut, error),
) (paged[T], []adapters.LeftOut, error) {
	keys, err := list(ctx, q)
	if err != nil {
		return paged[T]{}, nil, err
	}
	size := a.Items
	if size < 1 {
		size = max(len(keys), 1)
	}
	p := paged[T]{total: int64(len(keys)), size: int64(size), number: int64(a.Page)}
	p.pages = (p.total + p.size - 1) / p.size
	from := len(keys)
	if a.Page < len(keys)/size+1 {
		from = min(a.Page*size, len(keys))
	}
	items, left, err := read(ctx, q, keys[from:min(from+size, len(keys))])
	if err != nil {
		return paged[T]{}, nil, err
	}
	p.items, p.empty = notNil(items), len(items) == 0
	return p, left, nil
}

// byCustomer gathers the kinds of change of each customer; changes come ordered
// by customer.
func byCustomer(changes []adapters.Change) []model.CustomerChanges {
	all := []model.CustomerChanges{}
	for _, c := range changes {
		if n := len(all); n == 0 || all[n-1].CustomerID != c.Customer {
			all = append(all, model.CustomerChanges{CustomerID: c.Customer})
		}
		last := &all[len(all)-1]
		last.Types = append(last.Types, model.ChangeKind(c.Kind))
	}
	return all
}

func notNil[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
