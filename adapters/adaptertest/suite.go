// Package adaptertest owns the meaning of the adapter capabilities as tests:
// Run asks an adapter that serves a sample dealer everything a capability
// promises, and Expected says what the answers are.
//
// It knows no implementation. Databases to run one on come from dbtest below.
package adaptertest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Claims says which capabilities an adapter has. A claimed one that is missing
// is a failure, and so is one that is there and not claimed.
type Claims struct {
	Contracts, Jobsites, Invoices, Locations, Catalog, Customers, Changes, Documents, Serials bool
	// Notes: it turns raw values into the API's, and notes those that were not
	// sent as they stood.
	Notes bool
}

// All claims every capability.
func All() Claims {
	return Claims{
		Contracts: true, Jobsites: true, Invoices: true, Locations: true, Catalog: true, Customers: true, Changes: true,
		Documents: true, Serials: true,
	}
}

// WithNotes claims them too.
func (c Claims) WithNotes() Claims {
	c.Notes = true
	return c
}

// List names a paged list.
type List string

// The paged lists.
const (
	ContractList List = "contract"
	JobsiteList  List = "jobsite"
	InvoiceList  List = "invoice"
	LocationList List = "location"
)

// Subject is an adapter that serves a sample dealer, and the way to change the
// dealer's system behind its back.
type Subject struct {
	Adapter adapters.Adapter
	// Remove deletes the row with this id from the dealer's system.
	Remove func(t testing.TB, list List, id string)
}

// Opener opens an adapter on fresh data of its own: the books of the dealer that
// is run. What it opened beside the adapter ends with the test; the adapter is
// closed by the suite.
type Opener func(t *testing.T, env adapters.Env) Subject

// Run runs the whole suite on the demo dealer.
func Run(t *testing.T, claims Claims, open Opener) { Demo().Run(t, claims, open) }

// Run runs the whole suite on this dealer.
func (d Dealer) Run(t *testing.T, claims Claims, open Opener) {
	s := &suite{dealer: d, open: open, want: d.Expected(t), env: d.Env()}
	s.subject = s.fresh(t)
	a := s.subject.Adapter
	t.Run("Check", func(t *testing.T) {
		if err := a.Check(t.Context()); err != nil {
			t.Errorf("got %v, want an adapter that can answer", err)
		}
	})
	capability(t, "ContractReader", claims.Contracts, a, func(t *testing.T, _ adapters.ContractReader) { testList(t, s, contractList()) })
	capability(t, "JobsiteReader", claims.Jobsites, a, func(t *testing.T, _ adapters.JobsiteReader) { testList(t, s, jobsiteList()) })
	capability(t, "InvoiceReader", claims.Invoices, a, func(t *testing.T, r adapters.InvoiceReader) {
		testList(t, s, invoiceList())
		t.Run("NewestFirstInATotalOrder", func(t *testing.T) { testInvoiceOrder(t, s, r) })
	})
	capability(t, "LocationReader", claims.Locations, a, func(t *testing.T, _ adapters.LocationReader) { testList(t, s, locationList()) })
	capability(t, "CatalogReader", claims.Catalog, a, s.testCatalog)
	capability(t, "CustomerReader", claims.Customers, a, s.testCustomers)
	capability(t, "ChangeReader", claims.Changes, a, s.testChanges)
	capability(t, "DocumentReader", claims.Documents, a, s.testDocuments)
	capability(t, "SerialFinder", claims.Serials, a, s.testSerials)
	if claims.Notes {
		t.Run("Notes", s.testNotes)
	}
	t.Run("AnswersManyAtOnce", s.testConcurrently)
	t.Run("Close", s.testClose)
}

// capability runs the tests of one capability if the adapter claims it.
func capability[C any](t *testing.T, name string, claimed bool, a adapters.Adapter, test func(*testing.T, C)) {
	c, has := a.(C)
	if has != claimed {
		t.Errorf("%s: claimed %t, implemented %t", name, claimed, has)
		return
	}
	if claimed {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

type suite struct {
	dealer  Dealer
	open    Opener
	env     adapters.Env
	want    *Expectation
	subject Subject // shared by the tests that change nothing
}

// fresh opens an adapter that is closed when the test ends.
func (s *suite) fresh(t *testing.T) Subject {
	t.Helper()
	subject := s.open(t, s.env)
	t.Cleanup(func() {
		if err := subject.Adapter.Close(); err != nil {
			t.Errorf("closing the adapter: %v", err)
		}
	})
	return subject
}

const gateway = "https://gateway.rental.example/api/v1/document"

// Env is what the suite gives an adapter of the demo dealer to live in.
func Env() adapters.Env { return Demo().Env() }

// Env is what the suite gives an adapter to live in: the day of the books, no
// log, and addresses that documentID takes apart again.
func (d Dealer) Env() adapters.Env {
	return adapters.Env{
		Dealer: d.Code,
		Now:    func() time.Time { return d.Today.Add(18 * time.Hour) },
		Log:    slog.New(slog.DiscardHandler),
		Audit:  new(notes),
		DocumentURL: func(kind adapters.DocumentKind, id string) string {
			return gateway + "/" + string(kind) + "/" + url.PathEscape(id)
		},
	}
}

// documentID takes the id out of an address made by Env.
func documentID(kind adapters.DocumentKind, address string) (string, error) {
	rest, found := strings.CutPrefix(address, gateway+"/"+string(kind)+"/")
	if !found || path.Base(address) != rest {
		return "", fmt.Errorf("the address %q was not made by DocumentURL for a %s", address, kind)
	}
	return url.PathUnescape(rest)
}

func (s *suite) testConcurrently(t *testing.T) {
	r, ok := s.subject.Adapter.(adapters.ContractReader)
	if !ok {
		return
	}
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			customer := s.want.Customers[i%8]
			q := adapters.Query{Customers: []string{customer}}
			keys, err := r.ContractKeys(t.Context(), q)
			if err != nil {
				t.Errorf("keys of %s: %v", customer, err)
				return
			}
			got, left, err := r.Contracts(t.Context(), q, keys)
			if err != nil {
				t.Errorf("contracts of %s: %v", customer, err)
				return
			}
			if want := len(of(s.want.Contracts, q.Customers)); len(got)+len(left) != want {
				t.Errorf("customer %s: got %d contracts and %d left out, want %d together", customer, len(got), len(left), want)
			}
		})
	}
	group.Wait()
}

func (s *suite) testClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("MayBeRepeatedAndEndsTheAdapter", func(t *testing.T) {
		a := s.open(t, s.env).Adapter
		if err := a.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := a.Close(); err != nil {
				t.Errorf("got %v, want a close without an error", err)
			}
		}
		if err := a.Check(context.WithoutCancel(t.Context())); err == nil {
			t.Error("got a closed adapter that can answer, want an error")
		}
	})
	if err := goleak.Find(before); err != nil {
		t.Errorf("a closed adapter left something running: %v", err)
	}
}
