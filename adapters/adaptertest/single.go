package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
)

func (s *suite) testCatalog(t *testing.T, r adapters.CatalogReader) {
	t.Run("HasTheCustomersRatesBeforeTheBooks", func(t *testing.T) {
		for _, want := range s.want.Catalog {
			loan := adapters.Borrow(t.Context())
			got, left, err := r.Catalog(loan, want.Customer)
			got = copied(got)
			loan.Return()
			if err != nil {
				t.Fatalf("customer %q: %v", want.Customer, err)
			}
			if len(left) != 0 {
				t.Errorf("customer %q: got %d rows left out, want none", want.Customer, len(left))
			}
			if diff := cmp.Diff(want.Categories, got); diff != "" {
				t.Errorf("customer %q (-want +got):\n%s", want.Customer, diff)
			}
			for _, category := range got {
				checkSent(t, "Category", category)
			}
		}
	})
	t.Run("GivesAnUnknownCustomerNobodysRates", func(t *testing.T) {
		for _, c := range s.want.Unknown {
			got, _, err := r.Catalog(t.Context(), c)
			if err != nil {
				t.Fatalf("customer %q: %v", c, err)
			}
			for _, category := range got {
				for _, group := range category.CategoryGroups {
					if group.GroupRate == nil || group.GroupRate.Properties == nil {
						continue
					}
					if p := group.GroupRate.Properties; p.RateType != nil && *p.RateType != "book" {
						t.Errorf("customer %q: group %s has rates of type %q, want book rates", c, group.GroupID, *p.RateType)
					}
				}
			}
		}
	})
	t.Run("ACancelledContextStopsTheCall", func(t *testing.T) {
		if _, _, err := r.Catalog(cancelledContext(t), ""); !stopped(err) {
			t.Errorf("got %v, want the call stopped", err)
		}
	})
}

func cancelledContext(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func (s *suite) testCustomers(t *testing.T, r adapters.CustomerReader) {
	t.Run("FindsCustomersByTheirExactNumber", func(t *testing.T) {
		for _, want := range s.want.Found {
			got, err := r.Customer(t.Context(), want.CustomerID)
			if err != nil {
				t.Errorf("customer %q: %v", want.CustomerID, err)
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("customer %q (-want +got):\n%s", want.CustomerID, diff)
			}
			checkSent(t, "Customer", got)
		}
	})
	t.Run("AnUnknownNumberIsErrNotFound", func(t *testing.T) {
		for _, c := range append([]string{"", strings.Repeat("9", 10000)}, s.want.Unknown...) {
			if got, err := r.Customer(t.Context(), c); !errors.Is(err, adapters.ErrNotFound) {
				t.Errorf("customer %.40q: got %+v and %v, want ErrNotFound", c, got, err)
			}
		}
	})
	t.Run("ANumberThatTwoHaveIsErrAmbiguousCustomer", func(t *testing.T) {
		for _, c := range s.want.Ambiguous {
			if got, err := r.Customer(t.Context(), c); !errors.Is(err, adapters.ErrAmbiguousCustomer) {
				t.Errorf("customer %q: got %+v and %v, want ErrAmbiguousCustomer", c, got, err)
			}
		}
	})
	t.Run("ACancelledContextStopsTheCall", func(t *testing.T) {
		if _, err := r.Customer(cancelledContext(t), s.want.Customers[0]); !stopped(err) {
			t.Errorf("got %v, want the call stopped", err)
		}
	})
}

func (s *suite) testChanges(t *testing.T, r adapters.ChangeReader) {
	// since compares the whole answer; order and singleness with it.
	since := func(t *testing.T, at time.Time) {
		t.Helper()
		want := []adapters.Change{}
		for _, c := range s.want.Changes {
			if c.Always || at.IsZero() || !c.Latest.Before(at.Add(-s.dealer.Overlap)) {
				want = append(want, adapters.Change{Customer: c.Customer, Kind: c.Kind})
			}
		}
		got, _, err := r.Changes(t.Context(), at)
		if err != nil {
			t.Fatalf("since %s: %v", at, err)
		}
		if diff := cmp.Diff(want, append([]adapters.Change{}, got...)); diff != "" {
			t.Errorf("since %s (-want +got):\n%s", at, diff)
		}
	}
	t.Run("TheZeroTimeMeansFromTheBeginning", func(t *testing.T) { since(t, time.Time{}) })
	t.Run("AChangeAtThatVeryMomentCounts", func(t *testing.T) {
		for i, c := range s.want.Changes {
			if i%9 == 0 && !c.Always {
				since(t, c.Latest.Add(s.dealer.Overlap))
				since(t, c.Latest.Add(s.dealer.Overlap+time.Second))
			}
		}
	})
	t.Run("TheZoneOfTheMomentDoesNotMatter", func(t *testing.T) {
		for _, c := range s.want.Changes[:5] {
			since(t, c.Latest.Add(s.dealer.Overlap).In(time.FixedZone("somewhere", -11*3600-1800)))
		}
	})
	t.Run("LaterThanEverythingOnlyRowsThatAlwaysCountAreLeft", func(t *testing.T) {
		since(t, time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC))
	})
	t.Run("ACancelledContextStopsTheCall", func(t *testing.T) {
		if _, _, err := r.Changes(cancelledContext(t), time.Time{}); !stopped(err) {
			t.Errorf("got %v, want the call stopped", err)
		}
	})
}

