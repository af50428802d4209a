package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Store keeps key lists of more than one page beyond the life of a process, and
// shares them with other processes of the same gateway. It forgets lists by
// itself when nobody has used them for longer than sweeps live, or when they
// take too much room; of a list that goes while its sweep may still be going on
// it remembers for a day that there was one.
type Store interface {
	// Keep stores a new list with its packed keys as version 1, and drops the
	// lists that went for it; false when a list of that id is there.
	Keep(ctx context.Context, l Stored, packed []byte, gone ...Gone) (bool, error)
	// Save replaces the progress of the version given, which makes the next
	// version; false when the list is at another version, or gone.
	Save(ctx context.Context, l Stored) (bool, error)
	// Lists returns the lists of a group, oldest first, those lost among them.
	Lists(ctx context.Context, group string) ([]Stored, error)
	// Keys returns the packed keys of a list of a group; an error when it is gone.
	Keys(ctx context.Context, group, id string) ([]byte, error)
	// Drop forgets a list; an unknown one is no error.
	Drop(ctx context.Context, g Gone) error
}

// Gone is a list that is wanted no more. Of one that is lost to its sweep only
// the keys go.
type Gone struct {
	Group, ID string
	Lost      bool
}

// Stamper is a Store that can tell whether another process wrote to it. It saves
// reading the lists of a group before every page.
type Stamper interface {
	// Stamp is the same as long as nobody but this process has written; false
	// when that is not known.
	Stamp(ctx context.Context) (int64, bool)
}

// sight is what was read of a group's lists, and when.
type sight struct {
	stamp int64
	lost  absence
	at    time.Time
}

// sightLife bounds how long the lists of a group are not read again though
// nobody wrote: lists also end by the time that passes.
const sightLife = 10 * time.Second

// Stored is a list as the store has it.
type Stored struct {
	ID       string
	Group    string // a hash; says nothing of dealer, client or customers
	Birth    time.Time
	Total    int64
	Size     int64
	Version  int64
	Progress Progress
	Lost     time.Time // when the keys went before the sweep ended; zero: they are there
}

// Unfinished says whether somebody may still come for a later page.
func (l Stored) Unfinished() bool {
	served := l.Progress.Served()
	return served > 0 && served < (l.Total+l.Size-1)/l.Size
}

func storeGroup(group string) string {
	sum := sha256.Sum256([]byte(group))
	return hex.EncodeToString(sum[:])
}

