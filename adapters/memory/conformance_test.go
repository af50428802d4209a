package memory_test

import (
	"fmt"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/memory"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.All(), func(t *testing.T, env adapters.Env) adaptertest.Subject {
		a, err := memory.Open(t.Context(), env, demoData(t))
		if err != nil {
			t.Fatal(err)
		}
		remove := map[adaptertest.List]func(string) bool{
			adaptertest.ContractList: a.RemoveContract, adaptertest.JobsiteList: a.RemoveJobsite,
			adaptertest.InvoiceList: a.RemoveInvoice, adaptertest.LocationList: a.RemoveLocation,
		}
		return adaptertest.Subject{Adapter: a, Remove: func(t testing.TB, list adaptertest.List, id string) {
			if !remove[list](id) {
				t.Fatalf("there is no %s %q to remove", list, id)
			}
		}}
	})
}

// demoData is the demo dealer's answers as data.
func demoData(t *testing.T) memory.Data {
	e := adaptertest.Expected(t)
	d := memory.Data{
		Contracts: rows(e.Contracts), Jobsites: rows(e.Jobsites), Invoices: rows(e.Invoices), Locations: rows(e.Locations),
		Catalog: make(map[string][]model.Category), Customers: e.Found, Overlap: adaptertest.Overlap,
	}
	for _, c := range e.Catalog {
		d.Catalog[c.Customer] = c.Categories
	}
	for _, number := range e.Ambiguous {
		for i := range 2 {
			d.Customers = append(d.Customers, model.Customer{CustomerID: number, CustomerName: fmt.Sprintf("Number %d", i+1)})
		}
	}
	for _, c := range e.Changes {
		d.Changes = append(d.Changes, memory.Change{Customer: c.Customer, Kind: c.Kind, At: c.Latest, Always: c.Always})
	}
	for _, x := range e.Documented {
		d.Documents = append(d.Documents, memory.Document{
			Kind: x.Kind, ID: x.ID, Name: x.ID + ".pdf", Type: "application/pdf", Content: []byte("%PDF-1.4 " + x.ID),
		})
	}
	return d
}

func rows[T any](expected []adaptertest.Row[T]) []memory.Row[T] {
	var all []memory.Row[T]
	for _, r := range expected {
		m := memory.Row[T]{ID: r.ID, Customer: r.Customer}
		if r.Item != nil {
			m.Value = *r.Item
		} else {
			m.LeftOut = &adapters.LeftOut{Field: r.Left.Field, Reason: r.Left.Reason}
		}
		all = append(all, m)
	}
	return all
}
