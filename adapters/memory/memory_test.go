package memory_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/memory"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func contract(id string) memory.Row[model.Contract] {
	return memory.Row[model.Contract]{ID: id, Customer: "0000007", Value: model.Contract{
		ContractID: id, AssetDetails: []model.RentedAsset{}, FeeDetails: []model.Charge{{Name: "Fuel", Total: "12.50"}}, TaxDetails: []model.Charge{},
	}}
}

func TestConfig(t *testing.T) {
	t.Run("OpensAnEmptyDealer", func(t *testing.T) {
		a, err := new(memory.Config).Open(t.Context(), adapters.Env{})
		if err != nil {
			t.Fatal(err)
		}
		keys, err := a.(adapters.LocationReader).LocationKeys(t.Context(), adapters.Query{})
		if err != nil || len(keys) != 0 {
			t.Errorf("got %d keys and %v, want none", len(keys), err)
		}
		categories, _, err := a.(adapters.CatalogReader).Catalog(t.Context(), "")
		if err != nil || categories == nil || len(categories) != 0 {
			t.Errorf("got %v and %v, want an empty catalog", categories, err)
		}
	})
	t.Run("RefusesTwoRowsOfOneID", func(t *testing.T) {
		c := memory.Config{Data: memory.Data{Contracts: []memory.Row[model.Contract]{contract("K1"), contract("K1")}}}
		if _, err := c.Open(t.Context(), adapters.Env{}); err == nil {
			t.Error("got an open adapter, want an error")
		}
	})
}

func TestAdapter(t *testing.T) {
	data := memory.Data{
		Contracts: []memory.Row[model.Contract]{contract("K1"), contract("K2")},
		Documents: []memory.Document{{Kind: adapters.ContractDocument, ID: "K1"}},
	}
	q := adapters.Query{Customers: []string{"0000007"}}
	open := func(t *testing.T) *memory.Adapter {
		t.Helper()
		a, err := memory.Open(t.Context(), adapters.Env{}, data)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	t.Run("HandsOutCopies", func(t *testing.T) {
		a := open(t)
		keys, err := a.ContractKeys(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		first, _, err := a.Contracts(t.Context(), q, keys)
		if err != nil {
			t.Fatal(err)
		}
		first[0].FeeDetails[0].Name = "changed"
		second, _, err := a.Contracts(t.Context(), q, keys)
		if err != nil {
			t.Fatal(err)
		}
		if got := second[0].FeeDetails[0]; got.Name != "Fuel" || got.Total != "12.50" {
			t.Errorf("got %+v, want the fee as it was given", got)
		}
	})
	t.Run("GivesNoAddressWhereTheGatewayHasNone", func(t *testing.T) {
		a := open(t)
		got, _, err := a.Contracts(t.Context(), q, adapters.Keys{{Row: "K1"}})
		if err != nil {
			t.Fatal(err)
		}
		if got[0].PdfURL != nil {
			t.Errorf("got %q, want no address", *got[0].PdfURL)
		}
	})
	t.Run("FailsEverywhereWhenTold", func(t *testing.T) {
		a := open(t)
		a.Fail(adapters.ErrMapping)
		if err := a.Check(t.Context()); !errors.Is(err, adapters.ErrMapping) {
			t.Errorf("Check: got %v, want ErrMapping", err)
		}
		if _, err := a.InvoiceKeys(t.Context(), q); !errors.Is(err, adapters.ErrMapping) {
			t.Errorf("InvoiceKeys: got %v, want ErrMapping", err)
		}
		a.Fail(nil)
		if _, err := a.InvoiceKeys(t.Context(), q); err != nil {
			t.Errorf("InvoiceKeys: got %v, want it to work again", err)
		}
	})
	t.Run("IsUnavailableOnceClosed", func(t *testing.T) {
		a := open(t)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Catalog(t.Context(), ""); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}
