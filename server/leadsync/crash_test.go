package leadsync_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// mortal is everything a process touches, counted. At the step chosen the process
// dies: before the step has its effect, or after it and before the process learns
// of it. Nothing it does from then on has any effect.
type mortal struct {
	leadsync.Store
	fault
	far   *far
	desk  *desk
	dying context.CancelFunc

	mu     sync.Mutex
	step   int
	dead   bool
	reason string
}

// fault is what goes wrong once.
type fault struct {
	die      int  // the step at which the process dies; 0: never
	after    bool // the step has its effect
	lives    bool // the step fails, and the process goes on
	together bool // the CRM takes several leads at once
}

// do runs one step.
func (m *mortal) do(name string, step func() error) error {
	switch m.next(name) {
	case gone:
		return errGone
	case alive:
		return step()
	}
	if m.after {
		if err := step(); err != nil {
			return err
		}
	}
	return errGone
}

// fate is what becomes of a step.
type fate int

const (
	alive fate = iota
	struck
	gone
)

// next counts a step. At the one chosen the process dies, unless it is only the
// step that fails.
func (m *mortal) next(name string) fate {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return gone
	}
	m.step++
	if m.step != m.die {
		return alive
	}
	m.reason = name
	if !m.lives {
		m.dead = true
		m.dying()
	}
	return struck
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// told is what the step at fault was; "": it never came.
func (m *mortal) told() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reason
}

type inside struct{}

// Together is one step: a transaction stands whole or not at all.
func (m *mortal) Together(ctx context.Context, do func(context.Context) error) error {
	if ctx.Value(inside{}) != nil {
		return m.Store.Together(ctx, do)
	}
	return m.do("a transaction", func() error {
		return m.Store.Together(context.WithoutCancel(ctx), func(tx context.Context) error {
			return do(context.WithValue(tx, inside{}, true))
		})
	})
}

// Leases are no steps of their own: what they allow is.
func (m *mortal) TakeLease(ctx context.Context, l leadsync.Lease, now time.Time) (bool, error) {
	if m.isDead() {
		return false, errGone
	}
	return m.Store.TakeLease(ctx, l, now)
}

func (m *mortal) DropLease(ctx context.Context, l leadsync.Lease) error {
	if m.isDead() {
		return errGone
	}
	return m.Store.DropLease(ctx, l)
}

func (m *mortal) Leads(ctx context.Context, limit int) (a adapters.LeadAnswer, err error) {
	err = m.do("fetching", func() (err error) {
		a, err = m.far.Leads(ctx, limit)
		return err
	})
	if err != nil {
		return adapters.LeadAnswer{Lost: 1, Tries: 1}, err
	}
	return a, nil
}

func (m *mortal) Historic(ctx context.Context, first, last time.Time, offset, limit int) (a adapters.LeadAnswer, err error) {
	err = m.do("reading again", func() (err error) {
		a, err = m.far.Historic(ctx, first, last, offset, limit)
		return err
	})
	return a, err
}

func (m *mortal) Reread(raw []byte) ([]adapters.ReceivedLead, error) { return m.far.Reread(raw) }

func (m *mortal) PostUpdates(ctx context.Context, u []model.LeadUpdate) (a adapters.PostAnswer, err error) {
	err = m.do("posting", func() (err error) {
		a, err = m.far.PostUpdates(context.WithoutCancel(ctx), u)
		return err
	})
	a.Ambiguous = err != nil
	return a, err
}

func (m *mortal) Enter() (leadsync.CRM, func(), error) {
	crm := leadsync.CRM{Writer: m, States: m, Version: m.desk.version}
	if m.together {
		crm.Writer = several{m}
	}
	return crm, func() {}, nil
}

func (m *mortal) WriteLead(ctx context.Context, l adapters.ReceivedLead, j adapters.LeadJournal) (w adapters.LeadWritten, err error) {
	err = m.do("writing", func() (err error) {
		w, err = m.desk.WriteLead(ctx, l, j)
		return err
	})
	return w, err
}

func (m *mortal) PlanLead(ctx context.Context, l adapters.ReceivedLead, j adapters.LeadJournal) (adapters.LeadPlanned, error) {
	return m.desk.PlanLead(ctx, l, j)
}

func (m *mortal) Clock(ctx context.Context) (time.Time, error) { return m.desk.Clock(ctx) }

func (m *mortal) ChangedLeads(ctx context.Context, since time.Time) (found adapters.LeadPages, err error) {
	err = m.do("asking for changes", func() (err error) {
		found, err = m.desk.ChangedLeads(ctx, since)
		return err
	})
	return found, err
}

func (m *mortal) AllLeads(ctx context.Context, after string, limit int) ([]adapters.LeadRef, string, error) {
	return m.desk.AllLeads(ctx, after, limit)
}

func (m *mortal) LeadStates(ctx context.Context, refs []adapters.LeadRef) (states []adapters.LeadState, err error) {
	err = m.do("reading states", func() (err error) {
		states, err = m.desk.LeadStates(ctx, refs)
		return err
	})
	return states, err
}

