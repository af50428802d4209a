package leadsync_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

func TestALostAnswerIsReadAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.far.offer(newLead("L1"), newLead("L2"))
		lost := false
		b.far.lose = func(call string) error {
			if call == "leads" && !lost {
				lost = true
				return errService
			}
			return nil
		}
		b.run(b.worker())
		b.pass(2 * time.Minute)
		if diff := cmp.Diff([]string{"Lead L1 false", "Lead L2 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
		if r := b.journey("L1").Receipts; len(r) != 1 || r[0].Source != leadsync.FromHistoric {
			t.Errorf("got %+v", r)
		}
		if n := b.tally.of(leadsync.LeadsRecovered); n != 2 {
			t.Errorf("%d leads are counted as recovered", n)
		}
	})
}

func TestALongPauseIsReconciled(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		stop := b.run(b.worker())
		b.pass(time.Minute)
		stop()
		if b.far.historic != 0 {
			t.Fatal("the first round read leads again")
		}
		b.pass(72 * time.Hour)
		b.run(b.worker())
		b.pass(time.Minute)
		if b.far.historic != 14 {
			t.Errorf("%d pages of 400 days were read, in windows of 30", b.far.historic)
		}
	})
}

func TestReconcileReadsPagesOfAHundredAndFillsGapsOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		for i := range 250 {
			l := newLead(fmt.Sprintf("L%03d", i))
			b.far.handed[l.LeadID] = l
			b.far.order = append(b.far.order, l.LeadID)
		}
		old := newLead("OLD")
		past := time.Now().AddDate(0, 0, -100).Format(time.RFC3339)
		old.DateCreated = &past
		b.far.handed["OLD"], b.far.order = old, append(b.far.order, "OLD")
		w := b.worker()
		today := time.Now()
		b.must(w.Reconcile(t.Context(), today.AddDate(0, 0, -10), today))
		if n := len(b.desk.cards); n != 250 {
			t.Errorf("%d leads were written", n)
		}
		if b.far.historic != 3 || b.far.atOnce != 100 {
			t.Errorf("%d pages of at most %d", b.far.historic, b.far.atOnce)
		}
		b.must(w.Reconcile(t.Context(), today.AddDate(0, 0, -120), today))
		if n := len(b.desk.cards); n != 251 || b.desk.writes != 251 {
			t.Errorf("%d leads with %d writes", n, b.desk.writes)
		}
		if err := w.Reconcile(t.Context(), today, today.AddDate(0, 0, -1)); err == nil {
			t.Error("a window that ends before it begins is read")
		}
	})
}

func TestAPageThatIsTooLargeIsReadInSmallerOnes(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		for i := range 30 {
			l := newLead(fmt.Sprintf("L%02d", i))
			b.far.handed[l.LeadID], b.far.order = l, append(b.far.order, l.LeadID)
		}
		first := true
		b.far.fail = func(call string) error {
			if call == "historic" && first {
				first = false
				return &adapters.CallError{Call: "reading historic leads", Err: adapters.ErrAnswerTooLarge}
			}
			return nil
		}
		w := b.worker()
		if err := w.Reconcile(t.Context(), time.Now(), time.Now()); err == nil {
			t.Fatal("the answer that was too large is no error")
		}
		b.must(w.Reconcile(t.Context(), time.Now(), time.Now()))
		if n := len(b.desk.cards); n != 30 {
			t.Errorf("%d leads were written", n)
		}
	})
}

func TestEndlessPagesAreWrittenInBetween(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		n := 0
		enough := make(chan struct{})
		b.far.raw = func(string) []byte {
			var page []model.Lead
			for range 5 {
				n++
				page = append(page, newLead(fmt.Sprintf("L%05d", n)))
			}
			if n == 500 {
				close(enough)
			}
			raw, err := json.Marshal(page)
			if err != nil {
				panic(err)
			}
			return raw
		}
		stop := b.run(b.worker())
		<-enough
		stop()
		if len(b.desk.cards) < 300 {
			t.Errorf("after %d leads %d are written", n, len(b.desk.cards))
		}
	})
}

