package memory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// list is the rows of one endpoint, in order.
type list[T any] struct {
	name string
	rows []Row[T]
}

func newList[T any](name string, rows []Row[T]) (list[T], error) {
	l := list[T]{name: name, rows: slices.Clone(rows)}
	seen := make(map[string]bool, len(rows))
	for i, r := range l.rows {
		if r.ID == "" || seen[r.ID] {
			return l, fmt.Errorf("opening the memory adapter: %s %d: the id %q is empty or taken", name, i, r.ID)
		}
		seen[r.ID] = true
		value, err := clone(r.Value)
		if err != nil {
			return l, fmt.Errorf("opening the memory adapter: %s %q: %w", name, r.ID, err)
		}
		l.rows[i].Value = value
	}
	return l, nil
}

// keys lists the rows of the customers asked for, exactly as they are spelled;
// all rows for a query without customers.
func (l *list[T]) keys(q adapters.Query, everybody bool) adapters.Keys {
	keys := adapters.Keys{}
	for _, r := range l.rows {
		if everybody || slices.Contains(q.Customers, r.Customer) {
			keys = append(keys, adapters.Key{Row: r.ID, Customer: r.Customer})
		}
	}
	return keys
}

// read returns copies of the rows behind keys, in the order of keys. finish may
// complete a copy.
func (l *list[T]) read(q adapters.Query, everybody bool, keys adapters.Keys, finish func(id string, value *T)) ([]T, []adapters.LeftOut, error) {
	at := make(map[string]int, len(l.rows))
	for i, r := range l.rows {
		at[r.ID] = i
	}
	values := make([]T, 0, len(keys))
	var left []adapters.LeftOut
	for _, k := range keys {
		i, there := at[k.Row]
		if !there {
			continue // gone since
		}
		r := l.rows[i]
		if !everybody && !slices.Contains(q.Customers, r.Customer) {
			continue // somebody else's by now
		}
		if r.LeftOut != nil {
			left = append(left, adapters.LeftOut{Row: k.Row, Field: r.LeftOut.Field, Reason: r.LeftOut.Reason})
			continue
		}
		value, err := clone(r.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a %s: %w", l.name, err)
		}
		if finish != nil {
			finish(r.ID, &value)
		}
		values = append(values, value)
	}
	return values, left, nil
}

func (l *list[T]) remove(id string) bool {
	n := len(l.rows)
	l.rows = slices.DeleteFunc(l.rows, func(r Row[T]) bool { return r.ID == id })
	return len(l.rows) < n
}

// clone copies a value through its JSON form, which is all that is ever sent of
// it; numbers keep their digits.
func clone[T any](value T) (T, error) {
	var again T
	text, err := json.Marshal(value)
	if err != nil {
		return again, fmt.Errorf("copying: %w", err)
	}
	if err := json.Unmarshal(text, &again); err != nil {
		return again, fmt.Errorf("copying: %w", err)
	}
	return again, nil
}

// newestFirst orders invoices by date and then id, both downwards (R163). Rows
// that cannot be sent have no date and stand last.
func newestFirst(rows []Row[model.Invoice]) {
	date := func(r Row[model.Invoice]) time.Time {
		at, err := time.Parse(time.RFC3339, r.Value.InvoiceDate)
		if err != nil {
			return time.Time{}
		}
		return at
	}
	slices.SortStableFunc(rows, func(a, b Row[model.Invoice]) int {
		return cmp.Or(date(b).Compare(date(a)), strings.Compare(b.ID, a.ID))
	})
}
