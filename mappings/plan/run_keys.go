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
	// Read is told once that a list or a page was read: what is made of it asks
	// for no more rows. nil: nobody.
	Read func()
	// Memory is what the answer is made in; nil: memory of its own.
	Memory *Memory
	// FileExists says whether a file stands below the documents root.
	FileExists func(dir, name string) (bool, error)
}

// read tells that all rows were read.
func (a Asking) read() {
	if a.Read != nil {
		a.Read()
	}
}

// noting tells of joins that found several rows and of elements that cannot be
// read, by the key of the main row they hang on.
func noting(a Asking, endpoint string) func(b *branch, owner *row, reason Reason) {
	if a.Note == nil {
		return nil
	}
	return func(b *branch, owner *row, reason Reason) {
		for owner.parent != nil {
			owner = owner.parent
		}
		a.Note(endpoint, b.noted, reason, owner.key)
	}
}

// RowKey addresses one row of an endpoint.
type RowKey struct {
	Row      string
	Customer string
}

func (p *Program) env(a Asking) *env {
	e := &env{dealer: a.Dealer, documentURL: a.DocumentURL, fileExists: a.FileExists, texts: a.Memory.pieces()}
	if p.zone != nil {
		e.today = p.zone.Today(a.Now)
	} else {
		e.today = a.Now.UTC().Format(time.DateOnly)
	}
	e.scalars = e.scalarsWith(nil)
	if p.asksCustomer {
		e.asked = p.askedFor(a.Customers)
	}
	return e
}

// Keys finds the rows an endpoint shows, complete and in order. A customer
// number that nobody can have finds nothing and asks nothing.
func (p *Program) Keys(ctx context.Context, endpoint string, a Asking) ([]RowKey, error) {
	return KeysOf[RowKey](ctx, p, endpoint, a)
}

// KeysOf is Keys for who has a type of their own for them.
func KeysOf[K ~struct{ Row, Customer string }](ctx context.Context, p *Program, endpoint string, a Asking) ([]K, error) {
	l := p.lists[endpoint]
	if l == nil {
		return nil, fmt.Errorf("the mapping has no endpoint %q", endpoint)
	}
	switch {
	case l.none:
		return nil, nil
	case l.fixed != nil:
		keys := make([]K, len(l.fixed))
		for i := range l.fixed {
			keys[i] = K(RowKey{Row: encodeKey([]string{strconv.Itoa(i)})})
		}
		return keys, nil
	}
	e := p.env(a)
	defer e.blocks.release()
	e.texts = &e.blocks.texts // keys are made of the texts, which do not outlive the rows
	if l.oneByOne() {
		g := newGathering(l, e, a.Customers)
		defer g.kept.release()
		for at := range g.parts {
			if err := g.read(ctx, at, a); err != nil {
				return nil, err
			}
		}
		g.sort()
		return keysOf[K](g), nil
	}
	var all []candidate
	for at, part := range l.parts() {
		some, err := part.keys.read(ctx, e, a)
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].source = at
		}
		if all == nil {
			all = some
		} else {
			all = append(all, some...)
		}
	}
	all = once(order(all, l.parts()[0].keys.order, e), e)
	keys := make([]K, len(all))
	for i := range all {
		keys[i] = K(all[i].key())
	}
	return keys, nil
}

// oneByOne says whether every row of a list decides for itself whether it stands
// in it: rows of other statements have no say, nor has what rows are alike in.
func (l *list) oneByOne() bool {
	return !slices.ContainsFunc(l.parts(), func(part *list) bool { return !part.keys.oneByOne })
}

// runs are the values of the statements that find the rows of customers; none
// where nobody can have their numbers.
func (k *keyReader) runs(customers []string) []values {
	if k.customer == nil {
		return []values{{}}
	}
	var all []values
	for some := range slices.Chunk(k.customer.tuples(customers), maxList) {
		all = append(all, values{lists: map[listName][][]any{customerList: some}})
	}
	return all
}

func (k *keyReader) read(ctx context.Context, e *env, a Asking) ([]candidate, error) {
	x := &fetcher{q: a.Querier, env: e, note: noting(a, k.endpoint)}
	runs := k.runs(a.Customers)
	if len(runs) == 0 {
		return nil, nil
	}
	var rows []*row
	for _, v := range runs {
		some, err := x.rows(ctx, k.stmt, k.frame, v)
		if err != nil {
			return nil, err
		}
		if rows == nil {
			rows = some
		} else {
			rows = append(rows, some...)
		}
	}
	rows = k.joined(k.ofCustomers(rows, a.Customers), a.Note)
	k.encode(rows)
	if !k.lookup || len(k.frame.used) > 1 {
		rows = k.merged(rows, a.Note)
	}
	return k.candidates(ctx, x, a, rows)
}

