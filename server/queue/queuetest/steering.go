package queuetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

func runSteering(t *testing.T, open func(t *testing.T) Storage) {
	t.Run("ListsCanBeNarrowedAndGoneThroughInSteps", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a", key("K"), customer("C")), item(out, "b", kind("contract")), item(in, "c", key("K")), item(other, "d"), item(out, "e"))
		w := worker(t, s, out, "one")
		w.turn(noon, parked(w.turn(noon, nil).Item, "refused"))
		for _, c := range []struct {
			what   string
			filter queue.Filter
			want   string
		}{
			{"all", queue.Filter{}, "a b c d e"},
			{"two", queue.Filter{Most: 2}, "a b"},
			{"a dealer", queue.Filter{Lane: queue.Lane{Dealer: "D100"}}, "a b c e"},
			{"a direction", queue.Filter{Lane: queue.Lane{Direction: queue.Out}}, "a b d e"},
			{"a lane", queue.Filter{Lane: in}, "c"},
			{"no lane", queue.Filter{Lane: queue.Lane{Dealer: "D"}}, ""},
			{"a state", queue.Filter{States: []queue.State{queue.Parked, queue.Working}}, "a b"},
			{"no state", queue.Filter{States: []queue.State{"odd"}}, ""},
			{"a kind", queue.Filter{Kind: "contract"}, "b"},
			{"a key", queue.Filter{OrderKey: "K"}, "a c"},
			{"a customer", queue.Filter{Customer: "C"}, "a"},
			{"a lane and a key", queue.Filter{Lane: out, OrderKey: "K"}, "a"},
		} {
			items, err := s.List(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, i := range items {
				got += " " + i.ID
				if i.Body != nil {
					t.Errorf("%s: %s comes with its body", c.what, i.ID)
				}
			}
			if len(got) > 0 {
				got = got[1:]
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
		}
		first, err := s.List(t.Context(), queue.Filter{Most: 3})
		if err != nil {
			t.Fatal(err)
		}
		rest, err := s.List(t.Context(), queue.Filter{After: first[2].Number})
		if err != nil || len(rest) != 2 || rest[0].ID != "d" {
			t.Errorf("the rest: %v %v", rest, err)
		}
	})
	t.Run("CountsTellWhatStandsAndSinceWhen", func(t *testing.T) {
		s := open(t)
		if counts, err := s.Counts(t.Context()); err != nil || len(counts) != 0 {
			t.Errorf("at first: %v %v", counts, err)
		}
		push(t, s, noon, item(out, "a"))
		push(t, s, noon.Add(time.Minute), item(out, "b"), item(out, "c"), item(in, "d"))
		w := worker(t, s, out, "one")
		a := w.turn(noon, nil)
		w.turn(noon, parked(a.Item, "refused"))
		want := []queue.Count{
			{Lane: in, Waiting: 1, Oldest: noon.Add(time.Minute)},
			{Lane: out, Waiting: 1, Working: 1, Parked: 1, Oldest: noon.Add(time.Minute)},
		}
		counts, err := s.Counts(t.Context())
		if diff := cmp.Diff(want, counts); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		b, err := s.Find(t.Context(), out, "b")
		if err != nil {
			t.Fatal(err)
		}
		w.turn(noon.Add(2*time.Minute), again(&b, noon.Add(time.Hour), "away"))
		counts, err = s.Counts(t.Context())
		want[1].Working, want[1].Waiting, want[1].Blocked = 0, 2, noon
		if diff := cmp.Diff(want, counts); err != nil || diff != "" {
			t.Errorf("blocked: %v %s", err, diff)
		}
	})
	t.Run("ARetriedHeadGoesAtOnceAndStaysTheHead", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"))
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		w.turn(noon, again(turn.Item, noon.Add(time.Hour), "away"))
		push(t, s, noon, item(out, "urgent", prio(9)))
		if _, _, err := s.Retry(t.Context(), turn.Item.Number, noon); err != nil {
			t.Fatal(err)
		}
		turn = w.turn(noon, nil)
		if turn.Item == nil || turn.Item.ID != "a" || turn.Item.Strikes != 0 || !turn.Item.Blamed.IsZero() {
			t.Fatalf("got %+v", turn.Item)
		}
		if _, _, err := s.Retry(t.Context(), turn.Item.Number, noon); !errors.Is(err, queue.ErrBusy) {
			t.Errorf("while it is handled: %v", err)
		}
	})
	t.Run("APersonParksWhatWaitsAndNothingElse", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"), item(out, "b"), item(out, "c"))
		w := worker(t, s, out, "one")
		a := w.turn(noon, nil).Item
		if _, err := s.Park(t.Context(), a.Number, "by hand", noon); !errors.Is(err, queue.ErrBusy) {
			t.Errorf("while it is handled: %v", err)
		}
		w.turn(noon, again(a, noon.Add(time.Hour), "away"))
		for range 2 { // the second changes nothing
			if lane, err := s.Park(t.Context(), a.Number, "by hand", noon); err != nil || lane != out {
				t.Errorf("a head that waits: %v %v", lane, err)
			}
		}
		b := w.turn(noon, nil).Item
		if b == nil || b.ID != "b" {
			t.Fatalf("the lane is still blocked: %+v", b)
		}
		w.turn(noon, done(b))
		if _, err := s.Park(t.Context(), b.Number, "by hand", noon); !errors.Is(err, queue.ErrState) {
			t.Errorf("when it is done: %v", err)
		}
		if _, _, err := s.Retry(t.Context(), b.Number, noon); !errors.Is(err, queue.ErrState) {
			t.Errorf("putting back what is done: %v", err)
		}
		if _, err := s.Park(t.Context(), b.Number+1000, "by hand", noon); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("what is not there: %v", err)
		}
		if _, _, err := s.Retry(t.Context(), b.Number+1000, noon); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("what is not there: %v", err)
		}
		if _, err := s.Item(t.Context(), b.Number+1000); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("what is not there: %v", err)
		}
		if got, err := s.Item(t.Context(), a.Number); err != nil || got.Why != "by hand" || got.State != queue.Parked {
			t.Errorf("the parked one: %+v %v", got, err)
		}
	})
}

