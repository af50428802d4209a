package sqlrms_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// FuzzCustomer asks for any text as a customer number. Only the one number that
// exists finds anything, and then its own rows alone.
func FuzzCustomer(f *testing.F) {
	for _, seed := range []string{
		"000007", "7", "07", "0000007", " 000007", "000007 ", "+00007", "7.0", "7e0", "0x7", "abc", "412abc", "", "0", "-7",
		"000007' OR '1'='1", "000007\"; DROP TABLE CUST; --", "`", "\\", "%", "_", "?", "@customer", "\x00", "000007\x00", "٠٠٠٠٠٧", "000007", "\xff\xfe",
		"18446744073709551616", "9223372036854775807", "000008",
	} {
		f.Add(seed)
	}
	a, _ := open(f, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(f)})
	f.Fuzz(func(t *testing.T, number string) {
		q := adapters.Query{Customers: []string{number}}
		keys, err := a.InvoiceKeys(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		if number == "000007" {
			want = 2
		}
		if len(keys) != want {
			t.Fatalf("%q: got %d invoices, want %d", number, len(keys), want)
		}
		for _, key := range keys {
			if key.Customer != number {
				t.Errorf("%q: got a row of %q", number, key.Customer)
			}
		}
		// Keys of another customer show nothing.
		theirs, err := a.InvoiceKeys(t.Context(), adapters.Query{Customers: []string{"000007"}})
		if err != nil {
			t.Fatal(err)
		}
		items, left, err := a.Invoices(t.Context(), q, theirs)
		if err != nil || len(left) > 0 || len(items) != want {
			t.Errorf("%q: got %d invoices of another customer, %v and %v", number, len(items)-want, left, err)
		}
		if _, err := a.Customer(t.Context(), number); (err == nil) != (number == "000007" || number == "000008") {
			t.Errorf("%q: got %v", number, err)
		}
	})
}

// FuzzRowKey hands in any text as the key of a row, as callers of documents can.
func FuzzRowKey(f *testing.F) {
	for _, seed := range []string{"", "AkEx", "AkEy", "AAAA", "!", "AkEx=", "//8", "_____w", "gICAgICAgICAAQ"} {
		f.Add(seed)
	}
	a, _ := open(f, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(f)})
	f.Fuzz(func(t *testing.T, id string) {
		d, err := a.Document(t.Context(), adapters.InvoiceDocument, id)
		if err != nil {
			return
		}
		if err := d.Content.Close(); err != nil {
			t.Error(err)
		}
		if d.Name != "one.pdf" || id != "AkEx" {
			t.Errorf("%q opened %s", id, d.Name)
		}
	})
}
