package queuetest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Memory is a queue.Storage that keeps everything in one slice and looks
// through all of it for everything: slow, and easy to believe. Suites compare
// the others with it.
type Memory struct {
	mu    sync.Mutex
	state memory
	after []func()
}

type memory struct {
	items  []*kept
	last   int64
	leases map[queue.Lane]queue.Claim
	fences map[queue.Lane]int64
}

// kept is an item, and whether it was begun since it last got its place.
type kept struct {
	queue.Item
	begun bool
}

var _ queue.Storage = (*Memory)(nil)

// NewMemory gives an empty one.
func NewMemory() *Memory {
	return &Memory{state: memory{leases: map[queue.Lane]queue.Claim{}, fences: map[queue.Lane]int64{}}}
}

type inside struct{ m *Memory }

// Together runs do in one transaction, as the state does.
func (m *Memory) Together(ctx context.Context, do func(ctx context.Context) error) error {
	if ctx.Value(inside{m}) != nil {
		return do(ctx)
	}
	m.mu.Lock()
	before := m.state.clone()
	m.after = nil
	if err := do(context.WithValue(ctx, inside{m}, true)); err != nil {
		m.state = before
		m.mu.Unlock()
		return err
	}
	after := m.after
	m.after = nil
	m.mu.Unlock()
	for _, do := range after {
		do()
	}
	return nil
}

func (s memory) clone() memory {
	c := memory{last: s.last, leases: map[queue.Lane]queue.Claim{}, fences: map[queue.Lane]int64{}}
	for _, k := range s.items {
		one := *k
		c.items = append(c.items, &one)
	}
	for l, v := range s.leases {
		c.leases[l] = v
	}
	for l, v := range s.fences {
		c.fences[l] = v
	}
	return c
}

// AfterCommit is part of queue.Storage.
func (m *Memory) AfterCommit(ctx context.Context, do func()) {
	if ctx.Value(inside{m}) != nil {
		m.after = append(m.after, do)
		return
	}
	do()
}

func (s *memory) find(match func(*kept) bool) []*kept {
	var out []*kept
	for _, k := range s.items {
		if match(k) {
			out = append(out, k)
		}
	}
	return out
}

// Push is part of queue.Storage.
func (m *Memory) Push(ctx context.Context, items []queue.Item, now time.Time) ([]queue.Receipt, error) {
	receipts := make([]queue.Receipt, len(items))
	err := m.Together(ctx, func(context.Context) error {
		for i, item := range items {
			receipts[i] = m.state.push(item, now)
		}
		return nil
	})
	return receipts, err
}

func (s *memory) push(item queue.Item, now time.Time) queue.Receipt {
	if len(s.find(func(k *kept) bool { return k.Lane == item.Lane && k.ID == item.ID })) > 0 {
		return queue.Repeated
	}
	for _, k := range s.find(func(k *kept) bool {
		return item.MergeKey != "" && k.Lane == item.Lane && k.MergeKey == item.MergeKey && k.State == queue.Waiting && k.Tries == 0
	}) {
		k.Merged++
		return queue.Merged
	}
	if !item.Enqueued.IsZero() {
		now = item.Enqueued
	}
	s.last++
	s.items = append(s.items, &kept{Item: queue.Item{
		Lane: item.Lane, ID: item.ID, OrderKey: item.OrderKey, MergeKey: item.MergeKey, Priority: item.Priority, Kind: item.Kind,
		Customer: item.Customer, Body: bytes.Clone(item.Body), Number: s.last, State: queue.Waiting, Enqueued: now, Bytes: int64(len(item.Body)),
	}})
	return queue.Added
}

func (s *memory) free(l queue.Lane, owner string, now time.Time) bool {
	held := s.leases[l]
	return held.Owner == owner || !held.Until.After(now)
}

// Due is part of queue.Storage.
func (m *Memory) Due(ctx context.Context, owner string, lanes []queue.Lane, now time.Time) ([]queue.Lane, error) {
	var due []queue.Lane
	err := m.Together(ctx, func(context.Context) error {
		for _, l := range lanes {
			head := m.state.head(l)
			if head != nil && m.state.free(l, owner, now) && (head.State == queue.Working || !head.Next.After(now)) {
				due = append(due, l)
			}
		}
		return nil
	})
	return due, err
}

// head is the item whose turn it is.
func (s *memory) head(l queue.Lane) *kept {
	live := s.find(func(k *kept) bool { return k.Lane == l && (k.State == queue.Waiting || k.State == queue.Working) })
	if len(live) == 0 {
		return nil
	}
	for _, k := range live {
		if k.begun {
			return k
		}
	}
	next := slices.MinFunc(live, func(a, b *kept) int {
		if a.Priority != b.Priority {
			return b.Priority - a.Priority
		}
		return int(a.Number - b.Number)
	})
	for _, k := range live {
		if next.OrderKey != "" && k.OrderKey == next.OrderKey {
			return k // they stand by rising numbers
		}
	}
	return next
}

