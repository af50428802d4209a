package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Store keeps key lists of more than one page beyond the life of a process, and
// shares them with other processes of the same gateway. It forgets lists by
// itself when nobody has used them for longer than sweeps live, or when they
// take too much room; of a list that goes while its sweep may still be going on
// it remembers for a day that there was one.
type Store interface {
	// Keep stores a new list with its packed keys as version 1; false when a
	// list of that id is there.
	Keep(ctx context.Context, l Stored, packed []byte) (bool, error)
	// Save replaces the progress of the version given, which makes the next
	// version; false when the list is at another version, or gone.
	Save(ctx context.Context, l Stored) (bool, error)
	// Lists returns the lists of a group, oldest first, those lost among them.
	Lists(ctx context.Context, group string) ([]Stored, error)
	// Keys returns the packed keys of a list; an error when it is gone.
	Keys(ctx context.Context, id string) ([]byte, error)
	// Drop forgets a list, or only its keys when it is lost to its sweep; an
	// unknown one is no error.
	Drop(ctx context.Context, id string, lost bool) error
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

// storeRests is how long a store that failed is left alone, so that pages do
// not wait for it one by one.
const storeRests = 5 * time.Second

// storeTries bounds how often a change is tried against other processes'.
const storeTries = 20

var errResting = errors.New("the store failed a moment ago")

// failing notes an error of the store. An end of the caller's own is none.
func (s *Sweeps) failing(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.rests = s.o.Now().Add(storeRests)
	s.mu.Unlock()
}

func (s *Sweeps) resting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o.Now().Before(s.rests)
}

// keeps says whether a list outlives the process: one of a single page is not
// asked for again.
func (s *Sweeps) keeps(l *keyList) bool { return s.o.Store != nil && len(l.pages) > 1 }

// note remembers a change of a list's progress until it is written; nil where
// nothing is kept. The last change of a page is the one that counts. The caller
// holds the lock.
func (s *Sweeps) note(l *keyList, kind stepKind, page, left int64) *step {
	if !s.keeps(l) {
		return nil
	}
	st := &step{page: page, kind: kind, left: left, used: l.used, at: s.o.Now(), by: s.name}
	l.steps = append(slices.DeleteFunc(l.steps, func(o *step) bool { return o.page == page }), st)
	return st
}

// write brings a change to the store, and with it whatever else of the list is
// not written yet. A store that fails costs the list its life beyond the
// process, not the caller the page.
func (s *Sweeps) write(ctx context.Context, l *keyList, st *step) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Patience)
	defer cancel()
	if s.resting() {
		s.observe(l.about, Unkept)
		return
	}
	l.writing.Lock() // one writer of a list at a time: they would only disturb each other
	defer l.writing.Unlock()
	for range storeTries {
		d, todo := s.draft(l, st)
		if !todo {
			return
		}
		ok, err := s.put(ctx, l, d)
		if err == nil && ok {
			s.wrote(l, d)
			return
		}
		if err == nil { // another process was there first
			ok, err = s.reread(ctx, l)
		}
		if err != nil {
			s.failing(context.Background(), err)
			break
		}
		if !ok {
			break
		}
	}
	s.observe(l.about, Unkept)
}

// draft is a list's next version.
type draft struct {
	next  Stored
	keys  *packed // of a list that is not stored yet
	steps []*step
}

// draft makes the next version of a list; false when there is nothing to do:
// another call has written the change already, or it cannot be made any more.
func (s *Sweeps) draft(l *keyList, st *step) (draft, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := draft{next: Stored{
		ID: l.id, Group: storeGroup(l.group), Birth: l.birth, Total: l.total, Size: l.size, Version: l.version,
	}}
	if !l.stored {
		d.keys, d.steps, d.next.Progress = l.keys, slices.Clone(l.steps), l.document(s.name, s.o.Now())
		return d, slices.Contains(l.steps, st)
	}
	p := l.kept
	for _, one := range slices.Clone(l.steps) {
		next, ok := p.with(one)
		if !ok {
			one.lost = true
			l.used = p.Used
			l.steps = slices.DeleteFunc(l.steps, func(o *step) bool { return o == one })
			continue
		}
		p = next
		d.steps = append(d.steps, one)
	}
	d.next.Progress = p
	return d, slices.Contains(d.steps, st)
}

