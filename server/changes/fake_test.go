package changes_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

// yard is a dealer's system without stamps. Its fields are set while nobody
// asks, which a bubble's synctest.Wait makes sure of.
type yard struct {
	mu        sync.Mutex
	customers map[string]bool
	contracts map[string]map[string]string // by customer and id: the purchase order
	invoices  map[string]map[string]string // by customer and id: the total
	scans     map[string]string            // by invoice id
	leftOut   map[string]bool              // contracts that cannot be sent
	poison    map[string]error             // by customer: what reading its contracts ends with
	fails     map[string]int               // by customer: how often reading its contracts fails yet
	away      error
	grades    map[adapters.ChangeKind]adapters.Grade
	overlap   time.Duration // that the mapping asks for
	takes     time.Duration // of every call
	during    func()        // runs inside the first row call, once
	calls     int
	rowsAsked int // the most rows one call asked for
	most      int // the most customers one call asked for
}

func newYard(kinds ...adapters.ChangeKind) *yard {
	y := &yard{
		customers: map[string]bool{}, contracts: map[string]map[string]string{}, invoices: map[string]map[string]string{},
		scans: map[string]string{}, leftOut: map[string]bool{}, poison: map[string]error{}, fails: map[string]int{}, grades: map[adapters.ChangeKind]adapters.Grade{},
	}
	for _, k := range kinds {
		y.grades[k] = adapters.SnapshotGrade
	}
	return y
}

// rent puts a contract into the yard; its customer becomes one.
func (y *yard) rent(customer, id, order string) {
	y.customers[customer] = true
	if y.contracts[customer] == nil {
		y.contracts[customer] = map[string]string{}
	}
	y.contracts[customer][id] = order
}

func (y *yard) bill(customer, id, total string) {
	y.customers[customer] = true
	if y.invoices[customer] == nil {
		y.invoices[customer] = map[string]string{}
	}
	y.invoices[customer][id] = total
}

// call is what every call begins with. Its lock orders what the test edited
// before what the call reads; see bench.pass.
func (y *yard) call(customers, rows int) error {
	y.mu.Lock()
	y.calls++
	y.most, y.rowsAsked = max(y.most, customers), max(y.rowsAsked, rows)
	takes, away := y.takes, y.away
	y.mu.Unlock()
	if takes > 0 {
		<-time.After(takes)
	}
	return away
}

// peek is the beginning of calls that cost nothing.
func (y *yard) peek() {
	y.mu.Lock()
	defer y.mu.Unlock()
}

func (y *yard) Close() error                { return nil }
func (y *yard) Check(context.Context) error { y.peek(); return y.away }

func (y *yard) ChangeGrades() map[adapters.ChangeKind]adapters.Grade { y.peek(); return y.grades }

func (y *yard) ChangeOverlap() time.Duration { return y.overlap }

func (y *yard) CustomerNumbers(context.Context) ([]string, error) {
	if err := y.call(0, 0); err != nil {
		return nil, err
	}
	var all []string
	for c := range y.customers {
		all = append(all, c)
	}
	slices.Sort(all)
	return all, nil
}

func keysOf(of map[string]map[string]string, q adapters.Query) adapters.Keys {
	var keys adapters.Keys
	for _, c := range q.Customers {
		for id := range of[c] {
			keys = append(keys, adapters.Key{Row: id, Customer: c})
		}
	}
	slices.SortFunc(keys, func(a, b adapters.Key) int { return cmp.Compare(a.Row, b.Row) })
	return keys
}

func (y *yard) ContractKeys(_ context.Context, q adapters.Query) (adapters.Keys, error) {
	if err := y.call(len(q.Customers), 0); err != nil {
		return nil, err
	}
	return keysOf(y.contracts, q), nil
}

func (y *yard) Contracts(_ context.Context, q adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	if err := y.call(len(q.Customers), len(keys)); err != nil {
		return nil, nil, err
	}
	if then := y.during; then != nil {
		y.during = nil
		then()
	}
	var items []model.Contract
	var left []adapters.LeftOut
	for _, k := range keys {
		if err := y.poison[k.Customer]; err != nil {
			return nil, nil, err
		}
		if y.fails[k.Customer] > 0 {
			y.fails[k.Customer]--
			return nil, nil, adapters.ErrUnavailable
		}
		if y.leftOut[k.Row] {
			left = append(left, adapters.LeftOut{Row: k.Row, Field: "contractType", Reason: adapters.Unmapped})
			continue
		}
		if order, ok := y.contracts[k.Customer][k.Row]; ok {
			items = append(items, model.Contract{ContractID: k.Row, CustomerID: k.Customer, PoNumber: &order})
		}
	}
	return items, left, nil
}

