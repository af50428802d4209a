// Package sweep owns the page numbers of a pull: it keeps the key list a sweep
// was started with, so that every page is cut from the same list and a row that
// stands throughout is sent exactly once, whatever changes meanwhile.
//
// It stands above every adapter and knows no HTTP and no database. What it
// keeps is keys, never rows.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// The errors of this package. Test with errors.Is.
var (
	// ErrGone: the key list of the sweep is not there any more, and a new one
	// could contradict pages that were served. The caller starts at page 0.
	ErrGone = errors.New("the key list of this sweep is gone")
	// ErrTooManyLeftOut: so many rows cannot be sent that the mapping must be
	// broken. Nothing of the page may be used.
	ErrTooManyLeftOut = errors.New("too many rows cannot be sent")
	// ErrWrongRows: the dealer's system answered with rows nobody asked for.
	ErrWrongRows = errors.New("the dealer's system answered with rows that were not asked for")
)

// Request asks for one page.
type Request struct {
	Dealer, Client string
	Endpoint       string // as in the address: "contract"
	Query          adapters.Query
	Page           int64 // from 0
	Size           int64 // rows a page, at least 1
	// LeaveOutAtMost is the share of the sweep's rows that may be left out.
	LeaveOutAtMost float64

	name string // what group returns, once it was asked
}

// group names the sweeps whose pages could be taken for each other's. No part
// can hold a NUL: dealer and client come from configuration, customer numbers
// are checked for it when they are read from the address.
func (r Request) group() string {
	if r.name != "" {
		return r.name
	}
	parts := append([]string{r.Dealer, r.Client, r.Endpoint, strconv.FormatInt(r.Size, 10)}, r.Query.Customers...)
	return strings.Join(parts, "\x00")
}

// Source is one paged capability of a dealer's system, as adapters describe it.
type Source[T any] struct {
	Keys func(context.Context, adapters.Query) (adapters.Keys, error)
	Rows func(context.Context, adapters.Query, adapters.Keys) ([]T, []adapters.LeftOut, error)
	// Short reads a list that has at most so many rows with its rows; nil where
	// it is longer. Without Short lists are always read in the two steps.
	Short func(context.Context, adapters.Query, int) (*adapters.ShortList[T], error)
}

// inOne is the source of a page 0 that tries to get the page with its list.
func (s Source[T]) inOne(size int64) Source[T] {
	if s.Short == nil {
		return s
	}
	var list *adapters.ShortList[T]
	one := s
	one.Keys = func(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
		var err error
		if list, err = s.Short(ctx, q, int(size)); err != nil {
			return nil, err
		}
		if list != nil {
			return list.Keys, nil
		}
		return s.Keys(ctx, q)
	}
	one.Rows = func(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]T, []adapters.LeftOut, error) {
		if list != nil {
			return list.Items, list.LeftOut, nil
		}
		return s.Rows(ctx, q, keys)
	}
	return one
}

// Page is one page of a sweep.
type Page[T any] struct {
	Items   []T // never nil
	Total   int64
	LeftOut []adapters.LeftOut
	// Undo takes back that this page was served; for a caller who learns that
	// the answer did not get through. It may be called once, or not at all.
	Undo func()
}

// Options configure Sweeps; zero values stand for the defaults.
type Options struct {
	Now      func() time.Time
	Bytes    int64         // what all key lists of the process may take, estimated; 64 MiB
	Idle     time.Duration // how long a list outlives its last use; 30 minutes
	Restart  time.Duration // a pause after which a new page 0 means a sweep was given up; 30 seconds
	Remember time.Duration // how long a lost list is remembered; 24 hours
	Beside   int           // lists of one client and query side by side; 4
	Store    Store         // where lists outlive the process; nil: nowhere
	Patience time.Duration // how long the store may take for one thing; 2 seconds
	Observer Observer      // nil: nobody
}

// Observer is told what happens to key lists. It must not block.
type Observer interface {
	// Happened says that something happened on a dealer's endpoint.
	Happened(dealer, endpoint string, what Event)
	// Held says how many lists are in memory, and their estimated size.
	Held(lists int, bytes int64)
}

// Event is something worth counting.
type Event string

// The events.
const (
	Made     Event = "made"     // a key list for a page 0
	Remade   Event = "remade"   // a key list for a later page that nobody knew
	Restored Event = "restored" // key lists read from the store
	Dropped  Event = "dropped"  // an unfinished list, for age, room or a new mapping
	Refused  Event = "refused"  // a page answered ErrGone
	Alerted  Event = "alerted"  // a page answered ErrTooManyLeftOut
	Unkept   Event = "unkept"   // the store failed; the list lives in memory only
)

type nobody struct{}

func (nobody) Happened(string, string, Event) {}
func (nobody) Held(int, int64)                {}

