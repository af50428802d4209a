package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

// walk is one round of one kind, or what is left of it.
type walk struct {
	*Worker
	kind     adapters.ChangeKind
	progress Progress
	lease    Lease
	renewed  time.Time
	owed     time.Duration // pauses not taken yet
	listed   []string      // all customers
}

// longestNumber bounds customer numbers, in bytes; the API's own are shorter.
const longestNumber = 255

// run takes batches until the round is complete.
func (w *walk) run(ctx context.Context) error {
	if !w.progress.Walking {
		w.progress = Progress{
			Round: w.progress.Round + 1, Started: w.o.Now(), Walking: true,
			Finished: w.progress.Finished, Baseline: w.progress.Baseline,
		}
	}
	err := w.asking(ctx, func(ctx context.Context, d *dealers.Dealer) (err error) {
		if d.Numbers == nil {
			return fmt.Errorf("the dealer's system cannot list its customers: %w", adapters.ErrMapping)
		}
		w.listed, err = d.Numbers.CustomerNumbers(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the customers: %w", err)
	}
	w.listed = slices.DeleteFunc(w.listed, func(number string) bool { return number == "" || len(number) > longestNumber })
	for w.progress.Walking {
		if err := w.batch(ctx); err != nil {
			return err
		}
	}
	w.ended(ctx)
	return w.forget(ctx)
}

// batch compares the next customers and keeps what came of it.
func (w *walk) batch(ctx context.Context) error {
	if err := w.still(); err != nil {
		return err
	}
	customers, upTo, kept, last, err := w.next(ctx)
	if err != nil {
		return err
	}
	r := &reading{asking: w.asking, kind: w.kind, customers: customers}
	if len(customers) > 0 {
		if err := r.read(ctx); err != nil {
			if !w.giveUp(ctx, customers, err) {
				return err
			}
			r.digests, r.unread = nil, map[string]bool{customers[0]: true}
		}
	}
	b := Batch{Dealer: w.o.Dealer, Kind: w.kind, Progress: w.progress}
	counts := w.compare(r, kept, &b)
	b.Progress.Cursor = upTo
	if last {
		now := w.o.Now()
		b.Progress.Walking, b.Progress.Cursor, b.Progress.Finished = false, "", now
		if b.Progress.Baseline.IsZero() {
			b.Progress.Baseline = now
		}
	}
	if err := w.save(ctx, b); err != nil {
		return err
	}
	w.progress, w.failures, w.alone, w.stuck = b.Progress, 0, max(w.alone-1, 0), ""
	for what, n := range counts {
		w.o.Observer.Compared(w.o.Dealer, w.kind, what, n)
	}
	return nil
}

// still says whether the mapping in force wants this kind compared.
func (w *walk) still() error {
	d, leave, err := w.enter()
	if err != nil {
		return err
	}
	defer leave()
	if !slices.Contains(comparedKinds(grades(d.Grader, d.Changes)), w.kind) {
		return fmt.Errorf("the mapping does not compare %s any more: %w", w.kind, adapters.ErrStaleKeys)
	}
	return nil
}

// next gives the customers of the next batch, the number it reaches up to, and
// what is kept of customers up to there. last says that it ends the round.
func (w *walk) next(ctx context.Context) (customers []string, upTo string, kept []Entry, last bool, err error) {
	size := customersAtOnce
	if w.alone > 0 {
		size = 1
	}
	from := sort.Search(len(w.listed), func(i int) bool { return w.listed[i] > w.progress.Cursor })
	rest := w.listed[from:]
	last = len(rest) <= size
	if !last {
		rest = rest[:size]
		upTo = rest[size-1]
	}
	kept, err = w.o.Store.Digests(ctx, w.o.Dealer, w.kind, w.progress.Cursor, upTo, digestsAtOnce)
	if err != nil {
		return nil, "", nil, false, fmt.Errorf("reading the digests kept: %w", err)
	}
	if len(kept) == digestsAtOnce { // there may be more: go only as far as these
		last, upTo = false, kept[len(kept)-1].Customer
		rest = rest[:sort.Search(len(rest), func(i int) bool { return rest[i] > upTo })]
	}
	return rest, upTo, kept, last, nil
}

// giveUp says whether the round goes on without a customer: it has failed alone
// often enough, while the system says it is well. Otherwise the next try is
// with one customer at a time.
func (w *walk) giveUp(ctx context.Context, customers []string, cause error) bool {
	if ctx.Err() != nil || errors.Is(cause, ErrLeaseLost) {
		return false
	}
	if at := string(w.kind) + "/" + w.progress.Cursor; w.stuck != at {
		w.stuck, w.failures = at, 0
	}
	if w.alone == 0 || len(customers) > 1 || w.failures < triesAlone {
		w.alone = customersAtOnce
		return false
	}
	err := w.asking(ctx, func(ctx context.Context, d *dealers.Dealer) error { return d.Check(ctx) })
	if err != nil {
		return false
	}
	w.o.Log.WarnContext(ctx, "a customer cannot be read; the others are compared without it", "kind", w.kind, "err", cause)
	return true
}

// compare fills the batch with what differs and counts.
func (w *walk) compare(r *reading, kept []Entry, b *Batch) map[Outcome]int {
	warming := w.progress.Baseline.IsZero()
	now := w.o.Now()
	counts := map[Outcome]int{}
	before := make(map[string]Digest, len(kept))
	for _, e := range kept {
		before[e.Customer] = e.Digest
	}
	one := func(customer string, digest Digest, unread bool) {
		old := before[customer]
		delete(before, customer)
		switch {
		case unread:
			counts[Unread]++
			b.Progress.Unread++
			return
		case warming:
			counts[First]++
			if digest != Nothing {
				b.Entries = append(b.Entries, Entry{Customer: customer, Digest: digest})
			}
			return
		}
		if old != Nothing {
			b.Progress.Compared++
		}
		if digest == old {
			counts[Same]++
			return
		}
		counts[Changed]++
		if old != Nothing {
			b.Progress.Changed++
		}
		b.Entries = append(b.Entries, Entry{Customer: customer, Digest: digest, Seen: now})
	}
	for _, customer := range r.customers {
		one(customer, r.digests[customer], r.unread[customer])
	}
	for _, e := range kept { // who is left is gone
		if _, gone := before[e.Customer]; gone {
			one(e.Customer, Nothing, false)
		}
	}
	return counts
}

// save keeps a batch. What was found is told with a time just before, and Margin
// covers how long keeping it may take.
func (w *walk) save(ctx context.Context, b Batch) error {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	now := w.o.Now()
	w.lease.Until = now.Add(leaseLife)
	for i := range b.Entries {
		if !b.Entries[i].Seen.IsZero() {
			b.Entries[i].Seen = now
		}
	}
	if err := w.o.Store.Save(ctx, w.lease, now, b); err != nil {
		return fmt.Errorf("keeping what was found: %w", err)
	}
	w.renewed = now
	return nil
}

// ended reports a complete round.
func (w *walk) ended(ctx context.Context) {
	p := w.progress
	took := p.Finished.Sub(p.Started)
	w.o.Observer.Finished(w.o.Dealer, w.kind, p.Finished, took)
	attrs := []any{
		"kind", w.kind, "round", p.Round, "customers", len(w.listed),
		"compared", p.Compared, "changed", p.Changed, "unread", p.Unread, "took", took.Round(time.Millisecond),
	}
	switch {
	case p.Finished.Equal(p.Baseline):
		w.o.Log.InfoContext(ctx, "the first comparison is complete; changes are told from now on", attrs...)
	default:
		w.o.Log.DebugContext(ctx, "a comparison is complete", attrs...)
	}
	most := p.Compared >= enough && 2*p.Changed > p.Compared && w.kind != adapters.CatalogChange
	if most || p.Unread >= enough && 2*p.Unread > int64(len(w.listed)) {
		w.o.Observer.Suspicious(w.o.Dealer, w.kind)
		w.o.Log.ErrorContext(ctx, "more than half of the customers changed or cannot be read; look at the tables and the mapping", attrs...)
	}
}

func (w *walk) forget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	if err := w.o.Store.Forget(ctx, w.o.Dealer, w.kind, w.o.Now().Add(-forgetAfter)); err != nil {
		return fmt.Errorf("forgetting customers that are long gone: %w", err)
	}
	return nil
}

// asking calls a capability of the dealer in force and pauses afterwards in
// proportion to the time it took: a system that answers slowly is asked less.
func (w *walk) asking(ctx context.Context, ask func(context.Context, *dealers.Dealer) error) error {
	d, leave, err := w.enter()
	if err != nil {
		return err
	}
	started := w.o.Now()
	err = func() error {
		defer leave()
		limited, cancel := context.WithTimeout(ctx, callLimit)
		defer cancel()
		return ask(limited, d)
	}()
	if took := w.o.Now().Sub(started); took > 0 {
		w.owed += time.Duration(float64(took) * (1 - w.o.Busy) / w.o.Busy)
	}
	if berr := w.breathe(ctx); berr != nil {
		return errors.Join(err, berr)
	}
	return err
}

// breathe takes the pauses owed and keeps the lease.
func (w *walk) breathe(ctx context.Context) error {
	for w.owed >= shortestBreath {
		pause := min(w.owed, longestBreath)
		w.owed -= pause
		if err := w.keep(ctx); err != nil {
			return err
		}
		if err := w.o.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return w.keep(ctx)
}

// keep prolongs the lease in good time.
func (w *walk) keep(ctx context.Context) error {
	if w.o.Now().Sub(w.renewed) < leaseLife/4 {
		return nil
	}
	got, err := w.take(ctx, &w.lease)
	if err != nil {
		return err
	}
	if !got {
		return ErrLeaseLost
	}
	w.renewed = w.o.Now()
	return nil
}