func TestAnElementThatIsNoLeadIsKeptAndShown(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		page, err := json.Marshal([]any{newLead("L1"), map[string]any{"name": "Nobody Known"}, 17, newLead("L'2")})
		b.must(err)
		answers := 0
		b.far.raw = func(string) []byte {
			if answers++; answers%2 == 1 { // every round brings the same
				return page
			}
			return nil
		}
		b.run(b.worker())
		b.pass(20 * time.Minute)
		if diff := cmp.Diff([]string{"Lead L'2 false", "Lead L1 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
		leads, err := b.worker().Leads(t.Context(), leadsync.Filter{States: []leadsync.State{leadsync.Failed}})
		b.must(err)
		if len(leads) != 2 {
			t.Fatalf("%d unreadable elements are shown", len(leads))
		}
		shown := ""
		for _, l := range leads {
			j := b.journey(l.ID)
			if len(j.Receipts) != 1 || j.Lead.Repeats != 1 || len(j.Lead.Faults) != 1 {
				t.Errorf("got %+v", j)
			}
			shown += string(j.Receipts[0].Raw)
		}
		if !strings.Contains(shown, `17`) || !strings.Contains(shown, `{"name":"Nobody Known"}`) {
			t.Errorf("as they came: %s", shown)
		}
		if got := b.bell.causes(); len(got) != 2 || !strings.HasPrefix(got[0], leadsync.CauseUnreadable) {
			t.Errorf("alerts: %q", got)
		}
		if b.log.has("Nobody") || b.log.has("L'2") {
			t.Error("the log tells of people")
		}
	})
}

func TestALeadThatDoesNotFitIsHeldWithAllReasonsAndGoesOutByItself(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		faults := []adapters.FieldFault{{Field: "CARD.NAME", Reason: "it is longer than 25 characters"}, {Field: "CARD.CITY", Reason: "it has no meaning"}}
		narrow := true
		b.desk.unfit = func(l model.Lead) []adapters.FieldFault {
			if narrow && l.LeadID == "L1" {
				return faults
			}
			return nil
		}
		b.far.offer(newLead("L1"), newLead("L2"))
		b.run(b.worker())
		b.pass(40 * time.Minute)
		j := b.journey("L1")
		want := []leadsync.Fault{{Field: "CARD.NAME", Reason: faults[0].Reason}, {Field: "CARD.CITY", Reason: faults[1].Reason}}
		if diff := cmp.Diff(want, j.Lead.Faults); diff != "" || j.Lead.State != leadsync.Held {
			t.Errorf("%s %s", j.Lead.State, diff)
		}
		if diff := cmp.Diff([]string{leadsync.CauseLeadHeld + " lead L1"}, b.bell.causes()); diff != "" || len(b.bell.all) != 1 {
			t.Errorf("%d alerts %s", len(b.bell.all), diff)
		}
		if diff := cmp.Diff([]string{"Lead L2 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
		b.far.offer(newLead("L1", true)) // waits behind the one that is held
		b.pass(16 * time.Minute)
		narrow, b.desk.version = false, "2"
		b.pass(time.Minute)
		if diff := cmp.Diff([]string{"Lead L1 true", "Lead L2 false"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
		if l := b.journey("L1").Lead; l.State != leadsync.Written || l.Faults != nil {
			t.Errorf("got %+v", l)
		}
	})
}

func TestACRMThatIsAwayIsAskedAgainUntilItIsBack(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		away := true
		b.desk.fail = func(string) error {
			if away {
				return errAway
			}
			return nil
		}
		for i := range 8 {
			b.far.offer(newLead(fmt.Sprint("L", i)))
		}
		b.run(b.worker())
		b.pass(5 * time.Hour)
		if got := b.worker(); len(b.desk.cards) != 0 || got == nil {
			t.Fatal("something was written")
		}
		if got := b.bell.causes(); len(got) == 0 || !strings.HasPrefix(got[0], leadsync.CauseStuck) {
			t.Errorf("after five hours nobody was told: %q", got)
		}
		away = false
		b.pass(30 * time.Minute)
		if n := len(b.desk.cards); n != 8 {
			t.Errorf("%d leads are written", n)
		}
		counts, err := b.worker().Counts(t.Context())
		b.must(err)
		if counts.Leads[leadsync.Written] != 8 {
			t.Errorf("%+v", counts)
		}
	})
}

