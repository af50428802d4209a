package leadsync_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

func TestALeadArrivesIsWorkedAndIsReported(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.far.offer(newLead("L1"), newLead("L2"))
		b.run(b.worker())
		b.pass(time.Minute)
		if diff := cmp.Diff([]string{"Lead L1 false", "Lead L2 false"}, b.desk.all()); diff != "" {
			t.Fatal(diff)
		}
		b.pass(5 * time.Minute)
		if n := len(b.far.posts); n != 0 {
			t.Fatalf("%d updates were sent of what the gateway wrote itself", n)
		}
		b.desk.work("L1", func(c *card) { c.status = "Accepted" })
		b.pass(2 * time.Minute)
		b.desk.work("L1", func(c *card) { c.comment = "rang" })
		b.pass(2 * time.Minute)
		if diff := cmp.Diff([]string{"Accepted", "Accepted rang"}, b.far.sent("L1")); diff != "" {
			t.Error(diff)
		}
		if n := b.far.repeats(); n != 0 {
			t.Errorf("%d updates went out twice", n)
		}
		b.far.offer(newLead("L1", true))
		b.pass(20 * time.Minute)
		if diff := cmp.Diff([]string{"Lead L1 true", "Lead L2 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
		j := b.journey("L1")
		if j.Lead.State != leadsync.Written || len(j.Receipts) != 2 || len(j.Updates) != 2 || len(j.Lead.Rows) != 1 {
			t.Errorf("the journey: %+v", j)
		}
		if u := j.Updates[0]; u.State != leadsync.Acknowledged || u.Sources["leadStatus"] != "CARD.STATUS" || u.Calls != 1 {
			t.Errorf("the update: %+v", u)
		}
	})
}

// TestAnotherProcessSoonTakesOverFromOneThatDied: a process that is gone without
// giving its lease back keeps the others waiting for little more than a minute.
func TestAnotherProcessSoonTakesOverFromOneThatDied(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		ctx, die := context.WithCancel(t.Context())
		m := &mortal{Store: b.state, fault: fault{die: 4}, far: b.far, desk: b.desk, dying: die}
		b.opts = func(o *leadsync.Options) { o.Store, o.Source, o.Updater, o.CRM = m, m, m, m }
		b.far.offer(newLead("L1"), newLead("L2"))
		ended := make(chan error, 1)
		first := b.worker()
		go func() { ended <- first.Run(ctx) }()
		b.pass(time.Second)
		if err := <-ended; err != nil || ctx.Err() == nil {
			t.Fatalf("it ended with %v at %s", err, m.told())
		}
		b.opts = nil
		b.run(b.worker())
		b.pass(30 * time.Second)
		if n := len(b.desk.all()); n != 0 {
			t.Fatalf("%d leads were written while the lease of the dead process lasted", n)
		}
		b.pass(46 * time.Second)
		if diff := cmp.Diff([]string{"Lead L1 false", "Lead L2 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestALongCallKeepsTheLease: who waits for Caterpillar for minutes is not taken for
// dead.
func TestALongCallKeepsTheLease(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		answer := make(chan struct{})
		b.opts = func(o *leadsync.Options) { o.Source = waiting{b.far, answer} }
		b.far.offer(newLead("L1"))
		b.run(b.worker())
		b.pass(time.Second)
		b.opts = nil
		b.run(b.worker())
		b.pass(5 * time.Minute)
		if b.far.fetches != 0 {
			t.Errorf("the other process made %d calls", b.far.fetches)
		}
		close(answer)
		b.pass(time.Second)
		if diff := cmp.Diff([]string{"Lead L1 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// waiting is a service whose answers take their time.
type waiting struct {
	*far
	answer chan struct{}
}

func (w waiting) Leads(ctx context.Context, limit int) (adapters.LeadAnswer, error) {
	<-w.answer
	return w.far.Leads(ctx, limit)
}