func (s *Sweeps) put(ctx context.Context, l *keyList, d draft) (bool, error) {
	if d.keys == nil {
		return s.o.Store.Save(ctx, d.next)
	}
	return s.o.Store.Keep(ctx, d.next, d.keys.text)
}

func (s *Sweeps) wrote(l *keyList, d draft) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.stored = true
	l.steps = slices.DeleteFunc(l.steps, func(o *step) bool { return slices.Contains(d.steps, o) })
	if v := d.next.Version + 1; v > l.version {
		l.version, l.kept = v, d.next.Progress
	}
}

// reread takes over what another process wrote of a list; false when the list
// is gone from the store.
func (s *Sweeps) reread(ctx context.Context, l *keyList) (bool, error) {
	stored, err := s.o.Store.Lists(ctx, storeGroup(l.group))
	if err != nil {
		return false, fmt.Errorf("reading kept key lists: %w", err)
	}
	for _, h := range stored {
		if h.ID == l.id && h.Lost.IsZero() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.follow(l, h)
			return true, nil
		}
	}
	return false, nil
}

// aheadKeys is from how many keys on a new list is kept while its first page is
// read: that takes as long. A shorter one is kept when the page was read, with
// the page served, which is one write instead of two.
const aheadKeys = 1000

// claim tells the other processes that a page is taken, while the page is read.
// The function it returns waits for that and says whether another process has
// the page, so that it must not be served from this list.
func (s *Sweeps) claim(ctx context.Context, r Request, t ticket) (lost func() bool) {
	if t.claim == nil {
		return func() bool {
			if r.Page == 0 && s.keeps(t.list) {
				s.stand(ctx, r, t)
			}
			return false
		}
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		if r.Page == 0 {
			t.list.fill(packKeys(t.whole)) // nobody else has the list yet
			s.stand(ctx, r, t)
		}
		s.write(ctx, t.list, t.claim)
	}()
	return func() bool {
		<-told
		s.mu.Lock()
		defer s.mu.Unlock()
		return t.claim.lost
	}
}

// stand gives a new list its place after the uses other processes made of its
// group before it was begun. Nobody else has the list yet.
func (s *Sweeps) stand(ctx context.Context, r Request, t ticket) {
	if _, err := s.restore(ctx, r, false); err != nil {
		return // writing fails, too, and is counted
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := t.list
	for _, o := range s.groups[l.group] {
		l.born = max(l.born, o.born+1)
		if !o.last.After(l.birth) {
			l.born = max(l.born, o.used+1)
		}
	}
	l.used = max(l.used, l.born)
	if t.claim != nil {
		t.claim.used = l.used
	}
	s.uses = max(s.uses, l.used)
}

// discard forgets the lists in the store that were dropped for good.
func (s *Sweeps) discard(ctx context.Context) {
	s.mu.Lock()
	doomed := s.doomed
	s.doomed = nil
	s.mu.Unlock()
	if len(doomed) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Patience)
	defer cancel()
	for _, l := range doomed {
		if err := s.o.Store.Drop(ctx, l.id, l.unfinished()); err != nil {
			s.failing(context.Background(), err)
			s.observe(l.about, Unkept)
		}
	}
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
	if group := r.group(); stamped && len(s.groups[group]) > 0 {
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

// load reads the keys of a list that came without them.
func (s *Sweeps) load(ctx context.Context, l *keyList) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Patience)
	defer cancel()
	text, err := s.o.Store.Keys(ctx, l.id)
	if err != nil {
		s.failing(ctx, err)
		return fmt.Errorf("reading a kept key list: %w", err)
	}
	keys, err := readPacked(text)
	if err != nil {
		return fmt.Errorf("reading a kept key list: %w", err)
	}
	if int64(keys.total) != l.total {
		return errors.New("a kept key list does not fit its description")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.keys != nil {
		return nil
	}
	if more := l.fill(keys); l.place != nil {
		s.bytes += more
		s.makeRoom(l)
	}
	return nil
}
