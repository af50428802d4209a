package sweep

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Store keeps key lists of more than one page beyond the life of a process, and
// shares them with other processes of the same gateway. It forgets lists by
// itself when nobody has used them for longer than sweeps live.
type Store interface {
	// Keep stores a new list with its packed keys.
	Keep(ctx context.Context, l Stored, packed []byte) error
	// Note stores that a page was served, with the rows left out on it, or
	// that it was not served after all.
	Note(ctx context.Context, id string, page ServedPage, served bool) error
	// Lists returns the lists of a group, oldest first.
	Lists(ctx context.Context, group string) ([]Stored, error)
	// Keys returns the packed keys of a list.
	Keys(ctx context.Context, id string) ([]byte, error)
	// Drop forgets a list; an unknown one is no error.
	Drop(ctx context.Context, id string) error
}

// Stored is a list as the store has it.
type Stored struct {
	ID    string
	Group string // a hash; says nothing of dealer, client or customers
	Birth time.Time
	Total int64
	Size  int64
	Pages []ServedPage
}

// ServedPage is a page that was served.
type ServedPage struct {
	Page, LeftOut int64
}

func storeGroup(group string) string {
	sum := sha256.Sum256([]byte(group))
	return hex.EncodeToString(sum[:])
}

// keep writes a served page to the store, and the list before it if it is new
// there. A store that fails costs the list its life beyond the process, not the
// caller the page.
func (s *Sweeps) keep(ctx context.Context, l *keyList, page, left int64, isNew bool) {
	if isNew {
		packed, err := Pack(l.keys)
		if err == nil {
			err = s.o.Store.Keep(ctx, Stored{
				ID: l.id, Group: storeGroup(l.group), Birth: l.birth, Total: l.total, Size: l.size,
			}, packed)
		}
		if err != nil {
			s.observe(l.about, Unkept)
			return
		}
	}
	s.note(ctx, l, page, left, true)
}

func (s *Sweeps) note(ctx context.Context, l *keyList, page, left int64, served bool) {
	if err := s.o.Store.Note(ctx, l.id, ServedPage{Page: page, LeftOut: left}, served); err != nil {
		s.observe(l.about, Unkept)
	}
}

func (s *Sweeps) discard(ctx context.Context, l *keyList) {
	if err := s.o.Store.Drop(ctx, l.id); err != nil {
		s.observe(l.about, Unkept)
	}
}

// restore takes over what other processes, or an earlier one, know of the
// sweeps a request may belong to.
func (s *Sweeps) restore(ctx context.Context, r Request) error {
	if s.o.Store == nil {
		return nil
	}
	stored, err := s.o.Store.Lists(ctx, storeGroup(r.group()))
	if err != nil {
		return fmt.Errorf("reading kept key lists: %w", err)
	}
	for _, h := range stored {
		if s.adopt(r, h) {
			continue
		}
		packed, err := s.o.Store.Keys(ctx, h.ID)
		if err != nil {
			return fmt.Errorf("reading a kept key list: %w", err)
		}
		keys, err := Unpack(packed)
		if err != nil {
			return fmt.Errorf("reading a kept key list: %w", err)
		}
		if int64(len(keys)) != h.Total || h.Size != r.Size {
			return errors.New("a kept key list does not fit its description")
		}
		s.revive(r, h, keys)
	}
	return nil
}

// adopt takes over the progress of a list that is in memory already.
func (s *Sweeps) adopt(r Request, h Stored) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.groups[r.group()] {
		if l.id == h.ID {
			l.progress(h.Pages)
			return true
		}
	}
	return false
}

// revive puts a list from the store into memory.
func (s *Sweeps) revive(r Request, h Stored, keys adapters.Keys) {
	l := newList(r, keys, h.Birth, h.ID)
	l.stored = true
	l.progress(h.Pages)
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.groups[l.group], func(o *keyList) bool { return o.id == h.ID }) {
		return
	}
	s.uses++
	l.born, l.used, l.last = s.uses, s.uses, s.o.Now()
	s.observe(r, Restored)
	s.add(l)
	slices.SortStableFunc(s.groups[l.group], func(a, b *keyList) int {
		return cmp.Or(a.birth.Compare(b.birth), cmp.Compare(a.born, b.born))
	})
}

// progress marks pages as served.
func (l *keyList) progress(pages []ServedPage) {
	for _, p := range pages {
		if p.Page < 0 || !l.has(p.Page) || l.pages[p.Page].done {
			continue
		}
		l.pages[p.Page] = pageState{taken: true, done: true, left: p.LeftOut}
		l.done++
		l.left += p.LeftOut
	}
}

// packVersion is the first byte of a packed key list.
const packVersion = 1

// maxPacked bounds what one list may unpack to, in bytes, so that a damaged one
// cannot take all memory.
const maxPacked = 1 << 30

// Pack writes a key list small: compressed, each customer's number once in a
// row.
func Pack(keys adapters.Keys) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte(packVersion)
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("packing a key list: %w", err)
	}
	raw := binary.AppendUvarint(nil, uint64(len(keys)))
	before := ""
	for i, k := range keys {
		raw = appendText(raw, k.Row)
		if i > 0 && k.Customer == before {
			raw = append(raw, 0)
		} else {
			raw = appendText(append(raw, 1), k.Customer)
		}
		before = k.Customer
	}
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("packing a key list: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing a key list: %w", err)
	}
	return out.Bytes(), nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errPacked = errors.New("the packed key list is damaged")

// Unpack reads what Pack wrote. Damaged bytes are an error, never a short list.
func Unpack(packed []byte) (adapters.Keys, error) {
	if len(packed) == 0 || packed[0] != packVersion {
		return nil, errPacked
	}
	r := flate.NewReader(bytes.NewReader(packed[1:]))
	raw, err := io.ReadAll(io.LimitReader(r, maxPacked))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	n, raw, ok := cutNumber(raw)
	if !ok || n > uint64(len(raw)) { // each key takes at least two bytes
		return nil, errPacked
	}
	keys := make(adapters.Keys, n)
	for i := range keys {
		if keys[i].Row, raw, ok = cutText(raw); !ok || len(raw) == 0 {
			return nil, errPacked
		}
		own := raw[0]
		raw = raw[1:]
		switch {
		case own == 0 && i > 0:
			keys[i].Customer = keys[i-1].Customer
		case own == 1:
			if keys[i].Customer, raw, ok = cutText(raw); !ok {
				return nil, errPacked
			}
		default:
			return nil, errPacked
		}
	}
	if len(raw) > 0 {
		return nil, errPacked
	}
	return keys, nil
}

func cutNumber(b []byte) (uint64, []byte, bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 {
		return 0, nil, false
	}
	return n, b[used:], true
}

func cutText(b []byte) (string, []byte, bool) {
	n, b, ok := cutNumber(b)
	if !ok || n > uint64(len(b)) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}