// Turn is part of queue.Storage.
func (m *Memory) Turn(ctx context.Context, c queue.Claim, now time.Time, before *queue.Settlement) (queue.Turn, error) {
	var out queue.Turn
	err := m.Together(ctx, func(ctx context.Context) error {
		s := &m.state
		switch held := s.leases[c.Lane]; {
		case c.Fence != 0 && (held.Owner != c.Owner || held.Fence != c.Fence):
			return queue.ErrLeaseLost
		case c.Fence == 0 && !s.free(c.Lane, c.Owner, now):
			return queue.ErrHeld
		case c.Fence == 0:
			s.fences[c.Lane]++
			c.Fence = s.fences[c.Lane]
		}
		s.leases[c.Lane] = c
		if before != nil {
			if err := s.settle(ctx, *before, now); err != nil {
				return err
			}
		}
		out = queue.Turn{Claim: c}
		if before == nil || !before.Last {
			s.begin(&out, now)
		}
		if out.Item == nil {
			out.Claim.Fence = 0
			delete(s.leases, c.Lane)
		}
		return nil
	})
	if err != nil {
		return queue.Turn{}, err
	}
	return out, nil
}

func (s *memory) settle(ctx context.Context, b queue.Settlement, now time.Time) error {
	for _, k := range s.find(func(k *kept) bool { return k.Number == b.Number && k.State == queue.Working }) {
		k.State, k.Why = b.State, b.Why
		if b.Strike {
			k.Strikes++
		}
		if b.State == queue.Waiting {
			k.Next = b.Next
			if b.Strike && k.Blamed.IsZero() {
				k.Blamed = now
			}
		} else {
			k.Settled, k.begun = now, false
		}
		if b.Within != nil {
			return b.Within(ctx)
		}
	}
	return nil
}

func (s *memory) begin(out *queue.Turn, now time.Time) {
	head := s.head(out.Claim.Lane)
	if head == nil {
		return
	}
	if head.Next.After(now) {
		out.Wait = head.Next
		return
	}
	if head.State == queue.Working {
		out.Interrupted = true
		head.Strikes++
		if head.Blamed.IsZero() {
			head.Blamed = now
		}
	}
	if head.First.IsZero() {
		head.First = now
	}
	head.State, head.begun, head.Next = queue.Working, true, time.Time{}
	head.Tries++
	item := head.Item
	out.Item = &item
}

// Holds is part of queue.Storage.
func (m *Memory) Holds(ctx context.Context, c queue.Claim, renew bool) error {
	return m.Together(ctx, func(context.Context) error {
		held := m.state.leases[c.Lane]
		if held.Owner != c.Owner || held.Fence != c.Fence {
			return queue.ErrLeaseLost
		}
		if renew {
			m.state.leases[c.Lane] = c
		}
		return nil
	})
}

// Release is part of queue.Storage.
func (m *Memory) Release(ctx context.Context, c queue.Claim) error {
	return m.Together(ctx, func(context.Context) error {
		if held := m.state.leases[c.Lane]; held.Owner == c.Owner && held.Fence == c.Fence {
			delete(m.state.leases, c.Lane)
		}
		return nil
	})
}

// List is part of queue.Storage.
func (m *Memory) List(ctx context.Context, f queue.Filter) ([]queue.Item, error) {
	var out []queue.Item
	err := m.Together(ctx, func(context.Context) error {
		for _, k := range m.state.find(func(k *kept) bool {
			return (f.Lane.Dealer == "" || k.Lane.Dealer == f.Lane.Dealer) && (f.Lane.Direction == "" || k.Lane.Direction == f.Lane.Direction) &&
				(len(f.States) == 0 || slices.Contains(f.States, k.State)) && (f.Kind == "" || k.Kind == f.Kind) &&
				(f.OrderKey == "" || k.OrderKey == f.OrderKey) && (f.Customer == "" || k.Customer == f.Customer) && k.Number > f.After
		}) {
			item := k.Item
			item.Body = nil
			out = append(out, item)
		}
		return nil
	})
	if f.Most <= 0 {
		f.Most = 100
	}
	return out[:min(len(out), f.Most)], err
}

// Item is part of queue.Storage.
func (m *Memory) Item(ctx context.Context, number int64) (queue.Item, error) {
	return m.one(ctx, func(k *kept) bool { return k.Number == number })
}

// Find is part of queue.Storage.
func (m *Memory) Find(ctx context.Context, lane queue.Lane, id string) (queue.Item, error) {
	return m.one(ctx, func(k *kept) bool { return k.Lane == lane && k.ID == id })
}

func (m *Memory) one(ctx context.Context, match func(*kept) bool) (queue.Item, error) {
	var out queue.Item
	err := m.Together(ctx, func(context.Context) error {
		found := m.state.find(match)
		if len(found) == 0 {
			return queue.ErrUnknown
		}
		out = found[0].Item
		return nil
	})
	return out, err
}

