package leadsync_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
