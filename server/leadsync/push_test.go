package leadsync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// stand puts a card into the CRM that the gateway did not write.
func (d *desk) stand(id, status string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made++
	n := fmt.Sprintf("C-%03d", d.made)
	d.file(&card{number: n, lead: id, name: "Lead " + id, status: status, rep: "Ada Finch", changed: time.Now()})
}

// fetched begins with some leads in the CRM.
func (b *bench) fetched(ids ...string) (stop func()) {
	for _, id := range ids {
		b.far.offer(newLead(id))
	}
	stop = b.run(b.worker())
	b.pass(2 * time.Minute)
	return stop
}

func accept(c *card) { c.status = "Accepted" }

func says(comment string) func(*card) {
	return func(c *card) { c.status, c.comment = "Accepted", comment }
}

func (b *bench) wantSent(id string, want ...string) {
	b.Helper()
	if diff := cmp.Diff(append([]string{}, want...), b.far.sent(id)); diff != "" {
		b.Errorf("the updates of %s (-want +got):\n%s", id, diff)
	}
}

func TestWhatStandsAtFirstIsNoChange(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		for i := range 450 {
			b.desk.stand(fmt.Sprintf("L%03d", i), "Accepted")
		}
		b.run(b.worker())
		b.pass(5 * time.Minute)
		if n := len(b.far.posts); n != 0 {
			t.Fatalf("%d updates were sent", n)
		}
		b.desk.work("L449", says("rang"))
		b.desk.stand("L900", "Accepted")
		b.pass(2 * time.Minute)
		b.wantSent("L449", "Accepted rang")
		b.wantSent("L900", "Accepted")
		if n := len(b.far.posts); n != 2 {
			t.Errorf("%d updates were sent", n)
		}
	})
}

func TestWhatStandsAtFirstIsSentWhereThatIsWanted(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.opts = func(o *leadsync.Options) { o.SendExisting = true }
		b.desk.stand("L1", "Accepted")
		b.desk.stand("L2", "new")
		b.run(b.worker())
		b.pass(5 * time.Minute)
		b.wantSent("L1", "Accepted")
		b.wantSent("L2")
	})
}

func TestAChangeInTheMomentOfTheWriteIsNotTakenForItsOwn(t *testing.T) {
	for _, noStates := range []bool{false, true} {
		inBubble(t, func(t *testing.T, b *bench) {
			b.desk.noStates = noStates
			b.desk.during = func(string) {
				for _, c := range b.desk.cards {
					c.status = "Accepted"
				}
			}
			b.fetched("L1")
			b.wantSent("L1", "Accepted")
		})
	}
}

func TestAHeldUpdateTellsAllReasonsAndGoesOutByItself(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.fetched("L1", "L2")
		b.desk.unmapped["won"] = true
		b.desk.work("L1", func(c *card) { c.status, c.rep = "won", "" })
		b.pass(3 * time.Minute)
		var got []string
		for _, f := range b.journey("L1").Lead.HeldFor {
			got = append(got, f.Field+" "+f.Rule)
		}
		if diff := cmp.Diff([]string{"leadStatus ", "dealerSalesRep R64"}, got); diff != "" {
			t.Error(diff)
		}
		if len(b.bell.all) != 1 || b.bell.all[0].Cause != leadsync.CauseUpdateHeld || !strings.Contains(b.bell.all[0].Detail, "dealerSalesRep") {
			t.Errorf("alerts: %+v", b.bell.all)
		}
		b.wantSent("L1")
		b.desk.work("L2", accept) // others do not wait for it
		b.pass(2 * time.Minute)
		b.wantSent("L2", "Accepted")
		held, err := b.worker().Leads(t.Context(), leadsync.Filter{Held: true})
		if err != nil || len(held) != 1 || held[0].ID != "L1" {
			t.Errorf("held: %v %v", held, err)
		}

		b.desk.work("L1", func(c *card) { c.status, c.rep = "Accepted", "Ada Finch" }) // the row is corrected
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted")

		b.desk.work("L1", func(c *card) { c.status = "Rejected" }) // without a reason
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted")
		b.desk.work("L1", accept) // taken back: there is nothing to say any more
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted")
		if l := b.journey("L1").Lead; !l.HeldSince.IsZero() || l.HeldFor != nil || l.Update != nil {
			t.Errorf("still held: %+v", l)
		}
	})
}

func TestACorrectedMapLetsAHeldUpdateGo(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.fetched("L1")
		b.desk.unmapped["Accepted"] = true
		b.desk.work("L1", accept)
		b.pass(3 * time.Hour) // long after the stamps were looked at
		b.wantSent("L1")
		delete(b.desk.unmapped, "Accepted")
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted")
	})
}