func (y *yard) InvoiceKeys(_ context.Context, q adapters.Query) (adapters.Keys, error) {
	if err := y.call(len(q.Customers), 0); err != nil {
		return nil, err
	}
	return keysOf(y.invoices, q), nil
}

func (y *yard) Invoices(_ context.Context, q adapters.Query, keys adapters.Keys) ([]model.Invoice, []adapters.LeftOut, error) {
	if err := y.call(len(q.Customers), len(keys)); err != nil {
		return nil, nil, err
	}
	var items []model.Invoice
	for _, k := range keys {
		if total, ok := y.invoices[k.Customer][k.Row]; ok {
			items = append(items, model.Invoice{InvoiceID: k.Row, Currency: &total})
		}
	}
	return items, nil, nil
}

func (y *yard) DocumentMarks(_ context.Context, kind adapters.DocumentKind, keys adapters.Keys) ([]adapters.DocumentMark, error) {
	if err := y.call(0, len(keys)); err != nil {
		return nil, err
	}
	var marks []adapters.DocumentMark
	for _, k := range keys {
		if mark := y.scans[k.Row]; mark != "" && kind == adapters.InvoiceDocument {
			marks = append(marks, adapters.DocumentMark{Row: k.Row, Mark: mark})
		}
	}
	return marks, nil
}

func (y *yard) Catalog(_ context.Context, customer string) ([]model.Category, []adapters.LeftOut, error) {
	return []model.Category{{CategoryID: "C1", Title: "Rates of " + customer}}, nil, y.call(1, 0)
}

// shelf keeps what a worker keeps, in memory, for several workers.
type shelf struct {
	mu      sync.Mutex
	leases  map[string]changes.Lease
	rounds  map[adapters.ChangeKind]changes.Progress
	digests map[adapters.ChangeKind]map[string]changes.Entry
	broken  error
	saves   int
	saving  func()              // runs before a batch is kept, once
	saved   func(changes.Batch) // runs after every batch
}

func newShelf() *shelf {
	return &shelf{
		leases: map[string]changes.Lease{}, rounds: map[adapters.ChangeKind]changes.Progress{},
		digests: map[adapters.ChangeKind]map[string]changes.Entry{},
	}
}

func (s *shelf) TakeLease(_ context.Context, l changes.Lease, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.leases[l.Name]; ok && held.Owner != l.Owner && held.Until.After(now) {
		return false, s.broken
	}
	s.leases[l.Name] = l
	return s.broken == nil, s.broken
}

func (s *shelf) DropLease(_ context.Context, l changes.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[l.Name].Owner == l.Owner {
		delete(s.leases, l.Name)
	}
	return s.broken
}

func (s *shelf) Progress(context.Context, string) (map[adapters.ChangeKind]changes.Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[adapters.ChangeKind]changes.Progress{}
	for k, p := range s.rounds {
		all[k] = p
	}
	return all, s.broken
}

func (s *shelf) Digests(_ context.Context, _ string, kind adapters.ChangeKind, after, upTo string, most int) ([]changes.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []changes.Entry
	for _, e := range s.digests[kind] {
		if e.Customer > after && (upTo == "" || e.Customer <= upTo) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b changes.Entry) int { return strings.Compare(a.Customer, b.Customer) })
	return all[:min(len(all), most)], s.broken
}

