package adaptertest

import (
	"slices"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// notes collects what an adapter notes.
type notes struct {
	mu  sync.Mutex
	all []adapters.Note
}

func (n *notes) Note(note adapters.Note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, note)
}

// testNotes reads everything and looks at what was noted: every kind of
// untidiness, with the keys of rows and never with a value.
func (s *suite) testNotes(t *testing.T) {
	noted := new(notes)
	env := s.env
	env.Audit = noted
	a := s.open(t, env).Adapter
	keys := make(map[string]bool)
	for _, read := range []func(*testing.T, adapters.Adapter, *Expectation, map[string]bool){
		readAll(contractList()), readAll(jobsiteList()), readAll(invoiceList()),
	} {
		read(t, a, s.want, keys)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for _, want := range slices.Concat(s.dealer.Untidy, s.dealer.Lost) {
		if !slices.ContainsFunc(noted.all, func(n adapters.Note) bool {
			return n.Endpoint == want.Endpoint && n.Field == want.Field && n.Reason == want.Reason
		}) {
			t.Errorf("nothing noted for %s %s: %s", want.Endpoint, want.Field, want.Reason)
		}
	}
	for _, n := range noted.all {
		lost := slices.Contains(s.dealer.Lost, adapters.Note{Endpoint: n.Endpoint, Field: n.Field, Reason: n.Reason})
		if keys[n.Row] == lost {
			t.Errorf("%s %s: noted for %q, which is no key of such a row", n.Endpoint, n.Field, n.Row)
		}
	}
}

// readAll reads all rows of a list for the customers of the expectation and
// collects their keys.
func readAll[T any](l list[T]) func(*testing.T, adapters.Adapter, *Expectation, map[string]bool) {
	l = l.onLoan()
	return func(t *testing.T, a adapters.Adapter, e *Expectation, keys map[string]bool) {
		t.Helper()
		for five := range slices.Chunk(e.Customers, 5) {
			q := adapters.Query{Customers: five}
			found, err := l.keys(a, t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := l.rows(a, t.Context(), q, found); err != nil {
				t.Fatal(err)
			}
			for _, k := range found {
				keys[k.Row] = true
			}
		}
	}
}
