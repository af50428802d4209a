package adaptertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// list is one paged list: how it is asked, and what must come.
type list[T any] struct {
	name   List
	schema string // of an element, in the specification
	keys   func(a adapters.Adapter, ctx context.Context, q adapters.Query) (adapters.Keys, error)
	rows   func(a adapters.Adapter, ctx context.Context, q adapters.Query, k adapters.Keys) ([]T, []adapters.LeftOut, error)
	short  func(a adapters.ShortLists, ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[T], error)
	want   func(e *Expectation) []Row[T]
	id     func(T) string
	pdf    func(*T) **string // nil where there are no documents
	kind   adapters.DocumentKind
	// everybody says that the list does not depend on customers.
	everybody bool
}

func contractList() list[model.Contract] {
	return list[model.Contract]{
		name: ContractList, schema: "Contract",
		keys: func(a adapters.Adapter, ctx context.Context, q adapters.Query) (adapters.Keys, error) {
			return a.(adapters.ContractReader).ContractKeys(ctx, q)
		},
		rows: func(a adapters.Adapter, ctx context.Context, q adapters.Query, k adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
			return a.(adapters.ContractReader).Contracts(ctx, q, k)
		},
		short: adapters.ShortLists.ShortContracts,
		want:  func(e *Expectation) []Row[model.Contract] { return e.Contracts },
		id:    func(c model.Contract) string { return c.ContractID },
		pdf:   func(c *model.Contract) **string { return &c.PdfURL },
		kind:  adapters.ContractDocument,
	}
}

func jobsiteList() list[model.Jobsite] {
	return list[model.Jobsite]{
		name: JobsiteList, schema: "Jobsite",
		keys: func(a adapters.Adapter, ctx context.Context, q adapters.Query) (adapters.Keys, error) {
			return a.(adapters.JobsiteReader).JobsiteKeys(ctx, q)
		},
		rows: func(a adapters.Adapter, ctx context.Context, q adapters.Query, k adapters.Keys) ([]model.Jobsite, []adapters.LeftOut, error) {
			return a.(adapters.JobsiteReader).Jobsites(ctx, q, k)
		},
		short: adapters.ShortLists.ShortJobsites,
		want:  func(e *Expectation) []Row[model.Jobsite] { return e.Jobsites },
		id:    func(j model.Jobsite) string { return j.JobsiteID },
	}
}

func invoiceList() list[model.Invoice] {
	return list[model.Invoice]{
		name: InvoiceList, schema: "Invoice",
		keys: func(a adapters.Adapter, ctx context.Context, q adapters.Query) (adapters.Keys, error) {
			return a.(adapters.InvoiceReader).InvoiceKeys(ctx, q)
		},
		rows: func(a adapters.Adapter, ctx context.Context, q adapters.Query, k adapters.Keys) ([]model.Invoice, []adapters.LeftOut, error) {
			return a.(adapters.InvoiceReader).Invoices(ctx, q, k)
		},
		short: adapters.ShortLists.ShortInvoices,
		want:  func(e *Expectation) []Row[model.Invoice] { return e.Invoices },
		id:    func(i model.Invoice) string { return i.InvoiceID },
		pdf:   func(i *model.Invoice) **string { return &i.PdfURL },
		kind:  adapters.InvoiceDocument,
	}
}

func locationList() list[model.Location] {
	return list[model.Location]{
		name: LocationList, schema: "Location", everybody: true,
		keys: func(a adapters.Adapter, ctx context.Context, q adapters.Query) (adapters.Keys, error) {
			return a.(adapters.LocationReader).LocationKeys(ctx, q)
		},
		rows: func(a adapters.Adapter, ctx context.Context, q adapters.Query, k adapters.Keys) ([]model.Location, []adapters.LeftOut, error) {
			return a.(adapters.LocationReader).Locations(ctx, q, k)
		},
		short: adapters.ShortLists.ShortLocations,
		want:  func(e *Expectation) []Row[model.Location] { return e.Locations },
		id:    func(l model.Location) string { return l.LocationID },
	}
}

// listTest is a list being tested on one adapter.
type listTest[T any] struct {
	list[T]
	s *suite
	a adapters.Adapter
}