func TestEveryNightAllLeadsAreComparedWithoutStamps(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.desk.noStamps = true
		b.fetched("L1", "L2")
		b.desk.work("L1", accept)
		b.pass(time.Hour)
		b.wantSent("L1")
		b.desk.stand("L7", "Accepted")
		for number, c := range b.desk.cards {
			if c.lead == "L2" {
				delete(b.desk.cards, number)
			}
		}
		b.pass(2 * time.Hour) // the bubble began at midnight; the comparison is at two
		b.wantSent("L1", "Accepted")
		b.wantSent("L2", "Disqualified") // as the mapping says for rows that are gone
		b.wantSent("L7", "Accepted")
		if n := b.tally.of(leadsync.StatesCompared); n < 3 {
			t.Errorf("%d states were compared", n)
		}
	})
}

func TestANewMappingIsComparedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.desk.noStamps = true
		b.fetched("L1")
		b.desk.work("L1", accept)
		b.pass(10 * time.Minute)
		b.wantSent("L1")
		b.desk.version = "2"
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted")
	})
}

func TestARefusedUpdateIsParkedAndTheNextGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		refuse := true
		b.far.refuse = func(u model.LeadUpdate) error {
			if refuse && u.Comments != nil && *u.Comments == "bad" {
				return errRefused
			}
			return nil
		}
		b.fetched("L1", "L2")
		b.desk.work("L1", says("bad"))
		b.desk.work("L2", says("bad"))
		b.pass(3 * time.Minute)
		b.wantSent("L1")
		want := []string{leadsync.CauseParked + " lead L1", leadsync.CauseParked + " lead L2"}
		if diff := cmp.Diff(want, b.bell.causes()); diff != "" {
			t.Error(diff)
		}
		if u := b.journey("L1").Updates[0]; u.State != leadsync.Parked || u.Status != 400 || !strings.Contains(u.Answer, "Invalid request header") || u.Fault == "" {
			t.Errorf("got %+v", u)
		}
		b.desk.work("L1", says("good"))
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted good")
		refuse = false
		done, err := b.worker().Replay(t.Context(), "")
		if diff := cmp.Diff(leadsync.Replayed{Queued: 1, Superseded: 1}, done); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted good") // the older state does not follow the newer one
		b.wantSent("L2", "Accepted bad")
		if _, err := b.worker().Replay(t.Context(), "L9"); err == nil {
			t.Error("a lead that is not there was replayed")
		}
	})
}

func TestAServiceThatIsDownParksFewAndLosesNone(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.fetched("L1", "L2", "L3")
		down := true
		b.far.fail = func(call string) error {
			if down && call == "post" {
				return errService
			}
			return nil
		}
		for _, id := range []string{"L1", "L2", "L3"} {
			b.desk.work(id, accept)
		}
		b.pass(10 * time.Minute)
		b.desk.work("L2", says("later"))
		b.pass(10 * time.Minute)
		counts, err := b.worker().Counts(t.Context())
		b.must(err)
		if counts.Updates[leadsync.Parked] != 1 || counts.Updates[leadsync.Queued] != 3 || len(b.bell.all) != 1 {
			t.Errorf("%+v, %d alerts", counts, len(b.bell.all))
		}
		down = false
		b.pass(30 * time.Minute)
		if done, err := b.worker().Replay(t.Context(), ""); err != nil || done.Queued != 1 {
			t.Errorf("%+v %v", done, err)
		}
		b.pass(2 * time.Minute)
		b.wantSent("L1", "Accepted")
		b.wantSent("L2", "Accepted", "Accepted later")
		b.wantSent("L3", "Accepted")
	})
}

func TestAnUpdateOfUnknownFateIsRepeatedUnchangedAndCounted(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.fetched("L1")
		lost := 0
		b.far.lose = func(call string) error {
			if call == "post" && lost < 2 {
				lost++
				return errService
			}
			return nil
		}
		b.desk.work("L1", accept)
		b.pass(61 * time.Second)
		b.desk.work("L1", says("meanwhile"))
		b.pass(5 * time.Minute)
		b.wantSent("L1", "Accepted", "Accepted meanwhile")
		if len(b.far.posts) != 4 || b.far.repeats() != 2 {
			t.Errorf("%d updates arrived, %d of them repeats", len(b.far.posts), b.far.repeats())
		}
		u := b.journey("L1").Updates
		if len(u) != 2 || u[0].Repeats != 2 || u[0].State != leadsync.Acknowledged || u[1].Repeats != 0 {
			t.Errorf("got %+v", u)
		}
	})
}

func TestInABatchOnlyTheOneAtFaultIsParked(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.opts = func(o *leadsync.Options) { o.Batch = 10 }
		b.far.refuse = func(u model.LeadUpdate) error {
			if u.LeadID == "L3" {
				return errRefused
			}
			return nil
		}
		b.fetched("L1", "L2", "L3", "L4")
		for _, id := range []string{"L1", "L2", "L3", "L4"} {
			b.desk.work(id, accept)
		}
		b.pass(3 * time.Minute)
		for _, id := range []string{"L1", "L2", "L4"} {
			b.wantSent(id, "Accepted")
		}
		b.wantSent("L3")
		if j := b.journey("L3"); j.Updates[0].State != leadsync.Parked {
			t.Errorf("got %+v", j.Updates)
		}
	})
}

func TestADryPushPlansAndKeepsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.fetched("L1", "L2", "L3")()
		b.desk.work("L1", accept)
		b.desk.work("L2", func(c *card) { c.status = "Rejected" })
		plan, err := b.worker().PlanPush(t.Context())
		b.must(err)
		got := map[string]int{}
		for _, p := range plan {
			got[p.Lead.ID] = len(p.Faults)
		}
		if diff := cmp.Diff(map[string]int{"L1": 0, "L2": 1}, got); diff != "" {
			t.Error(diff)
		}
		if j := b.journey("L1"); len(j.Updates) != 0 {
			t.Error("the plan queued something")
		}
		b.must(b.worker().Push(t.Context()))
		b.wantSent("L1", "Accepted")
	})
}

func TestSeveralProcessesOnOneStateWriteAndSendOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		for range 3 {
			b.run(b.worker())
		}
		for i := range 20 {
			b.far.offer(newLead(fmt.Sprint("L", i)))
			b.pass(20 * time.Minute)
			b.desk.work(fmt.Sprint("L", i), accept)
		}
		b.pass(20 * time.Minute)
		if b.desk.writes != 20 || len(b.desk.cards) != 20 {
			t.Errorf("%d writes, %d cards", b.desk.writes, len(b.desk.cards))
		}
		if len(b.far.posts) != 20 {
			t.Errorf("%d updates were sent", len(b.far.posts))
		}
	})
}

// TestAProcessThatWasHaltedKeepsNothing halts one in the middle of a write, long
// enough for another to take over.
func TestAProcessThatWasHaltedKeepsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		halted := false
		wait := make(chan struct{})
		var first leadsync.Store = &slow{Store: b.state, halt: func() {
			if !halted {
				halted = true
				<-wait
			}
		}}
		own := b.state
		b.opts = func(o *leadsync.Options) { o.Store = first }
		b.far.offer(newLead("L1"))
		b.run(b.worker())
		b.pass(time.Minute)
		b.state = own
		b.opts = nil
		b.run(b.worker())
		b.pass(10 * time.Minute)
		b.desk.work("L1", accept)
		b.pass(2 * time.Minute)
		close(wait)
		b.pass(20 * time.Minute)
		if diff := cmp.Diff([]string{"Lead L1 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
		b.wantSent("L1", "Accepted")
		if len(b.far.posts) != 1 {
			t.Errorf("%d updates were sent", len(b.far.posts))
		}
	})
}

// slow stands still before a transaction, and does not even see its context end.
type slow struct {
	leadsync.Store
	halt func()
	n    atomic.Int64 // the keeper of the lease writes beside the worker
}

func (s *slow) SettleLeadReceipt(ctx context.Context, id int64, state leadsync.ReceiptState, outcome adapters.WriteOutcome, at time.Time) error {
	return s.Store.SettleLeadReceipt(ctx, id, state, outcome, at)
}

func (s *slow) Together(ctx context.Context, do func(context.Context) error) error {
	if s.n.Add(1) == 9 {
		s.halt()
	}
	return s.Store.Together(ctx, do)
}

func TestNothingPersonalIsLogged(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.desk.fail = func(string) error { return errAway }
		b.far.offer(newLead("L1"))
		b.run(b.worker())
		b.pass(time.Hour)
		b.desk.fail = nil
		b.far.fail = func(string) error {
			return &adapters.CallError{Call: "fetching leads", Err: adapters.ErrService, Answer: "Lead L1 lives in Quillford"}
		}
		b.pass(time.Hour)
		b.desk.work("L1", says("Wants a crane"))
		b.pass(time.Hour)
		for _, private := range []string{"Lead L1", "Quillford", "crane"} {
			if b.log.has(private) {
				t.Errorf("the log tells of %q", private)
			}
		}
		if !b.log.has("goes on by itself") {
			t.Error("the log does not tell that something failed")
		}
	})
}

func TestNothingIsSentThatTheRulesForbid(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.fetched("L1")
		for i, change := range []func(*card){
			func(c *card) { c.status = "Rejected" },
			func(c *card) { c.status = "Disqualified" },
			func(c *card) { c.status = "accepted" }, // the right word in another spelling goes out in Caterpillar's
			func(c *card) { c.comment = strings.Repeat("long ", 300) },
			func(c *card) { c.comment, c.rep = "short", "" },
			func(c *card) { c.rep = "Ada Finch" },
		} {
			b.desk.work("L1", change)
			b.pass(2 * time.Minute)
			if i == 4 {
				b.wantSent("L1", "Accepted")
			}
		}
		b.wantSent("L1", "Accepted", "Accepted short")
		for _, u := range b.far.posts {
			raw, err := json.Marshal(u)
			b.must(err)
			if slices.Contains([]string{"Rejected", "Disqualified"}, string(u.LeadStatus)) {
				t.Errorf("sent: %s", raw)
			}
		}
	})
}