func (s *shelf) Save(_ context.Context, l changes.Lease, now time.Time, b changes.Batch) error {
	s.mu.Lock()
	first := s.saving
	s.saving = nil
	s.mu.Unlock()
	if first != nil {
		first()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	if held := s.leases[l.Name]; held.Owner != l.Owner || !held.Until.After(now) {
		return changes.ErrLeaseLost
	}
	s.saves++
	s.leases[l.Name] = l
	s.rounds[b.Kind] = b.Progress
	if s.digests[b.Kind] == nil {
		s.digests[b.Kind] = map[string]changes.Entry{}
	}
	for _, e := range b.Entries {
		s.digests[b.Kind][e.Customer] = e
	}
	if s.saved != nil {
		s.saved(b)
	}
	return nil
}

func (s *shelf) Forget(_ context.Context, _ string, kind adapters.ChangeKind, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, e := range s.digests[kind] {
		if e.Digest == changes.Nothing && e.Seen.Before(before) {
			delete(s.digests[kind], c)
		}
	}
	return s.broken
}

func (s *shelf) Found(_ context.Context, _ string, kinds []adapters.ChangeKind, since time.Time) ([]adapters.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []adapters.Change
	for _, kind := range kinds {
		for _, e := range s.digests[kind] {
			if since.IsZero() || !e.Seen.IsZero() && !e.Seen.Before(since) {
				found = append(found, adapters.Change{Customer: e.Customer, Kind: kind})
			}
		}
	}
	slices.SortFunc(found, func(a, b adapters.Change) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Kind, b.Kind))
	})
	return found, s.broken
}

// tally counts what a worker reports.
type tally struct {
	mu         sync.Mutex
	outcomes   map[changes.Outcome]int
	rounds     int
	suspicious int
	failures   int
	grades     map[adapters.ChangeKind]adapters.Grade
}

func (c *tally) Compared(_ string, _ adapters.ChangeKind, what changes.Outcome, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outcomes == nil {
		c.outcomes = map[changes.Outcome]int{}
	}
	c.outcomes[what] += n
}

func (c *tally) Finished(string, adapters.ChangeKind, time.Time, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rounds++
}

func (c *tally) Suspicious(string, adapters.ChangeKind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.suspicious++
}

func (c *tally) Failed(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures++
}

func (c *tally) Graded(_ string, grades map[adapters.ChangeKind]adapters.Grade) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grades = grades
}

const (
	dealer = "D100"
	every  = 30 * time.Minute
)

// bench is a yard, a shelf and what looks after them, inside a bubble whose
// time only the test moves.
type bench struct {
	t *testing.T
	*yard
	*shelf
	registry *dealers.Registry
	tally    *tally
	log      *lines
	busy     float64
	workers  int
}

// inBubble runs a test on a yard in a bubble.
func inBubble(t *testing.T, y *yard, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(&bench{t: t, yard: y, shelf: newShelf(), registry: dealers.NewRegistry(dealers.New(dealer, y)), tally: &tally{}, log: &lines{}})
	})
}

// work starts a worker; stop ends it as a process ends.
func (b *bench) work() (stop func()) {
	b.workers++
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w := changes.NewWorker(changes.Options{
		Dealer: dealer, Dealers: b.registry, Store: b.shelf, Owner: fmt.Sprint("process-", b.workers), Every: every, Busy: b.busy,
		Now: time.Now, Sleep: sleep, Log: slog.New(slog.NewTextHandler(b.log, nil)), Observer: b.tally,
	})
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("the worker ended with %v", err)
		}
	})
	b.t.Cleanup(stop)
	return stop
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass lets time go by, and everything happen that happens in it. What the test
// wrote before is seen by the worker then, and the other way round.
func (b *bench) pass(d time.Duration) time.Time {
	for _, mu := range []*sync.Mutex{&b.yard.mu, &b.shelf.mu, &b.tally.mu} {
		mu.Lock()
		mu.Unlock() //nolint:staticcheck // an empty section is the point
	}
	<-time.After(d)
	synctest.Wait()
	return time.Now()
}

// since asks what changed.
func (b *bench) since(at time.Time) []string {
	b.t.Helper()
	r := &changes.Reader{Dealer: dealer, Grader: b.yard, Store: b.shelf}
	found, _, err := r.Changes(b.t.Context(), at)
	if err != nil {
		b.t.Fatal(err)
	}
	all := []string{}
	for _, c := range found {
		all = append(all, c.Customer+" "+string(c.Kind))
	}
	return all
}

func (b *bench) want(at time.Time, want ...string) {
	b.t.Helper()
	if want == nil {
		want = []string{}
	}
	if got := b.since(at); !slices.Equal(got, want) {
		b.t.Errorf("since %s: got %v, want %v", at.Format(time.TimeOnly), got, want)
	}
}

// slow lets time go by inside a call of the worker, and asks at its end.
func (b *bench) slow(d time.Duration) time.Time {
	<-time.After(d)
	b.want(time.Now().Add(-time.Hour))
	return time.Now()
}

// lines is a log that several workers write at once.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