func testList[T any](t *testing.T, s *suite, l list[T]) {
	lt := listTest[T]{list: l.onLoan(), s: s, a: s.subject.Adapter}
	t.Run("ReturnsEveryRowInOrder", lt.completeInOrder)
	t.Run("KeysArePrintableAndEachStandsOnce", lt.wellFormedKeys)
	t.Run("RowsComeInTheOrderOfTheirKeys", lt.orderOfKeys)
	t.Run("PagesAddUpToTheWhole", lt.pages)
	t.Run("NoKeysAreNoRows", lt.noKeys)
	t.Run("OneStepAnswersWhatTwoDo", lt.inOneStep)
	t.Run("KeysOutliveTheAdapter", lt.keysOutlive)
	if slices.Contains(s.dealer.Removes, l.name) {
		t.Run("ADeletedRowIsAGap", lt.deletedRow)
	}
	t.Run("AnUnknownKeyIsAGap", lt.unknownKey)
	t.Run("ACancelledContextStopsTheCall", lt.cancelled)
	if !l.everybody {
		t.Run("AnUnknownCustomerHasNoRows", lt.unknownCustomers)
		t.Run("FiveCustomersAreOneList", lt.fiveCustomers)
		t.Run("OnlyTheCustomersAskedForAreServed", lt.onlyAsked)
	}
}

// queries are the questions that together cover the expectation.
func (lt listTest[T]) queries() []adapters.Query {
	if lt.everybody {
		return []adapters.Query{{}}
	}
	var all []adapters.Query
	for _, c := range lt.s.want.Customers {
		all = append(all, adapters.Query{Customers: []string{c}})
	}
	return all
}

func (lt listTest[T]) wanted(q adapters.Query) []Row[T] {
	all := lt.want(lt.s.want)
	if lt.everybody {
		return all
	}
	return of(all, q.Customers)
}

// busiest is the query with the most rows of those that have at most limit.
func (lt listTest[T]) busiest(limit int) adapters.Query {
	var best adapters.Query
	most := -1
	for _, q := range lt.queries() {
		if n := len(lt.wanted(q)); n > most && n <= limit {
			best, most = q, n
		}
	}
	return best
}

func (lt listTest[T]) mustKeys(t *testing.T, q adapters.Query) adapters.Keys {
	t.Helper()
	keys, err := lt.keys(lt.a, t.Context(), q)
	if err != nil {
		t.Fatalf("keys of %q: %v", q.Customers, err)
	}
	return keys
}

func (lt listTest[T]) mustRows(t *testing.T, q adapters.Query, keys adapters.Keys) ([]T, []adapters.LeftOut) {
	t.Helper()
	rows, left, err := lt.rows(lt.a, t.Context(), q, keys)
	if err != nil {
		t.Fatalf("rows of %q: %v", q.Customers, err)
	}
	return rows, left
}

func (lt listTest[T]) completeInOrder(t *testing.T) {
	for _, q := range lt.queries() {
		keys := lt.mustKeys(t, q)
		rows, left := lt.mustRows(t, q, keys)
		lt.compare(t, q, keys, rows, left)
	}
}

// inOneStep holds for adapters that can do without it as well.
func (lt listTest[T]) inOneStep(t *testing.T) {
	a, ok := lt.a.(adapters.ShortLists)
	if !ok {
		return
	}
	for _, q := range lt.queries() {
		n := len(lt.wanted(q))
		got, err := lt.short(a, t.Context(), q, n)
		if err != nil {
			t.Fatalf("customers %q: %v", q.Customers, err)
		}
		if got != nil {
			lt.compare(t, q, got.Keys, got.Items, got.LeftOut)
		}
		if got, err = lt.short(a, t.Context(), q, n-1); n > 0 && (got != nil || err != nil) {
			t.Errorf("customers %q: got %v and %v for a list of %d rows, want nothing in one step of %d", q.Customers, got, err, n, n-1)
		}
	}
}

// compare holds an answer against the expectation: the same ids in the same
// places, the same values, the same rows left out.
func (lt listTest[T]) compare(t *testing.T, q adapters.Query, keys adapters.Keys, rows []T, left []adapters.LeftOut) {
	t.Helper()
	want := lt.wanted(q)
	if len(keys) != len(want) {
		t.Errorf("customers %q: got %d keys, want %d", q.Customers, len(keys), len(want))
		return
	}
	var wantRows []T
	var wantLeft []adapters.LeftOut
	for i, w := range want {
		if keys[i].Customer != w.Customer {
			t.Errorf("key %d: got customer %q, want %q", i, keys[i].Customer, w.Customer)
		}
		if w.Item == nil {
			wantLeft = append(wantLeft, adapters.LeftOut{Row: keys[i].Row, Field: w.Left.Field, Reason: w.Left.Reason})
			continue
		}
		wantRows = append(wantRows, *w.Item)
	}
	if diff := cmp.Diff(wantLeft, left); diff != "" {
		t.Errorf("customers %q: left out (-want +got):\n%s", q.Customers, diff)
	}
	if got, want := lt.ids(rows), lt.ids(wantRows); !slices.Equal(got, want) {
		t.Errorf("customers %q: ids (-want +got):\n%s", q.Customers, cmp.Diff(want, got))
		return
	}
	shown := 0
	for i, got := range rows {
		checkSent(t, lt.schema, got)
		lt.hideAddress(t, &got)
		if diff := cmp.Diff(wantRows[i], got); diff != "" && shown < 5 {
			shown++
			t.Errorf("%s %s (-want +got):\n%s", lt.name, lt.id(got), diff)
		}
	}
}

