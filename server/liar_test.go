package server_test

import (
	"context"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

// liar answers with rows of a customer nobody asked for.
type liar struct{ *rms }

func (l liar) Contracts(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	rows, left, err := l.rms.Contracts(ctx, q, keys)
	rows[len(rows)-1].CustomerID = "0001007 "
	return rows, left, err
}

func (l liar) Jobsites(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Jobsite, []adapters.LeftOut, error) {
	rows, left, err := l.rms.Jobsites(ctx, q, keys)
	rows[0].CustomerID = nil
	return rows, left, err
}

func (l liar) InvoiceKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	keys, err := l.rms.InvoiceKeys(ctx, q)
	keys[0].Customer = "0001012"
	return keys, err
}

func (l liar) Customer(ctx context.Context, _ string) (model.Customer, error) {
	return l.rms.Customer(ctx, "0001012")
}

func (h *house) registryOfLiar() { h.registry.Put(dealers.New("D100", liar{h.d100})) }

// miscounter sends amounts that are no numbers.
type miscounter struct{ *rms }

func (m miscounter) Invoices(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Invoice, []adapters.LeftOut, error) {
	rows, left, err := m.rms.Invoices(ctx, q, keys)
	rows[len(rows)-1].Total = "12,50"
	return rows, left, err
}

func (h *house) registryOfBadAmounts() { h.registry.Put(dealers.New("D100", miscounter{h.d100})) }
