package plan

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// ErrStaleKey says that a row key was not made by this program.
var ErrStaleKey = errors.New("the key does not fit the mapping")

// ErrBadRow says that a row cannot be sent and the mapping says to fail then. The text
// names endpoint, field and reason, never a value.
var ErrBadRow = errors.New("a row cannot be sent")

// Asking is what one request brings along.
type Asking struct {
	Querier     Querier
	Dealer      string
	Now         time.Time
	Customers   []string // dealer customer numbers as they were asked for
	Note        Noter
	DocumentURL func(kind, id string) string // nil: no document is announced
	// FileExists says whether a file stands below the documents root.
	FileExists func(dir, name string) (bool, error)
}

// RowKey addresses one row of an endpoint.
type RowKey struct {
	Row      string
	Customer string
}

func (p *Program) env(a Asking) *env {
	e := &env{dealer: a.Dealer, documentURL: a.DocumentURL, fileExists: a.FileExists}
	if p.zone != nil {
		e.today = p.zone.Today(a.Now)
	} else {
		e.today = a.Now.UTC().Format(time.DateOnly)
	}
	return e
}

// Keys finds the rows an endpoint shows, complete and in order. A customer
// number that nobody can have finds nothing and asks nothing.
func (p *Program) Keys(ctx context.Context, endpoint string, a Asking) ([]RowKey, error) {
	l := p.lists[endpoint]
	if l == nil {
		return nil, fmt.Errorf("the mapping has no endpoint %q", endpoint)
	}
	switch {
	case l.none:
		return nil, nil
	case l.fixed != nil:
		keys := make([]RowKey, len(l.fixed))
		for i := range l.fixed {
			keys[i] = RowKey{Row: encodeKey([]string{strconv.Itoa(i)})}
		}
		return keys, nil
	}
	return l.keys.read(ctx, p.env(a), a)
}

func (k *keyReader) read(ctx context.Context, e *env, a Asking) ([]RowKey, error) {
	x := &fetcher{q: a.Querier, env: e}
	var rows []*row
	if k.customer == nil {
		all, err := x.rows(ctx, k.stmt, k.frame, values{})
		if err != nil {
			return nil, err
		}
		rows = all
	} else {
		tuples := k.customer.tuples(a.Customers)
		for start := 0; start < len(tuples); start += maxList {
			v := values{lists: map[listName][][]any{customerList: tuples[start:min(start+maxList, len(tuples))]}}
			some, err := x.rows(ctx, k.stmt, k.frame, v)
			if err != nil {
				return nil, err
			}
			rows = append(rows, some...)
		}
	}
	rows = k.ofCustomers(rows, a.Customers)
	for _, r := range rows {
		r.key = encodeCells(r, k.key)
	}
	if !k.lookup || len(k.frame.used) > 1 {
		rows = k.merged(rows, a.Note)
	}
	k.sort(rows, e)
	rows = k.once(rows, e)
	keys := make([]RowKey, len(rows))
	for i, r := range rows {
		keys[i] = RowKey{Row: r.key, Customer: r.number}
	}
	return keys, nil
}

// ofCustomers keeps the rows whose customer number is, byte for byte, one of
// those asked for: the server's comparison is looser.
func (k *keyReader) ofCustomers(rows []*row, asked []string) []*row {
	if k.customer == nil {
		return rows
	}
	return slices.DeleteFunc(rows, func(r *row) bool {
		number, state := k.customer.of(r)
		r.number = number
		return state != convert.Present || !slices.Contains(asked, number)
	})
}

// merged lets every key stand once. A join that found several rows is noted.
func (k *keyReader) merged(rows []*row, note Noter) []*row {
	first := make(map[string]*row, len(rows))
	return slices.DeleteFunc(rows, func(r *row) bool {
		id := r.key + " " + r.number
		if first[id] == nil {
			first[id] = r
			return false
		}
		if note != nil {
			note(k.endpoint, "", Duplicate, r.key)
		}
		return true
	})
}

// sort orders by the converted values, then by the bytes of the key columns.
func (k *keyReader) sort(rows []*row, e *env) {
	type sortable struct {
		r      *row
		values []value
		tie    string
	}
	all := make([]sortable, len(rows))
	for i, r := range rows {
		all[i] = sortable{r: r, values: make([]value, len(k.order))}
		for n, key := range k.order {
			all[i].values[n] = key.get(r, e)
		}
		var tie strings.Builder
		for _, p := range k.key {
			tie.WriteString(r.cell(p).String())
			tie.WriteByte(0)
		}
		all[i].tie = tie.String()
	}
	slices.SortStableFunc(all, func(a, b sortable) int {
		for n, key := range k.order {
			if by := key.compare(a.values[n], b.values[n]); by != 0 {
				return by
			}
		}
		if by := strings.Compare(a.tie, b.tie); by != 0 {
			return by
		}
		return strings.Compare(a.r.number, b.r.number)
	})
	for i := range all {
		rows[i] = all[i].r
	}
}

// once lets rows with the same distinct values stand once, the first in order.
// Rows of which such a value is not known are not taken for the same.
func (k *keyReader) once(rows []*row, e *env) []*row {
	if len(k.distinct) == 0 {
		return rows
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(r *row) bool {
		var id strings.Builder
		writePart(&id, r.number)
		for _, get := range k.distinct {
			got := get(r, e)
			if got.state != convert.Present {
				return false
			}
			writePart(&id, got.text)
		}
		again := seen[id.String()]
		seen[id.String()] = true
		return again
	})
}

func encodeCells(r *row, places []place) string {
	texts := make([]string, len(places))
	for i, p := range places {
		texts[i] = r.cell(p).String()
	}
	return encodeKey(texts)
}

// encodeKey makes a printable key of texts; no two lists of texts have the
// same one.
func encodeKey(texts []string) string {
	var raw []byte
	for _, text := range texts {
		raw = binary.AppendUvarint(raw, uint64(len(text)))
		raw = append(raw, text...)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// decodeKey takes a key apart into n texts.
func decodeKey(key string, n int) ([]string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if err != nil {
		return nil, ErrStaleKey
	}
	var texts []string
	for len(raw) > 0 {
		size, used := binary.Uvarint(raw)
		if used <= 0 || size > uint64(len(raw)-used) {
			return nil, ErrStaleKey
		}
		texts = append(texts, string(raw[used:used+int(size)]))
		raw = raw[used+int(size):]
	}
	if len(texts) != n || encodeKey(texts) != key {
		return nil, ErrStaleKey
	}
	return texts, nil
}