// restore takes over what other processes, or an earlier one, know of the
// sweeps a request may belong to, and of those that are lost.
func (s *Sweeps) restore(ctx context.Context, r Request, insist bool) (lost absence, err error) {
	if s.o.Store == nil {
		return lost, nil
	}
	if !insist && s.resting() {
		return lost, errResting
	}
	within, cancel := context.WithTimeout(ctx, s.o.Patience)
	defer cancel()
	stamp, stamped := s.stamp(within)
	if seen, ok := s.sight(r.group()); ok && stamped && !insist && seen.stamp == stamp {
		return seen.lost, nil
	}
	before := s.storedOf(r.group())
	stored, err := s.o.Store.Lists(within, storeGroup(r.group()))
	if err != nil {
		s.failing(ctx, err)
		return lost, fmt.Errorf("reading kept key lists: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range stored {
		s.uses = max(s.uses, h.Progress.Born, h.Progress.Used)
		delete(before, h.ID)
		l := s.known(r, h.ID)
		switch {
		case !h.Lost.IsZero():
			if l == nil {
				lost.add(h)
			}
		case l != nil:
			s.follow(l, h)
		case len(h.Progress.Done) > 0 || h.Progress.Latest > 0: // else its page 0 is still to come
			s.revive(r, h)
		}
	}
	for _, l := range before { // another process took them back
		if l.place != nil {
			s.putAway(l)
		}
	}
	// Page 0 comes here for a list that is about to be the group's.
	if group := r.group(); stamped && (r.Page == 0 || len(s.groups[group]) > 0) {
		s.seen[group] = sight{stamp: stamp, lost: lost, at: s.o.Now()}
	}
	return lost, nil
}

// stamp asks the store whether others wrote, if it can tell.
func (s *Sweeps) stamp(ctx context.Context) (int64, bool) {
	if st, ok := s.o.Store.(Stamper); ok {
		return st.Stamp(ctx)
	}
	return 0, false
}

// sight returns what was read of a group's lists not long ago, while all of
// them are in memory.
func (s *Sweeps) sight(group string) (sight, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, ok := s.seen[group]
	if ok && (s.o.Now().Sub(seen.at) >= sightLife || len(s.groups[group]) == 0) {
		delete(s.seen, group)
		ok = false
	}
	return seen, ok
}

// storedOf returns the lists of a group that the store has, as far as is known.
func (s *Sweeps) storedOf(group string) map[string]*keyList {
	s.mu.Lock()
	defer s.mu.Unlock()
	lists := map[string]*keyList{}
	for _, l := range s.groups[group] {
		if l.stored && len(l.steps) == 0 {
			lists[l.id] = l
		}
	}
	return lists
}

func (s *Sweeps) known(r Request, id string) *keyList {
	for _, l := range s.groups[r.group()] {
		if l.id == id {
			return l
		}
	}
	return nil
}

// revive puts a list from the store into memory, without its keys until they
// are needed. The caller holds the lock.
func (s *Sweeps) revive(r Request, h Stored) {
	l := newList(r, h.Total, h.Birth, h.ID)
	l.born = h.Progress.Born
	s.follow(l, h)
	s.observe(r, Restored)
	s.add(l)
}

// follow takes over a newer version of a list, with the changes of this process
// on top of it. The caller holds the lock.
func (s *Sweeps) follow(l *keyList, h Stored) {
	if h.Version <= l.version {
		return
	}
	l.stored, l.version, l.kept = true, h.Version, h.Progress
	p := h.Progress
	for _, st := range l.steps {
		if next, ok := p.with(st); ok {
			p = next
		}
	}
	l.used = max(l.used, p.Used)
	if p.Last.After(l.last) {
		l.last = p.Last
	}
	now := s.o.Now()
	for i := range l.pages {
		l.pages[i] = pageState{used: l.pages[i].used}
	}
	for _, c := range p.Taken {
		if l.has(c.Page) && c.holds(now) {
			l.pages[c.Page].taken = true
		}
	}
	l.done, l.left = 0, 0
	for _, span := range p.Done {
		for page := max(span.From, 0); page <= span.To && l.has(page); page++ {
			l.pages[page].taken, l.pages[page].done = true, true
			l.done++
		}
	}
	for _, short := range p.Left {
		if l.has(short.Page) && l.pages[short.Page].done {
			l.pages[short.Page].left = int32(min(short.Rows, l.size))
			l.left += short.Rows
		}
	}
	if l.has(p.Latest) {
		l.pages[p.Latest].used = max(l.pages[p.Latest].used, p.Used)
	}
}

// load reads the keys of a list that is without them.
func (s *Sweeps) load(ctx context.Context, l *keyList) (*packed, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Patience)
	defer cancel()
	text, err := s.o.Store.Keys(ctx, l.shelf, l.id)
	if err != nil {
		s.failing(ctx, err)
		return nil, fmt.Errorf("reading a kept key list: %w", err)
	}
	keys, err := readPacked(text)
	if err != nil {
		return nil, fmt.Errorf("reading a kept key list: %w", err)
	}
	if int64(keys.total) != l.total {
		return nil, errors.New("a kept key list does not fit its description")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.keys != nil {
		return l.keys, nil
	}
	if more := l.fill(keys); l.place != nil {
		s.bytes += more
		s.makeRoom(l)
	}
	return keys, nil
}
