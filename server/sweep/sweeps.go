package sweep

import (
	"container/list"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Sweeps keeps the key lists of a process. It is safe for concurrent use, and
// holds no lock of all lists while a dealer's system or the store is asked.
type Sweeps struct {
	o    Options
	name string // this process, among those that share the store

	mu     sync.Mutex
	uses   uint64                // counts every use, as an order in time
	groups map[string][]*keyList // the lists of a group, oldest first
	order  *list.List            // of *keyList, last used first
	bytes  int64
	lost   map[string]*list.Element // of lostList, by group
	losses *list.List               // of lostList, newest first
	rests  time.Time                // until when the store is left alone
	doomed []*keyList               // still to be dropped from the store
	seen   map[string]sight         // what the store had, by group
}

// New makes an empty Sweeps.
func New(o Options) *Sweeps {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
	if o.Idle <= 0 {
		o.Idle = 30 * time.Minute
	}
	if o.Restart <= 0 {
		o.Restart = 30 * time.Second
	}
	if o.Remember <= 0 {
		o.Remember = 24 * time.Hour
	}
	if o.Beside <= 0 {
		o.Beside = 4
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	return &Sweeps{
		o: o, name: rand.Text()[:10], groups: map[string][]*keyList{}, order: list.New(),
		lost: map[string]*list.Element{}, losses: list.New(), seen: map[string]sight{},
	}
}

func (s *Sweeps) observe(r Request, e Event) { s.o.Observer.Happened(r.Dealer, r.Endpoint, e) }

// find returns the list a page is to be cut from, with the page taken on it.
func (s *Sweeps) find(ctx context.Context, r Request, keys func(context.Context, adapters.Query) (adapters.Keys, error)) (ticket, error) {
	if r.Page > 0 {
		if t, ok, err := s.underWay(ctx, r); ok || err != nil {
			return t, err
		}
	}
	birth := s.o.Now()
	s.mu.Lock()
	s.uses++
	born := s.uses
	s.mu.Unlock()
	ks, err := keys(ctx, r.Query)
	if err != nil {
		return ticket{}, fmt.Errorf("reading the key list: %w", err)
	}
	if err := owned(r.Query, ks); err != nil {
		return ticket{}, err
	}
	l := newList(r, int64(len(ks)), birth, rand.Text())
	l.born, l.used = born, born
	if r.Page == 0 { // counts once its first page is served
		s.observe(r, Made)
		return s.fresh(l, ks), nil
	}
	l.fill(packKeys(ks))
	// Another call for the same sweep, here or in another process, may have made
	// its list meanwhile; two lists for one sweep would contradict each other.
	for {
		if t, ok, err := s.underWay(ctx, r); ok || err != nil {
			return t, err
		}
		if t, ok := s.begin(r, l); ok {
			s.discard(ctx)
			return t, nil
		}
	}
}

// fresh takes page 0 of a list made for it. The keys of one page do not stay.
func (s *Sweeps) fresh(l *keyList, ks adapters.Keys) ticket {
	l.pages[0] = pageState{taken: true, used: l.born}
	t := ticket{list: l, first: true, keys: firstOf(ks, l.size)}
	switch {
	case len(l.pages) == 1:
	case len(ks) >= aheadKeys && s.keeps(l):
		t.whole = ks
		s.mu.Lock()
		defer s.mu.Unlock()
		t.claim = s.note(l, takePage, 0, 0)
	default:
		l.fill(packKeys(ks))
	}
	return t
}

// begin puts a list made for a later page in use, unless there is one by now.
func (s *Sweeps) begin(r Request, l *keyList) (ticket, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.groups[l.group]) > 0 || s.lostGroup(l.group) != nil {
		return ticket{}, false
	}
	s.observe(r, Remade)
	s.add(l)
	t := s.take(l, r.Page)
	t.keys = l.cut(l.keys, t.page)
	return t, true
}

// underWay takes a page above 0 on the list of a sweep that is under way.
// Without one ok is false, unless there was one that is lost, or nobody can
// tell: ErrGone.
func (s *Sweeps) underWay(ctx context.Context, r Request) (t ticket, ok bool, err error) {
	lost, unread := s.restore(ctx, r, false)
	t, ok, err = s.continued(r, lost)
	if !ok && err == nil && unread != nil {
		// Nothing in memory, so that the store has to be heard.
		if lost, unread = s.restore(ctx, r, true); unread == nil {
			t, ok, err = s.continued(r, lost)
		}
	}
	switch {
	case ok && unread != nil:
		s.observe(r, Unkept)
	case !ok && err == nil && unread != nil:
		s.observe(r, Refused)
		return ticket{}, false, fmt.Errorf("page %d: %w: %w", r.Page, ErrGone, unread)
	}
	s.discard(ctx)
	if !ok || err != nil {
		return t, ok, err
	}
	if t.keys, err = s.keysOf(ctx, t); err != nil {
		s.failed(ctx, t, false)
		s.observe(r, Refused)
		return ticket{}, false, fmt.Errorf("page %d: %w: %w", r.Page, ErrGone, err)
	}
	return t, true, nil
}

// keysOf returns the keys of a page taken.
func (s *Sweeps) keysOf(ctx context.Context, t ticket) (adapters.Keys, error) {
	l := t.list
	if !l.has(t.page) {
		return nil, nil
	}
	s.mu.Lock()
	keys := l.keys
	s.mu.Unlock()
	if keys == nil {
		var err error
		if keys, err = s.load(ctx, l); err != nil {
			return nil, err
		}
	}
	return l.cut(keys, t.page), nil
}

// continued looks for the list of a sweep that is under way. Without one ok is
// false, unless there was one that is lost: ErrGone.
func (s *Sweeps) continued(r Request, lost absence) (t ticket, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	t, ok, err = s.choose(r, lost)
	if err != nil {
		s.observe(r, Refused)
	}
	return t, ok, err
}

// choose picks the list for a page above 0. Several sweeps of one client over
// the same query cannot be told apart by their requests, only by their
// progress: the page after one that was served belongs to the oldest sweep that
// waits for it, passing over sweeps that gave way to a newer one. away is what
// the store lost of theirs. The caller holds the lock.
func (s *Sweeps) choose(r Request, away absence) (t ticket, ok bool, err error) {
	lists := s.groups[r.group()]
	var waiting []*keyList
	var repeat, ended *keyList
	for _, l := range lists {
		switch {
		case !l.has(r.Page):
			if l.follows(r.Page) {
				ended = l
			}
		case l.pages[r.Page].taken:
			if repeat == nil || repeat.pages[r.Page].used < l.pages[r.Page].used {
				repeat = l
			}
		case l.follows(r.Page):
			waiting = append(waiting, l)
		}
	}
	for i, l := range waiting {
		if !slices.ContainsFunc(waiting[i+1:], func(newer *keyList) bool { return l.gaveWay(newer, s.o.Restart) }) {
			return s.take(l, r.Page), true, nil
		}
	}
	switch {
	case repeat != nil:
		return s.take(repeat, r.Page), true, nil
	case ended != nil:
		return s.take(ended, r.Page), true, nil
	}
	lost := s.lostGroup(r.group())
	if len(lists) > 0 {
		// A page out of turn, as callers ask who fetch pages side by side. It
		// can only be the newest sweep's if no other was lost since that began.
		newest := lists[len(lists)-1]
		since := (lost == nil || lost.used < newest.born) && (away.at.IsZero() || away.at.Before(newest.birth))
		if since || pastAll(r, lists, lost, away) {
			return s.take(newest, r.Page), true, nil
		}
	}
	if lost != nil || !away.at.IsZero() {
		return ticket{}, false, fmt.Errorf("page %d: %w", r.Page, ErrGone)
	}
	return ticket{}, false, nil
}

// take notes the use of a list and takes a page on it. The caller holds the
// lock.
func (s *Sweeps) take(l *keyList, page int64) ticket {
	s.uses++
	l.used, l.last = s.uses, s.o.Now()
	if l.place != nil {
		s.order.MoveToFront(l.place)
	}
	t := ticket{list: l, page: page}
	if l.has(page) {
		p := &l.pages[page]
		t.first = !p.taken
		p.taken, p.used = true, s.uses
		// A list the store has is contended for when the page is served; until
		// then nobody need know. One it has not is made known at once.
		if t.first && !l.stored {
			t.claim = s.note(l, takePage, page, 0)
		}
	}
	return t
}

// served notes that a page is about to be sent; false when another process has
// sent it meanwhile, so that it must not be sent from this list. A list begins
// to count when its first page does.
func (s *Sweeps) served(ctx context.Context, t ticket, left int) bool {
	l := t.list
	s.mu.Lock()
	if t.page == 0 && t.first && l.place == nil {
		s.expire()
		s.take(l, t.page)
		s.add(l)
	}
	if l.has(t.page) {
		p := &l.pages[t.page]
		if !p.done {
			l.done++
		}
		l.left += int64(left) - int64(p.left)
		p.taken, p.done, p.left = true, true, int32(left)
	}
	var st *step
	if l.has(t.page) && (l.place != nil || l.stored) {
		st = s.note(l, servePage, t.page, int64(left))
	}
	if st != nil {
		st.fresh = t.first && t.claim == nil && t.page > 0
	}
	s.mu.Unlock()
	lost := false
	if st != nil {
		s.write(ctx, l, st)
		s.mu.Lock()
		lost = st.lost
		s.lighten(l)
		s.mu.Unlock()
	}
	s.discard(ctx)
	return !lost
}

// lighten lets the keys of a list go whose pages were all served: somebody may
// ask for one of them again, but hardly does, and the store has them. The caller
// holds the lock.
func (s *Sweeps) lighten(l *keyList) {
	if l.keys == nil || !l.stored || len(l.steps) > 0 || l.done < int64(len(l.pages)) {
		return
	}
	size := l.keys.bytes()
	l.keys = nil
	l.bytes -= size
	if l.place != nil {
		s.bytes -= size
		s.o.Observer.Held(s.order.Len(), s.bytes)
	}
}

// tooMany says whether the rows left out so far, this page included, are more
// than a sound mapping leaves out.
func (s *Sweeps) tooMany(t ticket, items, left int, share float64) bool {
	if left == 0 {
		return false
	}
	if items == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := t.list
	return TooManyLeftOut(l.left-int64(l.pages[t.page].left)+int64(left), l.total, share)
}

// failed takes back that a page was served. With stale the whole list is
// useless.
func (s *Sweeps) failed(ctx context.Context, t ticket, stale bool) {
	l := t.list
	s.mu.Lock()
	var st *step
	if t.first && l.has(t.page) {
		p := &l.pages[t.page]
		if p.done || t.claim != nil { // else nobody has been told of it
			st = s.note(l, givePageBack, t.page, 0)
		}
		if p.done {
			l.done--
			l.left -= int64(p.left)
		}
		*p = pageState{}
	}
	untouched := l.done == 0 && !slices.ContainsFunc(l.pages, func(p pageState) bool { return p.taken })
	gone := stale || untouched
	if gone && l.place != nil {
		s.drop(l)
	} else if gone && l.stored {
		s.doomed = append(s.doomed, l)
	}
	if len(s.groups[l.group]) == 0 {
		delete(s.seen, l.group)
	}
	stored := l.stored
	s.mu.Unlock()
	if st != nil && stored && !gone {
		s.write(ctx, l, st)
	}
	s.discard(ctx)
}

// add puts a list beside the others of its group and makes room for it. The
// caller holds the lock.
func (s *Sweeps) add(l *keyList) {
	l.place = s.order.PushFront(l)
	s.groups[l.group] = append(s.groups[l.group], l)
	slices.SortFunc(s.groups[l.group], older)
	s.bytes += l.bytes
	if beside := s.groups[l.group]; len(beside) > s.o.Beside {
		out := slices.IndexFunc(beside, func(o *keyList) bool { return !o.unfinished() && o != l })
		s.drop(beside[max(out, 0)])
	}
	s.makeRoom(l)
	s.o.Observer.Held(s.order.Len(), s.bytes)
}

// makeRoom lets the lists used least go while all together take too much, but
// not the one in hand. The caller holds the lock.
func (s *Sweeps) makeRoom(inHand *keyList) {
	for e := s.order.Back(); e != nil && s.bytes > s.o.Bytes && s.order.Len() > 1; {
		l := e.Value.(*keyList)
		e = e.Prev()
		if l != inHand {
			s.letGo(l)
		}
	}
}

// letGo takes a list out of memory; the store still has it, or it is lost. The
// caller holds the lock.
func (s *Sweeps) letGo(l *keyList) {
	if l.stored && len(l.steps) == 0 {
		s.putAway(l)
		return
	}
	s.drop(l)
}

// putAway takes a list out of memory. The caller holds the lock.
func (s *Sweeps) putAway(l *keyList) {
	s.order.Remove(l.place)
	l.place = nil
	delete(s.seen, l.group) // what is in memory is not all of the group any more
	s.bytes -= l.bytes
	rest := slices.DeleteFunc(s.groups[l.group], func(o *keyList) bool { return o == l })
	if len(rest) == 0 {
		delete(s.groups, l.group)
	} else {
		s.groups[l.group] = rest
	}
	s.o.Observer.Held(s.order.Len(), s.bytes)
}

// drop forgets a list, in the store too, and remembers that it was lost if its
// sweep may still be going on. The caller holds the lock.
func (s *Sweeps) drop(l *keyList) {
	seen, ok := s.seen[l.group]
	s.putAway(l)
	if ok && len(s.groups[l.group]) > 0 { // it goes from the store as well
		s.seen[l.group] = seen
	}
	if l.stored {
		s.doomed = append(s.doomed, l)
	}
	if !l.unfinished() {
		return
	}
	s.observe(l.about, Dropped)
	total := l.total
	if before := s.lostGroup(l.group); before != nil {
		total = max(total, before.total)
		s.forget(s.lost[l.group])
	}
	s.uses++
	s.lost[l.group] = s.losses.PushFront(lostList{group: l.group, used: s.uses, at: s.o.Now(), total: total})
	if s.losses.Len() > maxLost {
		s.forget(s.losses.Back())
	}
}

// expire drops the lists nobody used for too long. The caller holds the lock.
func (s *Sweeps) expire() {
	now := s.o.Now()
	for e := s.order.Back(); e != nil; e = s.order.Back() {
		l := e.Value.(*keyList)
		if now.Sub(l.last) <= s.o.Idle {
			return
		}
		s.letGo(l)
	}
}
