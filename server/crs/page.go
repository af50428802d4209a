package crs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// ask is a request for one page of an endpoint.
type ask struct {
	endpoint  string
	customers []string
	items     *int64
	page      *int64
}

// listed is one page with everything an answer says about it (R124, R125).
type listed[T any] struct {
	items                      []T // never nil
	total, pages, size, number int64
	empty                      bool
	loan                       *adapters.Loan // the memory the items lie in
}

// list reads one page. owner tells whose a row is, where rows say so; a row of
// nobody who was asked for fails the answer (R136).
func list[T any](
	ctx context.Context, h *Handler, call dealers.Call, a ask, src sweep.Source[T], owner func(T) string,
) (listed[T], error) {
	r := sweep.Request{
		Dealer: call.Dealer.Code, Client: call.Client, Endpoint: a.endpoint,
		// A number given twice is asked for once: its rows would be the same.
		Query: adapters.Query{Customers: unique(a.customers)},
		Size:  h.o.DefaultItems, LeaveOutAtMost: call.Dealer.LeaveOutAtMost(a.endpoint),
	}
	if a.items != nil {
		r.Size = min(*a.items, h.o.MostItems)
	}
	if a.page != nil {
		r.Page = *a.page
	}
	loan := adapters.Borrow(ctx)
	p, err := sweep.Get(loan, h.o.Sweeps, r, src)
	if err != nil {
		if errors.Is(err, sweep.ErrTooManyLeftOut) {
			h.o.Alert(call.Dealer.Code, a.endpoint)
		}
		return listed[T]{}, err
	}
	if owner != nil {
		for _, item := range p.Items {
			if !slices.Contains(r.Query.Customers, owner(item)) {
				p.Undo()
				return listed[T]{}, fmt.Errorf("page %d holds a row of another customer: %w", r.Page, sweep.ErrWrongRows)
			}
		}
	}
	call.Undo.Add(p.Undo)
	pages := p.Total / r.Size
	if p.Total%r.Size > 0 {
		pages++
	}
	return listed[T]{
		items: p.Items, total: p.Total, pages: pages, size: r.Size, number: r.Page, empty: len(p.Items) == 0,
		loan: loan,
	}, nil
}

// unique returns texts without repeats, in their order.
func unique(texts []string) []string {
	var once []string
	for _, t := range texts {
		if !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	return once
}