func TestALeadThatFailsAloneDoesNotKeepOthersWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.desk.unfit = func(l model.Lead) []adapters.FieldFault {
			if l.LeadID == "L3" {
				panicked := adapters.FieldFault{Field: "X", Reason: "never"}
				return []adapters.FieldFault{panicked}
			}
			return nil
		}
		for i := range 60 {
			b.far.offer(newLead(fmt.Sprint("L", i)))
		}
		b.must(b.worker().Pull(t.Context()))
		if n := len(b.desk.cards); n != 59 {
			t.Errorf("%d leads are written", n)
		}
	})
}

func TestErasedLeadsLeaveNothingAndAreNotTakenAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.far.offer(newLead("L1"), newLead("L2"))
		w := b.worker()
		b.must(w.Pull(t.Context()))
		b.must(w.Push(t.Context()))
		b.desk.work("L1", func(c *card) { c.status = "Accepted" })
		b.must(w.Push(t.Context()))
		b.must(w.Erase(t.Context(), "L1"))
		want := leadsync.Lead{Dealer: dealer, ID: "L1", State: leadsync.Erased}
		if diff := cmp.Diff(leadsync.Journey{Lead: want, Receipts: []leadsync.Receipt{}, Updates: []leadsync.Update{}}, b.journey("L1")); diff != "" {
			t.Error(diff)
		}
		b.far.offer(newLead("L1", true))
		b.must(w.Pull(t.Context()))
		b.must(w.Reconcile(t.Context(), time.Now(), time.Now()))
		b.desk.work("L1", func(c *card) { c.comment = "more" })
		b.must(w.Push(t.Context()))
		if j := b.journey("L1"); j.Lead.State != leadsync.Erased || len(j.Receipts) > 0 || len(j.Updates) > 0 {
			t.Errorf("it came back: %+v", j)
		}
		if err := w.Erase(t.Context(), "L9"); err == nil {
			t.Error("a lead that is not there was erased")
		}
	})
}

func TestADryPullPlansWhatIsKeptAndFetchesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.far.offer(newLead("L1"))
		b.desk.unfit = func(model.Lead) []adapters.FieldFault { return []adapters.FieldFault{{Field: "X", Reason: "no"}} }
		w := b.worker()
		b.must(w.Pull(t.Context()))
		b.far.offer(newLead("L2"))
		calls := b.far.fetches
		plans, err := w.PlanPull(t.Context(), 10)
		b.must(err)
		if len(plans) != 1 || plans[0].Lead.ID != "L1" || plans[0].Planned.Outcome != adapters.LeadCreated {
			t.Errorf("got %+v", plans)
		}
		if b.far.fetches != calls || len(b.desk.cards) != 0 {
			t.Error("planning did something")
		}
	})
}

func TestWhatIsOldIsForgottenAndALeadIsStillKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.opts = func(o *leadsync.Options) {
			o.Keep = leadsync.Retention{Answers: 48 * time.Hour, Leads: 72 * time.Hour, Updates: 48 * time.Hour}
		}
		b.far.offer(newLead("L1"))
		stop := b.run(b.worker())
		b.pass(time.Minute)
		b.desk.work("L1", func(c *card) { c.status = "Accepted" })
		b.pass(5 * time.Minute)
		stop()
		if j := b.journey("L1"); len(j.Receipts) != 1 || len(j.Updates) != 1 {
			t.Fatalf("got %+v", j)
		}
		b.pass(99 * time.Hour)
		b.run(b.worker())
		b.pass(time.Minute)
		if j := b.journey("L1"); len(j.Receipts) != 0 || len(j.Updates) != 0 || j.Lead.State != leadsync.Written {
			t.Errorf("got %+v", j)
		}
		b.far.offer(newLead("L1", true))
		b.pass(16 * time.Minute)
		if diff := cmp.Diff([]string{"Lead L1 true"}, b.desk.all()); diff != "" {
			t.Error(diff)
		}
	})
}