// hideAddress replaces the address of a document by the mark the expectation
// has there.
func (lt listTest[T]) hideAddress(t *testing.T, value *T) {
	if lt.pdf == nil {
		return
	}
	address := lt.pdf(value)
	if *address == nil {
		return
	}
	if _, err := documentID(lt.kind, **address); err != nil {
		t.Error(err)
	}
	mark := WithDocument
	*address = &mark
}

func (lt listTest[T]) ids(rows []T) []string {
	ids := make([]string, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, lt.id(r))
	}
	return ids
}

func (lt listTest[T]) wellFormedKeys(t *testing.T) {
	q := lt.busiest(10000)
	keys := lt.mustKeys(t, q)
	if len(keys) == 0 {
		t.Fatal("got no keys at all")
	}
	seen := make(map[string]bool)
	for _, k := range keys {
		if k.Row == "" || strings.ContainsFunc(k.Row, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("key %q is empty or not printable", k.Row)
		}
		if seen[k.Row] {
			t.Errorf("key %q stands twice", k.Row)
		}
		seen[k.Row] = true
	}
}

func (lt listTest[T]) orderOfKeys(t *testing.T) {
	q := lt.busiest(60)
	keys := lt.mustKeys(t, q)
	forward, leftForward := lt.mustRows(t, q, keys)
	slices.Reverse(keys)
	backward, leftBackward := lt.mustRows(t, q, keys)
	slices.Reverse(backward)
	slices.Reverse(leftBackward)
	if diff := cmp.Diff(forward, backward); diff != "" {
		t.Errorf("rows of reversed keys are not the reversed rows (-forward +backward):\n%s", diff)
	}
	if diff := cmp.Diff(leftForward, leftBackward); diff != "" {
		t.Errorf("left out (-forward +backward):\n%s", diff)
	}
}

func (lt listTest[T]) pages(t *testing.T) {
	q := lt.busiest(10000)
	keys := lt.mustKeys(t, q)
	whole, leftWhole := lt.mustRows(t, q, keys)
	var parts []T
	var left []adapters.LeftOut
	for page := range slices.Chunk(keys, 37) {
		rows, l := lt.mustRows(t, q, page)
		parts, left = append(parts, rows...), append(left, l...)
	}
	if diff := cmp.Diff(whole, parts); diff != "" {
		t.Errorf("pages differ from the whole (-whole +pages):\n%s", diff)
	}
	if diff := cmp.Diff(leftWhole, left); diff != "" {
		t.Errorf("left out (-whole +pages):\n%s", diff)
	}
}

func (lt listTest[T]) noKeys(t *testing.T) {
	rows, left := lt.mustRows(t, lt.busiest(60), adapters.Keys{})
	if len(rows) != 0 || len(left) != 0 {
		t.Errorf("got %d rows and %d left out, want none", len(rows), len(left))
	}
}

func (lt listTest[T]) keysOutlive(t *testing.T) {
	q := lt.busiest(60)
	keys := lt.mustKeys(t, q)
	want, _ := lt.mustRows(t, q, keys)
	lt.a = lt.s.fresh(t).Adapter
	got, _ := lt.mustRows(t, q, keys)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("another adapter of the same dealer reads the keys otherwise (-first +second):\n%s", diff)
	}
}