func runTransactions(t *testing.T, open func(t *testing.T) Storage) {
	stop := errors.New("stop")
	t.Run("ItemsComeWithTheTransactionTheyWerePushedIn", func(t *testing.T) {
		s := open(t)
		told := 0
		push2 := func(ctx context.Context, id string) error {
			_, err := s.Push(ctx, []queue.Item{item(out, id, body(make([]byte, 700_000)))}, noon)
			s.AfterCommit(ctx, func() { told++ })
			return err
		}
		err := s.Together(t.Context(), func(ctx context.Context) error {
			return errors.Join(push2(ctx, "a"), stop)
		})
		if !errors.Is(err, stop) || told != 0 {
			t.Fatalf("%v, told %d times", err, told)
		}
		if _, err := s.Find(t.Context(), out, "a"); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("it stands: %v", err)
		}
		err = s.Together(t.Context(), func(ctx context.Context) error {
			if err := errors.Join(push2(ctx, "a"), push2(ctx, "b")); err != nil || told != 0 {
				return fmt.Errorf("%w, told %d times", err, told)
			}
			if _, err := s.Find(ctx, out, "b"); err != nil {
				return fmt.Errorf("within: %w", err)
			}
			return nil
		})
		if err != nil || told != 2 {
			t.Fatalf("%v, told %d times", err, told)
		}
		wantIDs(t, "the lane", worker(t, s, out, "one").drain(noon), "a b")
		s.AfterCommit(t.Context(), func() { told++ })
		if told != 3 {
			t.Error("without a transaction nothing was told")
		}
	})
	t.Run("WhatAnItemBringsAboutStandsWithItOrNotAtAll", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(in, "a"))
		w := worker(t, s, in, "one")
		a := w.turn(noon, nil).Item
		settlement := done(a)
		settlement.Within = func(ctx context.Context) error {
			_, err := s.Push(ctx, []queue.Item{item(out, "answer")}, noon)
			return errors.Join(err, stop)
		}
		if _, err := w.try(noon, settlement); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if got, err := s.Find(t.Context(), in, "a"); err != nil || got.State != queue.Working {
			t.Errorf("after a failure: %+v %v", got, err)
		}
		if _, err := s.Find(t.Context(), out, "answer"); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("the answer stands: %v", err)
		}
		settlement.Within = func(ctx context.Context) error {
			_, err := s.Push(ctx, []queue.Item{item(out, "answer"), item(in, "own")}, noon)
			return err
		}
		if turn := w.turn(noon, settlement); turn.Item == nil || turn.Item.ID != "own" {
			t.Errorf("what it pushed into its own lane is not next: %+v", turn)
		}
		if _, err := s.Find(t.Context(), out, "answer"); err != nil {
			t.Error(err)
		}
	})
}

