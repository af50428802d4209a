package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

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
		ok, err := s.put(ctx, d)
		if err == nil && ok {
			s.wrote(l, d)
			return
		}
		s.doom(d.gone...)
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
	keys  *packed    // of a list that is not stored yet
	gone  []*keyList // what is dropped with that
	steps []*step
}

// draft makes the next version of a list; false when there is nothing to do:
// another call has written the change already, or it cannot be made any more.
func (s *Sweeps) draft(l *keyList, st *step) (draft, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := draft{next: Stored{
		ID: l.id, Group: l.shelf, Birth: l.birth, Total: l.total, Size: l.size, Version: l.version,
	}}
	if !l.stored {
		if !slices.Contains(l.steps, st) {
			return d, false
		}
		d.keys, d.steps, d.next.Progress = l.keys, slices.Clone(l.steps), l.document(s.name, s.o.Now())
		d.gone, s.doomed = s.doomed, nil
		return d, true
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

func (s *Sweeps) put(ctx context.Context, d draft) (bool, error) {
	if d.keys == nil {
		return s.o.Store.Save(ctx, d.next)
	}
	gone := make([]Gone, len(d.gone))
	for i, l := range d.gone {
		gone[i] = s.goneList(l)
	}
	return s.o.Store.Keep(ctx, d.next, d.keys.text, gone...)
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
	stored, err := s.o.Store.Lists(ctx, l.shelf)
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

// doom has lists dropped from the store with what is written next.
func (s *Sweeps) doom(lists ...*keyList) {
	if len(lists) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doomed = append(s.doomed, lists...)
}

func (s *Sweeps) goneList(l *keyList) Gone {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Gone{Group: l.shelf, ID: l.id, Lost: l.unfinished()}
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
		if err := s.o.Store.Drop(ctx, s.goneList(l)); err != nil {
			s.failing(context.Background(), err)
			s.observe(l.about, Unkept)
		}
	}
}