// Get serves one page. Errors are those of the source, unchanged in kind, and
// those of this package.
func Get[T any](ctx context.Context, s *Sweeps, r Request, src Source[T]) (Page[T], error) {
	if r.Size < 1 || r.Page < 0 {
		return Page[T]{}, fmt.Errorf("page %d of size %d cannot be cut", r.Page, r.Size)
	}
	if r.Page == 0 {
		src = src.inOne(r.Size)
	}
	r.name = r.group()
	for stale, taken := 0, 0; ; {
		p, err := get(ctx, s, r, src)
		switch {
		case errors.Is(err, errTaken) && taken < mostTaken:
			taken++
		case errors.Is(err, errTaken):
			s.observe(r, Refused)
			return Page[T]{}, fmt.Errorf("page %d: %w: %w", r.Page, ErrGone, err)
		case r.Page == 0 && stale == 0 && errors.Is(err, adapters.ErrStaleKeys):
			// A list made a moment ago can only be stale because the mapping was
			// replaced in between: page 0 may simply start over.
			stale++
		default:
			return p, err
		}
	}
}

// errTaken: another process took the page of the list while it was read here,
// for another sweep.
var errTaken = errors.New("another process serves the page")

// mostTaken bounds how often another list is looked for.
const mostTaken = 8

func get[T any](ctx context.Context, s *Sweeps, r Request, src Source[T]) (Page[T], error) {
	tk, err := s.find(ctx, r, src.Keys)
	if err != nil {
		return Page[T]{}, err
	}
	keys := tk.keys
	if len(keys) == 0 && r.Page > 0 { // past the end
		return Page[T]{Items: []T{}, Total: tk.list.total, Undo: func() {}}, nil
	}
	lost := s.claim(ctx, r, tk)
	var items []T
	var left []adapters.LeftOut
	if len(keys) > 0 {
		if items, left, err = src.Rows(ctx, r.Query, keys); err == nil {
			err = fits(len(keys), len(items), len(left))
		}
	}
	if lost() {
		return Page[T]{}, errTaken
	}
	if err == nil {
		// Nobody waits for the page any more: the caller has not read it, and
		// its list must not stand beside that of the next try.
		err = ctx.Err()
	}
	if err != nil {
		stale := errors.Is(err, adapters.ErrStaleKeys)
		s.failed(ctx, tk, stale)
		if stale && r.Page > 0 {
			s.observe(r, Refused)
			return Page[T]{}, fmt.Errorf("page %d: %w: %w", r.Page, ErrGone, err)
		}
		return Page[T]{}, fmt.Errorf("reading page %d: %w", r.Page, err)
	}
	if s.tooMany(tk, len(items), len(left), r.LeaveOutAtMost) {
		s.failed(ctx, tk, false)
		s.observe(r, Alerted)
		return Page[T]{}, fmt.Errorf("page %d, %d of %d rows: %w", r.Page, len(left), len(keys), ErrTooManyLeftOut)
	}
	if !s.served(ctx, tk, len(left)) {
		return Page[T]{}, errTaken
	}
	if items == nil {
		items = []T{}
	}
	return Page[T]{
		Items: items, Total: tk.list.total, LeftOut: left, Undo: func() { s.failed(ctx, tk, false) },
	}, nil
}

// fewCustomers are looked through as fast as they are found in a table.
const fewCustomers = 8

// owned refuses a key list that holds a customer nobody asked for (R136).
func owned(q adapters.Query, keys adapters.Keys) error {
	if len(q.Customers) == 0 {
		return nil
	}
	asked := func(number string) bool { return slices.Contains(q.Customers, number) }
	if len(q.Customers) > fewCustomers && len(keys) > len(q.Customers) {
		theirs := make(map[string]struct{}, len(q.Customers))
		for _, number := range q.Customers {
			theirs[number] = struct{}{}
		}
		asked = func(number string) bool { _, ok := theirs[number]; return ok }
	}
	before := q.Customers[0] // neighbours are often of one customer
	for _, k := range keys {
		if k.Customer == before {
			continue
		}
		if !asked(k.Customer) {
			return fmt.Errorf("the key list holds another customer: %w", ErrWrongRows)
		}
		before = k.Customer
	}
	return nil
}

// fits refuses an answer of more rows than there were keys.
func fits(keys, items, left int) error {
	if items+left > keys {
		return fmt.Errorf("%d rows and %d left out for %d keys: %w", items, left, keys, ErrWrongRows)
	}
	return nil
}

// TooManyLeftOut says whether so many rows of total were left out that the
// mapping must be broken: more than the share, and more than one.
func TooManyLeftOut(left, total int64, share float64) bool {
	return left > 1 && float64(left) > share*float64(total)
}