// runModel does the same things, drawn at random, to the keeping and to
// Memory; both must answer alike all along.
func runModel(t *testing.T, open func(t *testing.T) Storage) {
	tested := open(t)
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		pair := pair{r: r, t: t, a: tested, b: NewMemory(), numbers: map[int64]int64{}, now: noon}
		for n := range 2 {
			pair.lanes = append(pair.lanes, queue.Lane{Dealer: fmt.Sprint("R", round), Direction: []queue.Direction{queue.In, queue.Out}[n]})
		}
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			pair.step()
		}
		pair.compare()
	})
}

// worked is a lane as one owner holds it, in both keepings.
type worked struct {
	a, b queue.Claim
	item *queue.Item // as a numbers it
}

type pair struct {
	r       *rapid.T
	t       *testing.T
	a, b    Storage
	lanes   []queue.Lane
	owners  map[string]*worked
	numbers map[int64]int64 // of a to those of b
	now     time.Time
}

func (p *pair) step() {
	lane := rapid.SampledFrom(p.lanes).Draw(p.r, "lane")
	switch what := rapid.SampledFrom([]string{"push", "push", "turn", "turn", "turn", "wait", "steer", "erase", "clear"}).Draw(p.r, "what"); what {
	case "push":
		p.push(lane)
	case "turn":
		p.turn(lane)
	case "wait":
		p.now = p.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(p.r, "seconds")) * time.Second)
	case "steer":
		p.steer(lane)
	case "erase":
		c := rapid.SampledFrom([]string{"C1", "C2"}).Draw(p.r, "customer")
		n, err := p.a.Erase(p.t.Context(), lane.Dealer, c, p.now)
		m, errB := p.b.Erase(p.t.Context(), lane.Dealer, c, p.now)
		p.same("erasing", []any{n, why(err)}, []any{m, why(errB)})
	case "clear":
		if rapid.IntRange(0, 3).Draw(p.r, "seldom") > 0 {
			return
		}
		bodies, ids := p.now.Add(-time.Minute), p.now.Add(-3*time.Minute)
		for {
			n, err := p.a.Clear(p.t.Context(), bodies, ids, 3)
			if err != nil {
				p.r.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		if _, err := p.b.Clear(p.t.Context(), bodies, ids, 0); err != nil {
			p.r.Fatal(err)
		}
	}
}

func (p *pair) push(lane queue.Lane) {
	items := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) queue.Item {
		return queue.Item{
			Lane: lane, ID: fmt.Sprint("i", rapid.IntRange(0, 25).Draw(r, "id")), Kind: "request",
			OrderKey: rapid.SampledFrom([]string{"", "", "K", "L"}).Draw(r, "key"),
			MergeKey: rapid.SampledFrom([]string{"", "", "", "M", "N"}).Draw(r, "merge"),
			Customer: rapid.SampledFrom([]string{"", "C1", "C2"}).Draw(r, "customer"),
			Priority: rapid.IntRange(-1, 2).Draw(r, "priority"),
			Body:     make([]byte, rapid.SampledFrom([]int{1, 1, 2001}).Draw(r, "size")),
		}
	}), 1, 4).Draw(p.r, "items")
	got, err := p.a.Push(p.t.Context(), items, p.now)
	want, errB := p.b.Push(p.t.Context(), items, p.now)
	p.same("pushing", []any{got, why(err)}, []any{want, why(errB)})
	for _, i := range items {
		a, err := p.a.Find(p.t.Context(), lane, i.ID)
		b, errB := p.b.Find(p.t.Context(), lane, i.ID)
		p.same("finding", why(err), why(errB))
		p.numbers[a.Number] = b.Number
	}
}