func (lt listTest[T]) deletedRow(t *testing.T) {
	subject := lt.s.fresh(t)
	lt.a = subject.Adapter
	q := lt.busiest(60)
	keys := lt.mustKeys(t, q)
	before, left := lt.mustRows(t, q, keys)
	if len(before) < 3 {
		t.Fatalf("got %d rows, want at least 3 for a gap in the middle", len(before))
	}
	gone := lt.id(before[1])
	subject.Remove(t, lt.name, gone)
	after, leftAfter := lt.mustRows(t, q, keys)
	if diff := cmp.Diff(slices.Delete(slices.Clone(before), 1, 2), after); diff != "" {
		t.Errorf("without the deleted row (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(left, leftAfter); diff != "" {
		t.Errorf("left out (-before +after):\n%s", diff)
	}
	if n := len(lt.mustKeys(t, q)); n != len(keys)-1 {
		t.Errorf("got %d keys afterwards, want %d", n, len(keys)-1)
	}
}

func (lt listTest[T]) unknownKey(t *testing.T) {
	q := lt.busiest(60)
	keys := lt.mustKeys(t, q)
	twice := append(slices.Clone(keys), keys...)
	rows, left := lt.mustRows(t, q, keys)
	if again, leftAgain := lt.mustRows(t, q, twice); len(again) != 2*len(rows) || len(leftAgain) != 2*len(left) {
		t.Errorf("keys asked twice: got %d rows and %d left out, want %d and %d", len(again), len(leftAgain), 2*len(rows), 2*len(left))
	}
	for _, row := range []string{"no such row", "", "'", "0", "../x"} {
		// An adapter may refuse a key it cannot have made, but it must not make a row of it.
		got, _, err := lt.rows(lt.a, t.Context(), q, adapters.Keys{{Row: row, Customer: keys[0].Customer}})
		if err == nil && len(got) != 0 {
			t.Errorf("key %q: got %d rows, want none", row, len(got))
		}
		if err != nil && !errors.Is(err, adapters.ErrStaleKeys) {
			t.Errorf("key %q: got %v, want a gap or ErrStaleKeys", row, err)
		}
	}
}

func (lt listTest[T]) cancelled(t *testing.T) {
	q := lt.busiest(60)
	keys := lt.mustKeys(t, q)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := lt.keys(lt.a, ctx, q); !stopped(err) {
		t.Errorf("got %d keys and %v, want the call stopped", len(got), err)
	}
	if got, _, err := lt.rows(lt.a, ctx, q, keys); !stopped(err) {
		t.Errorf("got %d rows and %v, want the call stopped", len(got), err)
	}
}

// stopped says whether err is what a call with a cancelled context may answer.
func stopped(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, adapters.ErrUnavailable)
}

func (lt listTest[T]) unknownCustomers(t *testing.T) {
	for _, c := range lt.s.want.Unknown {
		q := adapters.Query{Customers: []string{c}}
		if keys := lt.mustKeys(t, q); len(keys) != 0 {
			t.Errorf("customer %q: got %d keys, want none", c, len(keys))
		}
		known := lt.busiest(60)
		both := adapters.Query{Customers: []string{c, known.Customers[0]}}
		if got, want := len(lt.mustKeys(t, both)), len(lt.wanted(known)); got != want {
			t.Errorf("customers %q: got %d keys, want the %d of the second", both.Customers, got, want)
		}
	}
}

func (lt listTest[T]) fiveCustomers(t *testing.T) {
	for five := range slices.Chunk(lt.s.want.Customers[3:], 5) {
		q := adapters.Query{Customers: five}
		keys := lt.mustKeys(t, q)
		rows, left := lt.mustRows(t, q, keys)
		lt.compare(t, q, keys, rows, left)
	}
}

// onlyAsked hands the keys of one customer to a query for another.
func (lt listTest[T]) onlyAsked(t *testing.T) {
	mine := lt.busiest(60)
	keys := lt.mustKeys(t, mine)
	for _, c := range []string{lt.s.want.Unknown[0], "0000002"} {
		if c == mine.Customers[0] {
			continue
		}
		rows, _, err := lt.rows(lt.a, t.Context(), adapters.Query{Customers: []string{c}}, keys)
		if err == nil && len(rows) != 0 {
			t.Errorf("asking for %q with keys of %q: got %d rows, want none", c, mine.Customers[0], len(rows))
		}
	}
}

func testInvoiceOrder(t *testing.T, s *suite, r adapters.InvoiceReader) {
	for _, customer := range s.want.Customers {
		q := adapters.Query{Customers: []string{customer}}
		keys, err := r.InvoiceKeys(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		invoices, _, err := r.Invoices(t.Context(), q, keys)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(invoices); i++ {
			before, after := invoices[i-1], invoices[i]
			if before.InvoiceDate < after.InvoiceDate || before.InvoiceDate == after.InvoiceDate && before.InvoiceID <= after.InvoiceID {
				t.Errorf("%s of %s stands before %s of %s", before.InvoiceID, before.InvoiceDate, after.InvoiceID, after.InvoiceDate)
			}
		}
	}
}