// story is what happens around a gateway that dies once at a step. Leads arrive,
// sales people work them the moment they stand in the CRM, one comes changed.
func story(b *bench, m *mortal) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	m.Store, m.far, m.desk, m.dying = b.state, b.far, b.desk, cancel
	b.desk.during = func(id string) { // in the very moment in which the row appears
		if id == "L2" {
			for _, c := range b.desk.cards {
				if c.name == "Lead L2" && c.status == "new" {
					c.status, c.changed = "Accepted", time.Now()
				}
			}
		}
	}
	b.opts = func(o *leadsync.Options) {
		o.Store, o.Source, o.Updater, o.CRM = m, m, m, m
		rounds(o)
		o.Parallel = 1 // so that the steps come in the same order every time
	}
	b.far.offer(newLead("L1"), newLead("L2"), newLead("L3"))
	ended := make(chan error, 1)
	w := b.worker()
	go func() { ended <- w.Run(ctx) }()
	b.opts = rounds
	restarted := false
	restart := func() {
		if ctx.Err() != nil && !restarted { // its death is told by its context, which other goroutines may ask
			restarted = true
			if err := <-ended; err != nil {
				b.Errorf("the dead process ended with %v", err)
			}
			b.run(b.worker())
		}
	}
	wait := func(d time.Duration) {
		b.pass(d / 2)
		restart()
		b.pass(d / 2)
	}
	wait(6 * time.Minute)
	b.desk.work("L1", func(c *card) { c.status = "Accepted" })
	wait(6 * time.Minute)
	b.desk.work("L1", func(c *card) { c.comment = "visited" })
	b.far.offer(newLead("L2", true))
	wait(6 * time.Minute)
	b.desk.work("L1", func(c *card) { c.comment = "quoted" })
	wait(6 * time.Minute)
	wait(6 * time.Minute)
	if !restarted {
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("the process ended with %v", err)
		}
	}
}

// rounds are so far apart that few of them find nothing to do: each of their steps
// is one at which the whole story is played again.
func rounds(o *leadsync.Options) { o.PullEvery, o.PushEvery = 5*time.Minute, 3*time.Minute }

// TestAProcessThatDiesAtAnyStepLosesNothing ends it between any two durable steps.
func TestAProcessThatDiesAtAnyStepLosesNothing(t *testing.T) {
	for _, noIDs := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("LeadIDsKeptInTheCRM=%v/StepHadItsEffect=%v", !noIDs, after), func(t *testing.T) {
				t.Parallel()
				atEveryStep(t, noIDs, fault{after: after})
			})
		}
	}
}

// TestAStepThatFailsLosesNothing has any one step fail under a process that lives.
func TestAStepThatFailsLosesNothing(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("StepHadItsEffect=%v", after), func(t *testing.T) {
			t.Parallel()
			atEveryStep(t, false, fault{after: after, lives: true})
		})
	}
}

// atEveryStep plays the story with another step at fault each time, until the story
// is over before that step comes.
func atEveryStep(t *testing.T, noIDs bool, how fault) {
	for die, through := 1, false; !through && !t.Failed(); die++ {
		inBubble(t, func(_ *testing.T, b *bench) {
			how.die, b.desk.noIDs = die, noIDs
			m := &mortal{fault: how}
			story(b, m)
			through = m.told() == ""
			b.check(die, m.told())
		})
	}
}

func (b *bench) check(die int, reason string) {
	b.Helper()
	where := fmt.Sprintf("at fault was step %d, %s", die, reason)
	if diff := cmp.Diff([]string{"Lead L1 false", "Lead L2 true", "Lead L3 false"}, b.desk.all()); diff != "" {
		b.Errorf("%s: the CRM (-want +got):\n%s", where, diff)
	}
	if diff := cmp.Diff([]string{"Accepted", "Accepted visited", "Accepted quoted"}, b.far.sent("L1")); diff != "" {
		b.Errorf("%s: the updates of L1 (-want +got):\n%s", where, diff)
	}
	if got := b.far.sent("L2"); !slices.Equal(got, []string{"Accepted"}) {
		b.Errorf("%s: the updates of L2: %q", where, got)
	}
	if got := b.far.sent("L3"); len(got) != 0 {
		b.Errorf("%s: what the gateway made itself was reported: %q", where, got)
	}
	counts, err := b.worker().Counts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if got, known := b.far.repeats(), counts.Repeats; got > known {
		b.Errorf("%s: %d repeats arrived, %d are counted", where, got, known)
	}
	if reason != "posting" && reason != "a transaction" && b.far.repeats() > 0 {
		b.Errorf("%s: %d repeats", where, b.far.repeats())
	}
	if counts.Leads[leadsync.Written] != 3 || counts.Held != 0 {
		b.Errorf("%s: %+v", where, counts)
	}
	progress, err := b.worker().Progress(b.Context())
	if err != nil || progress.Reconciling != nil {
		b.Errorf("%s: %+v %v", where, progress, err)
	}
}
