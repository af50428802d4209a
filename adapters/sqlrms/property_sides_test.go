package sqlrms_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/naive"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// sent counts the drawn dealers of which a row was sent.
var sent atomic.Int64

// papersOf lays out the documents of a drawn dealer.
func papersOf(t *rapid.T, w *naive.World) string {
	root, err := os.MkdirTemp("", "papers")
	if err != nil {
		t.Fatal(err)
	}
	d := w.Mapping.Documents
	if d == nil {
		return root
	}
	dir := filepath.Join(root, d.Directory)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range d.Files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("%PDF-"+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// announce puts the address of a row's document where the answer has one.
func announce(row map[string]any, key string) {
	if row["pdfUrl"] == naive.DocumentOf {
		row["pdfUrl"] = "https://gateway.example.test/contract/" + key
	}
}

// compareDocuments opens the document of every row that announces one, and of
// every row that announces none.
func compareDocuments(t *rapid.T, w *naive.World, rms *sqlrms.RMS, keys adapters.Keys, want naive.Answer) {
	if w.Mapping.Documents == nil {
		return
	}
	for i, e := range want {
		if e.Sent == nil {
			continue
		}
		_, announced := e.Sent["pdfUrl"]
		d, err := rms.Document(context.Background(), adapters.ContractDocument, keys[i].Row)
		switch {
		case announced && err == nil:
			if err := d.Content.Close(); err != nil {
				t.Fatal(err)
			}
		case announced || !errors.Is(err, adapters.ErrNotFound):
			t.Fatalf("row %d announces a document: %v, and opening it gave %v\n%s", i, announced, err, show(w))
		}
	}
}

// compareLocations wants the fixed list as it is written, or nothing.
func compareLocations(t *rapid.T, w *naive.World, rms *sqlrms.RMS) {
	ctx := context.Background()
	keys, err := rms.LocationKeys(ctx, adapters.Query{})
	if err != nil {
		t.Fatalf("%v\n%s", err, show(w))
	}
	rows, left, err := rms.Locations(ctx, adapters.Query{}, keys)
	if err != nil || len(left) > 0 {
		t.Fatalf("left out %v, %v\n%s", left, err, show(w))
	}
	var got, want []any
	for _, row := range rows {
		got = append(got, plain(t, row))
	}
	for _, l := range w.Mapping.Locations {
		want = append(want, map[string]any{"locationId": l["locationId"], "properties": map[string]any{"name": l["properties.name"]}})
	}
	if differ := cmp.Diff(want, got); differ != "" {
		t.Fatalf("locations (-want +got):\n%s\n%s", differ, show(w))
	}
	none, err := rms.InvoiceKeys(ctx, adapters.Query{Customers: w.Customers()[:1]})
	if err != nil || len(none) > 0 {
		t.Fatalf("got %d invoices and %v where the dealer has none\n%s", len(none), err, show(w))
	}
}

// compareChanges asks for changes since the beginning, since every stamp and
// since right after it.
func compareChanges(t *rapid.T, w *naive.World, rms *sqlrms.RMS) {
	if w.Mapping.Changes == nil {
		return
	}
	for _, since := range w.Moments() {
		want, lost := w.Changed(since)
		found, left, err := rms.Changes(context.Background(), since)
		if emptied(w, err) {
			continue
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, show(w))
		}
		var got []naive.Change
		for _, c := range found {
			got = append(got, naive.Change{Customer: c.Customer, Kind: string(c.Kind)})
		}
		if differ := cmp.Diff(want, got); differ != "" || len(left) != lost {
			t.Fatalf("changes since %v: %d rows lead to nobody, want %d; (-want +got):\n%s\n%s", since, len(left), lost, differ, show(w))
		}
	}
}