func (s *suite) testDocuments(t *testing.T, r adapters.DocumentReader) {
	addresses := s.addresses(t)
	t.Run("OpensEveryDocumentARowNames", func(t *testing.T) {
		for _, d := range s.want.Documented {
			id, found := addresses[d]
			if !found {
				t.Errorf("%s %s: no address in its row", d.Kind, d.ID)
				continue
			}
			checkDocument(t, r, d, id)
		}
	})
	t.Run("AnUnknownIdIsErrNotFound", func(t *testing.T) {
		ids := []string{
			"", ".", "..", "nothing", "../LEDGER", "..%2FLEDGER", "../../etc/passwd", "/etc/passwd", "contracts/K10001.pdf", `..\LEDGER`,
			"K10001\x00.pdf", strings.Repeat("../", 200) + "etc/passwd", strings.Repeat("A", 10000), "' or '1'='1", "%00", "é",
		}
		for d, id := range addresses { // an id of one kind is no id of the other, nor is part of one
			if d.Kind == adapters.InvoiceDocument {
				ids = append(ids, id[:len(id)-1])
				break
			}
		}
		for _, kind := range []adapters.DocumentKind{adapters.ContractDocument, adapters.InvoiceDocument, "ledger", ""} {
			for _, id := range ids {
				d, err := r.Document(t.Context(), kind, id)
				if err == nil {
					t.Errorf("%s %.60q: got a document", kind, id)
					if err := d.Content.Close(); err != nil {
						t.Error(err)
					}
				} else if !errors.Is(err, adapters.ErrNotFound) {
					t.Errorf("%s %.60q: got %v, want ErrNotFound", kind, id, err)
				}
			}
		}
	})
	t.Run("ACancelledContextStopsTheCall", func(t *testing.T) {
		for d, id := range addresses {
			if got, err := r.Document(cancelledContext(t), d.Kind, id); !stopped(err) {
				t.Errorf("got %+v and %v, want the call stopped", got, err)
			}
			break
		}
	})
}

// addresses reads the lists and takes the ids of documents out of the rows.
func (s *suite) addresses(t *testing.T) map[Documented]string {
	t.Helper()
	all := make(map[Documented]string)
	add := func(kind adapters.DocumentKind, row string, address *string) {
		if address == nil {
			return
		}
		id, err := documentID(kind, *address)
		if err != nil {
			t.Fatal(err)
		}
		all[Documented{kind, row}] = id
	}
	for _, c := range s.want.Customers {
		q := adapters.Query{Customers: []string{c}}
		if r, ok := s.subject.Adapter.(adapters.ContractReader); ok {
			keys, err := r.ContractKeys(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			rows, _, err := r.Contracts(t.Context(), q, keys)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				add(adapters.ContractDocument, row.ContractID, row.PdfURL)
			}
		}
		if r, ok := s.subject.Adapter.(adapters.InvoiceReader); ok {
			keys, err := r.InvoiceKeys(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			rows, _, err := r.Invoices(t.Context(), q, keys)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				add(adapters.InvoiceDocument, row.InvoiceID, row.PdfURL)
			}
		}
	}
	return all
}

func checkDocument(t *testing.T, r adapters.DocumentReader, d Documented, id string) {
	t.Helper()
	doc, err := r.Document(t.Context(), d.Kind, id)
	if err != nil {
		t.Errorf("%s %s: %v", d.Kind, d.ID, err)
		return
	}
	defer func() {
		if err := doc.Content.Close(); err != nil {
			t.Errorf("%s %s: closing: %v", d.Kind, d.ID, err)
		}
	}()
	if doc.Type != "application/pdf" || doc.Name == "" || strings.ContainsAny(doc.Name, `/\`) {
		t.Errorf("%s %s: got type %q and name %q, want a PDF with a plain name", d.Kind, d.ID, doc.Type, doc.Name)
	}
	text, err := io.ReadAll(doc.Content)
	if err != nil {
		t.Errorf("%s %s: %v", d.Kind, d.ID, err)
	}
	if !bytes.HasPrefix(text, []byte("%PDF-")) || !bytes.Contains(text, []byte(d.ID)) {
		t.Errorf("%s %s: the content is not its PDF", d.Kind, d.ID)
	}
	if end, err := doc.Content.Seek(0, io.SeekEnd); err != nil || end != int64(len(text)) {
		t.Errorf("%s %s: seeking to the end: got %d and %v, want %d", d.Kind, d.ID, end, err, len(text))
	}
	if _, err := doc.Content.Seek(1, io.SeekStart); err != nil {
		t.Errorf("%s %s: %v", d.Kind, d.ID, err)
	}
	again, err := io.ReadAll(doc.Content)
	if err != nil || !bytes.Equal(again, text[1:]) {
		t.Errorf("%s %s: read again from the second byte: other content, %v", d.Kind, d.ID, err)
	}
}