func (p *pair) turn(lane queue.Lane) {
	owner := rapid.SampledFrom([]string{"one", "one", "one", "two"}).Draw(p.r, "owner")
	if p.owners == nil {
		p.owners = map[string]*worked{}
	}
	w := p.owners[lane.String()+owner]
	if w == nil {
		c := queue.Claim{Lane: lane, Owner: owner}
		w = &worked{a: c, b: c}
		p.owners[lane.String()+owner] = w
	}
	var before *queue.Settlement
	if w.item != nil {
		before = &queue.Settlement{
			Number: w.item.Number, State: rapid.SampledFrom([]queue.State{queue.Done, queue.Done, queue.Waiting, queue.Parked}).Draw(p.r, "state"),
			Strike: rapid.Bool().Draw(p.r, "strike"), Last: rapid.IntRange(0, 4).Draw(p.r, "last") == 0, Why: "drawn",
		}
		if before.State == queue.Waiting {
			before.Next = p.now.Add(time.Duration(rapid.IntRange(0, 60).Draw(p.r, "pause")) * time.Second)
		}
	}
	w.a.Until = p.now.Add(life)
	w.b.Until = w.a.Until
	got, err := p.a.Turn(p.t.Context(), w.a, p.now, before)
	if before != nil {
		other := *before
		other.Number = p.numbers[before.Number]
		before = &other
	}
	want, errB := p.b.Turn(p.t.Context(), w.b, p.now, before)
	p.same("the error of a turn", why(err), why(errB))
	if err != nil {
		w.a.Fence, w.b.Fence, w.item = 0, 0, nil
		return
	}
	w.a, w.b, w.item = got.Claim, want.Claim, got.Item
	p.same("holding", got.Claim.Fence != 0, want.Claim.Fence != 0)
	got.Claim, want.Claim = queue.Claim{}, queue.Claim{}
	if got.Item != nil {
		one := *got.Item
		one.Number = p.numbers[one.Number]
		got.Item = &one
	}
	p.same("a turn", got, want)
}

func (p *pair) steer(lane queue.Lane) {
	var numbers []int64
	for n := range p.numbers {
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return
	}
	// The draw must not depend on the order of a map.
	number := numbers[0]
	pick := rapid.IntRange(0, 1000).Draw(p.r, "number")
	for _, n := range numbers {
		if (n+int64(pick))%97 < (number+int64(pick))%97 || (n+int64(pick))%97 == (number+int64(pick))%97 && n < number {
			number = n
		}
	}
	if rapid.Bool().Draw(p.r, "park") {
		_, err := p.a.Park(p.t.Context(), number, "by hand", p.now)
		_, errB := p.b.Park(p.t.Context(), p.numbers[number], "by hand", p.now)
		p.same("parking", why(err), why(errB))
		return
	}
	_, past, err := p.a.Retry(p.t.Context(), number, p.now)
	_, pastB, errB := p.b.Retry(p.t.Context(), p.numbers[number], p.now)
	p.same("retrying", []any{past, why(err)}, []any{pastB, why(errB)})
}

// compare looks at everything that is left.
func (p *pair) compare() {
	for _, lane := range p.lanes {
		got, err := p.a.List(p.t.Context(), queue.Filter{Lane: lane, Most: 1000})
		want, errB := p.b.List(p.t.Context(), queue.Filter{Lane: lane, Most: 1000})
		for i := range got {
			got[i].Number = p.numbers[got[i].Number]
		}
		p.same("what is left", []any{got, why(err)}, []any{want, why(errB)})
		due, err := p.a.Due(p.t.Context(), "three", []queue.Lane{lane}, p.now)
		dueB, errB := p.b.Due(p.t.Context(), "three", []queue.Lane{lane}, p.now)
		p.same("what is due", []any{due, why(err)}, []any{dueB, why(errB)})
	}
	counts := func(s Storage) []queue.Count {
		all, err := s.Counts(p.t.Context())
		if err != nil {
			p.r.Fatal(err)
		}
		var own []queue.Count
		for _, c := range all {
			if c.Lane.Dealer == p.lanes[0].Dealer {
				own = append(own, c)
			}
		}
		return own
	}
	p.same("counts", counts(p.a), counts(p.b))
}

func (p *pair) same(what string, got, want any) {
	if diff := cmp.Diff(want, got); diff != "" {
		p.r.Fatalf("%s differs (-naive +tested):\n%.2000s", what, diff)
	}
}

// why names an error, so that two that are wrapped differently are alike.
func why(err error) string {
	for _, known := range []error{queue.ErrUnknown, queue.ErrBusy, queue.ErrState, queue.ErrLeaseLost, queue.ErrHeld} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "another error: " + err.Error()
	}
	return ""
}
