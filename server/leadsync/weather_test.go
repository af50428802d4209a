package leadsync_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/lead"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// dice are drawn from by several goroutines.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) roll(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// TestInAnyWeatherEveryLeadArrivesOnceAndEveryChangeInOrder has two processes on one
// state, sales people and Caterpillar at work, and both sides failing at random,
// before and after they acted. Then it clears up.
func TestInAnyWeatherEveryLeadArrivesOnceAndEveryChangeInOrder(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(_ *testing.T, b *bench) { weather(b, &dice{r: rand.New(rand.NewPCG(seed, 7))}) })
		})
	}
}

func weather(b *bench, d *dice) {
	storm := true
	b.desk.noIDs = d.roll(2) == 0
	trouble := func(often int, err error) func(string) error {
		return func(string) error {
			if storm && d.roll(often) == 0 {
				return err
			}
			return nil
		}
	}
	b.desk.fail, b.desk.lose = trouble(6, errAway), trouble(6, errAway)
	b.far.fail, b.far.lose = trouble(6, errService), trouble(6, errService)
	b.opts = func(o *leadsync.Options) {
		o.PullEvery, o.Calls, o.Batch, o.Writers = 3*time.Minute, 1000, 1+d.roll(3), 1+d.roll(4)
	}
	b.run(b.worker())
	stop := b.run(b.worker())
	var ids []string
	states := map[string][]string{} // of each lead, what its sales person made of it
	approved := map[string]bool{}
	for step := range 60 {
		switch d.roll(4) {
		case 0:
			id := fmt.Sprint("L", len(ids))
			ids = append(ids, id)
			b.far.offer(newLead(id))
		case 1:
			if id, ok := pick(b, d, ids); ok {
				comment := fmt.Sprint("step ", step)
				b.desk.work(id, says(comment))
				states[id] = append(states[id], "Accepted "+comment)
			}
		case 2:
			if id, ok := pick(b, d, ids); ok && !approved[id] {
				approved[id] = true
				b.far.offer(newLead(id, true))
			}
		case 3:
			stop()
			stop = b.run(b.worker())
		}
		b.pass(time.Duration(30+d.roll(300)) * time.Second)
	}
	storm = false
	b.pass(3 * time.Hour)

	want := []string{}
	for _, id := range ids {
		want = append(want, fmt.Sprintf("Lead %s %v", id, approved[id]))
	}
	slices.Sort(want)
	if got := b.desk.all(); !slices.Equal(got, want) {
		b.Errorf("the CRM holds %q, want %q", got, want)
	}
	for _, id := range ids {
		b.inOrder(id, states[id])
	}
	for _, u := range b.far.posts {
		if faults := lead.Check(u); faults != nil {
			b.Errorf("sent although %v", faults)
		}
	}
	counts, err := b.worker().Counts(b.Context())
	if err != nil || b.far.repeats() > counts.Repeats || counts.Leads[leadsync.Written] != len(ids) {
		b.Errorf("%d repeats arrived: %+v %v", b.far.repeats(), counts, err)
	}
}

// pick gives a lead that stands in the CRM.
func pick(b *bench, d *dice, ids []string) (string, bool) {
	if len(ids) == 0 {
		return "", false
	}
	id := ids[d.roll(len(ids))]
	return id, slices.ContainsFunc(b.desk.all(), func(row string) bool {
		return row == "Lead "+id+" true" || row == "Lead "+id+" false"
	})
}

// inOrder: what arrived of a lead are states it was in, in their order, the last
// one included. One that did not last until somebody looked may be missing.
func (b *bench) inOrder(id string, states []string) {
	b.Helper()
	arrived := b.far.sent(id)
	at := 0
	for _, got := range arrived {
		next := slices.Index(states[at:], got)
		if next < 0 {
			b.Errorf("%s: %q arrived of %q", id, arrived, states)
			return
		}
		at += next + 1
	}
	if len(states) > 0 && (len(arrived) == 0 || arrived[len(arrived)-1] != states[len(states)-1]) {
		b.Errorf("%s: the last of %q is not the last of %q", id, arrived, states)
	}
}