// steer finds an item nobody is working on.
func (m *Memory) steer(ctx context.Context, number int64, do func(k *kept) error) (queue.Lane, error) {
	var lane queue.Lane
	err := m.Together(ctx, func(context.Context) error {
		found := m.state.find(func(k *kept) bool { return k.Number == number })
		if len(found) == 0 {
			return queue.ErrUnknown
		}
		if found[0].State == queue.Working {
			return queue.ErrBusy
		}
		lane = found[0].Lane
		if found[0].State == queue.Done {
			return queue.ErrState
		}
		return do(found[0])
	})
	return lane, err
}

// Retry is part of queue.Storage.
func (m *Memory) Retry(ctx context.Context, number int64, _ time.Time) (queue.Lane, int64, error) {
	var past int64
	lane, err := m.steer(ctx, number, func(k *kept) error {
		k.State, k.Next, k.Settled, k.Strikes, k.Blamed = queue.Waiting, time.Time{}, time.Time{}, 0, time.Time{}
		past = int64(len(m.state.find(func(o *kept) bool {
			return k.OrderKey != "" && o.Lane == k.Lane && o.OrderKey == k.OrderKey && o.State == queue.Done && o.Number > k.Number
		})))
		return nil
	})
	return lane, past, err
}

// Park is part of queue.Storage.
func (m *Memory) Park(ctx context.Context, number int64, why string, now time.Time) (queue.Lane, error) {
	return m.steer(ctx, number, func(k *kept) error {
		if k.State == queue.Waiting {
			k.State, k.Why, k.Settled, k.Next, k.begun = queue.Parked, why, now, time.Time{}, false
		}
		return nil
	})
}

// Counts is part of queue.Storage.
func (m *Memory) Counts(ctx context.Context) ([]queue.Count, error) {
	var out []queue.Count
	err := m.Together(ctx, func(context.Context) error {
		byLane := map[queue.Lane]*queue.Count{}
		for _, k := range m.state.find(func(k *kept) bool { return k.State != queue.Done }) {
			c := byLane[k.Lane]
			if c == nil {
				c = &queue.Count{Lane: k.Lane}
				byLane[k.Lane] = c
			}
			switch k.State {
			case queue.Waiting:
				c.Waiting++
			case queue.Working:
				c.Working++
			case queue.Parked:
				c.Parked++
			}
			if k.State != queue.Parked && c.Oldest.IsZero() {
				c.Oldest = k.Enqueued
			}
			if k.State != queue.Parked && k.begun && (k.Strikes > 0 || k.Why != "") {
				c.Blocked = k.First
			}
		}
		for _, c := range byLane {
			out = append(out, *c)
		}
		slices.SortFunc(out, func(a, b queue.Count) int { return strings.Compare(a.Lane.String(), b.Lane.String()) })
		return nil
	})
	return out, err
}

// Clear is part of queue.Storage. It takes everything at once.
func (m *Memory) Clear(ctx context.Context, bodies, ids time.Time, _ int) (int64, error) {
	return 0, m.Together(ctx, func(context.Context) error {
		m.state.items = slices.DeleteFunc(m.state.items, func(k *kept) bool {
			settled := k.State == queue.Done || k.State == queue.Parked
			return settled && k.Settled.Before(ids)
		})
		for _, k := range m.state.find(func(k *kept) bool { return k.State == queue.Done && k.Settled.Before(bodies) }) {
			k.Body, k.Erased = nil, true
		}
		return nil
	})
}

// Erase is part of queue.Storage.
func (m *Memory) Erase(ctx context.Context, dealer, customer string, now time.Time) (int64, error) {
	return m.erase(ctx, now, func(k *kept) bool { return k.Lane.Dealer == dealer && customer != "" && k.Customer == customer })
}

// EraseOrder is part of queue.Storage.
func (m *Memory) EraseOrder(ctx context.Context, dealer, key string, now time.Time) (int64, error) {
	return m.erase(ctx, now, func(k *kept) bool { return k.Lane.Dealer == dealer && key != "" && k.OrderKey == key })
}

func (m *Memory) erase(ctx context.Context, now time.Time, whose func(*kept) bool) (int64, error) {
	var n int64
	var busy error
	err := m.Together(ctx, func(context.Context) error {
		for _, k := range m.state.find(whose) {
			if k.State == queue.Working {
				busy = queue.ErrBusy
				continue
			}
			if k.Settled.IsZero() {
				k.Settled = now
			}
			k.State, k.Body, k.Erased, k.begun = queue.Done, nil, true, false
			k.Customer, k.OrderKey, k.MergeKey, k.Next, k.Why = "", "", "", time.Time{}, "erased"
			n++
		}
		return nil
	})
	if err == nil {
		err = busy
	}
	return n, err
}