// candidates looks at rows that have their keys. That there are none is told
// apart from tables that are empty.
func (k *keyReader) candidates(ctx context.Context, x *fetcher, a Asking, rows []*row) ([]candidate, error) {
	if len(rows) == 0 {
		return nil, k.frame.needed.there(ctx, x)
	}
	rows, err := k.needed(ctx, x, rows)
	if err != nil {
		return nil, err
	}
	found := make([]candidate, len(rows))
	for i, r := range rows {
		found[i] = candidate{row: r, keys: k}
	}
	return found, nil
}

// encode makes the keys of rows. They lie in one text, so that a long list takes
// little more than its bytes.
func (k *keyReader) encode(rows []*row) {
	size := 0
	for _, r := range rows {
		n := 0
		if k.source != "" {
			n = keyPartSize(k.source)
		}
		for _, p := range k.key {
			n += keyPartSize(r.cell(p).String())
		}
		size += base64.RawURLEncoding.EncodedLen(n)
	}
	var text strings.Builder
	text.Grow(size)
	var raw, key []byte
	for _, r := range rows {
		raw = raw[:0]
		if k.source != "" {
			raw = appendKeyPart(raw, k.source)
		}
		for _, p := range k.key {
			raw = appendKeyPart(raw, r.cell(p).String())
		}
		key = base64.RawURLEncoding.AppendEncode(key[:0], raw)
		from := text.Len()
		text.Write(key)
		r.key = text.String()[from:]
	}
}

// needed keeps the rows that filters on fetched child rows let through.
func (k *keyReader) needed(ctx context.Context, x *fetcher, rows []*row) ([]*row, error) {
	if len(k.needs) == 0 {
		return rows, nil
	}
	if err := x.branches(ctx, k.frame, rows); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r *row) bool {
		return slices.ContainsFunc(k.needs, func(n need) bool {
			got := n.get(r, x.env)
			if !got.state.Bad() {
				return !n.holds(got)
			}
			x.noted(&branch{noted: n.noted}, r, Unreadable) // what cannot be added up hides no row
			return false
		})
	}), nil
}

// ofCustomers keeps the rows whose customer number is, byte for byte, one of
// those asked for: the server's comparison is looser.
func (k *keyReader) ofCustomers(rows []*row, asked []string) []*row {
	if k.customer == nil {
		return rows
	}
	theirs := newBelonging(k.customer, asked)
	return slices.DeleteFunc(rows, func(r *row) bool {
		place, ok := theirs.of(r)
		if ok {
			r.number = asked[place] // it outlives the row
		}
		return !ok
	})
}

// merged lets every key stand once. A join that found several rows is noted.
func (k *keyReader) merged(rows []*row, note Noter) []*row {
	seen := newPairing(len(rows))
	var id []byte
	return slices.DeleteFunc(rows, func(r *row) bool {
		id = appendPart(appendPart(id[:0], r.key), r.number)
		if _, isNew := seen.add(id); isNew {
			return false
		}
		if note != nil {
			note(k.endpoint, "key", Duplicate, r.key)
		}
		return true
	})
}

// writeValues adds what evaluators make of a row; false where one is missing.
func writeValues(id *strings.Builder, gets []evaluator, r *row, e *env) bool {
	for _, get := range gets {
		got := get(r, e)
		if got.state != convert.Present {
			return false
		}
		writePart(id, got.text)
	}
	return true
}

// encodeCells makes a row's key of its key columns; where several sources make
// up a list, the source stands before them.
func encodeCells(source string, r *row, places []place) string {
	texts := make([]string, 0, len(places)+1)
	if source != "" {
		texts = append(texts, source)
	}
	for _, p := range places {
		texts = append(texts, r.cell(p).String())
	}
	return encodeKey(texts)
}

// encodeKey makes a printable key of texts; no two lists of texts have the
// same one.
func encodeKey(texts []string) string {
	var raw []byte
	for _, text := range texts {
		raw = appendKeyPart(raw, text)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func appendKeyPart[T string | []byte](raw []byte, text T) []byte {
	raw = binary.AppendUvarint(raw, uint64(len(text)))
	return append(raw, text...)
}

// keyPartSize is how many bytes appendKeyPart adds.
func keyPartSize(text string) int {
	var length [binary.MaxVarintLen64]byte
	return binary.PutUvarint(length[:], uint64(len(text))) + len(text)
}

// decodeKey takes a key apart into n texts.
func decodeKey(key string, n int) ([]string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(key)
	// One spelling of a key is valid: the decoder passes over line ends, and a
	// length could be written with more bytes than it takes.
	if err != nil || base64.RawURLEncoding.EncodedLen(len(raw)) != len(key) {
		return nil, ErrStaleKey
	}
	all := string(raw)
	texts := make([]string, 0, n)
	for len(raw) > 0 {
		size, used := binary.Uvarint(raw)
		if used <= 0 || size > uint64(len(raw)-used) || used > 1 && raw[used-1] == 0 || len(texts) == n {
			return nil, ErrStaleKey
		}
		from := len(all) - len(raw) + used
		texts = append(texts, all[from:from+int(size)])
		raw = raw[used+int(size):]
	}
	if len(texts) != n {
		return nil, ErrStaleKey
	}
	return texts, nil
}
