package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// fullLead is a lead with everything in it that an engine may get wrong.
func fullLead(id string) leadsync.Lead {
	return leadsync.Lead{
		Dealer: "D100", ID: id, State: leadsync.Held, First: noon, Last: noon.Add(time.Hour), Repeats: 3, Digest: "d1", DealerLeadID: "Ü 東 '\\",
		Ref:    adapters.LeadRef{LeadID: id, Row: map[string]string{"NUMBER": "C-1 ", "YARD": "ä"}},
		RowKey: fmt.Sprintf("%x", id), Rows: []adapters.CRMRow{{Step: "card", Table: "CARD", Key: map[string]string{"NUMBER": "C-1"}, Made: true, Written: map[string]string{"A": "x"}}},
		Outcome: adapters.LeadCreated, WrittenAt: noon.Add(time.Minute), Tries: 2, Due: noon.Add(2 * time.Minute),
		Faults:   []leadsync.Fault{{Field: "CARD.NAME", Reason: "it is too long"}},
		Standing: `{"a":"😀"}` + "\nmore", Baseline: noon, Recheck: true, HeldSince: noon.Add(3 * time.Minute),
		HeldFor: []leadsync.Fault{{Field: "leadStatus", Rule: "R64", Reason: "it is missing"}}, Update: json.RawMessage(`{"leadId":"` + "x" + `"}`),
		Open: true, Seq: 7,
	}
}

func ids(leads []leadsync.Lead) []string {
	all := []string{}
	for _, l := range leads {
		all = append(all, l.ID)
	}
	return all
}

// exerciseLeads is what every engine must do alike for package leadsync.
func exerciseLeads(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Run("ALeadComesBackAsItWas", func(t *testing.T) {
		s := open(t)
		// Ids that a friendly collation takes for each other.
		for _, id := range []string{"a", "A", "Ä", "a ", "東", "x' or '1'='1"} {
			want := fullLead(id)
			for range 2 {
				if err := s.SaveLead(t.Context(), want); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.LeadsByID(t.Context(), "D100", []string{id, "nobody"})
			if diff := cmp.Diff([]leadsync.Lead{want}, got); err != nil || diff != "" {
				t.Fatalf("%q: %v %s", id, err, diff)
			}
			got, err = s.LeadsByRow(t.Context(), "D100", []string{fmt.Sprintf("%x", id)})
			if diff := cmp.Diff([]leadsync.Lead{want}, got); err != nil || diff != "" {
				t.Fatalf("by row %q: %v %s", id, err, diff)
			}
		}
		if got, err := s.LeadsByID(t.Context(), "D200", []string{"a"}); err != nil || len(got) > 0 {
			t.Errorf("another dealer has %v %v", got, err)
		}
		if err := s.NoteLeadRows(t.Context(), "D100", "a", nil); err != nil {
			t.Fatal(err)
		}
		got, err := s.LeadsByID(t.Context(), "D100", []string{"a"})
		if err != nil || got[0].Rows != nil || got[0].Digest != "d1" {
			t.Errorf("the journal alone: %+v %v", got, err)
		}
	})
	t.Run("LeadsAreFoundByWhatIsToBeDone", func(t *testing.T) {
		s := open(t)
		save := func(id string, change func(*leadsync.Lead)) {
			l := leadsync.Lead{Dealer: "D100", ID: id, State: leadsync.Written, WrittenAt: noon}
			change(&l)
			if err := s.SaveLead(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		save("due-later", func(l *leadsync.Lead) {
			l.State, l.Due, l.WrittenAt = leadsync.Received, noon.Add(time.Hour), time.Time{}
		})
		save("due-2", func(l *leadsync.Lead) { l.State, l.Due = leadsync.Failed, noon })
		save("due-1", func(l *leadsync.Lead) { l.State, l.Due = leadsync.Held, noon.Add(-time.Hour) })
		save("check", func(l *leadsync.Lead) { l.Recheck = true })
		save("check-unwritten", func(l *leadsync.Lead) { l.Recheck, l.WrittenAt, l.State = true, time.Time{}, leadsync.Received })
		save("found", func(l *leadsync.Lead) { l.State, l.WrittenAt = leadsync.Found, time.Time{} })
		save("held", func(l *leadsync.Lead) { l.HeldSince = noon })
		want := func(what string, got []leadsync.Lead, err error, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, ids(got)); err != nil || diff != "" {
				t.Errorf("%s: %v %s", what, err, diff)
			}
		}
		got, err := s.LeadsToWrite(t.Context(), "D100", noon, 10)
		want("to write", got, err, "due-1", "due-2")
		got, err = s.LeadsToWrite(t.Context(), "D100", noon, 1)
		want("one to write", got, err, "due-1")
		got, err = s.LeadsToCheck(t.Context(), "D100", "", 10)
		want("to check", got, err, "check", "held")
		got, err = s.LeadsToCheck(t.Context(), "D100", "check", 10)
		want("to check behind check", got, err, "held")
		got, err = s.LeadsInCRM(t.Context(), "D100", "check", 10)
		want("in the CRM", got, err, "due-1", "due-2", "found", "held")
		got, err = s.ListLeads(t.Context(), leadsync.Filter{Dealer: "D100", States: []leadsync.State{leadsync.Held, leadsync.Found}, Limit: 10})
		want("by state", got, err, "due-1", "found")
		got, err = s.ListLeads(t.Context(), leadsync.Filter{Dealer: "D100", Held: true, Limit: 10})
		want("with a held update", got, err, "held")
		if n, err := s.MakeLeadsDue(t.Context(), "D100", nil, noon.Add(-2*time.Hour)); err != nil || n != 2 {
			t.Errorf("%d made due %v", n, err)
		}
		if n, err := s.MakeLeadsDue(t.Context(), "D100", []string{"due-2", "check"}, noon); err != nil || n != 1 {
			t.Errorf("%d made due %v", n, err)
		}
		c, err := s.LeadCounts(t.Context(), "D100")
		wantCounts := leadsync.Counts{Leads: map[leadsync.State]int{
			leadsync.Received: 2, leadsync.Failed: 1, leadsync.Held: 1, leadsync.Written: 2, leadsync.Found: 1,
		}, Updates: map[leadsync.UpdateState]int{}, Held: 1}
		if diff := cmp.Diff(wantCounts, c); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("WhatCameIsKeptByteForByteHoweverLong", func(t *testing.T) {
		s := open(t)
		raw := bytes.Repeat([]byte("\x00\xff'\\\"{é"), 1<<18) // 2 MiB and no text
		id, err := s.AddLeadCall(t.Context(), leadsync.Call{Dealer: "D100", State: leadsync.Begun, Begun: noon})
		if err != nil {
			t.Fatal(err)
		}
		want := leadsync.Call{
			ID: id, Dealer: "D100", State: leadsync.Answered, Begun: noon, Answered: noon.Add(time.Second), Raw: raw, Leads: 2, Lost: 1, Tries: 5, Fault: "é",
		}
		if err := s.SaveLeadCall(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.LeadCalls(t.Context(), "D100", leadsync.Begun, leadsync.Answered)
		// Bytes at once: to compare millions one by one takes a minute.
		if diff := cmp.Diff([]leadsync.Call{want}, got, cmp.Comparer(bytes.Equal)); err != nil || diff != "" {
			t.Fatalf("%v %.300s", err, diff)
		}
		receipts := []leadsync.Receipt{
			{
				ID: 1, Dealer: "D100", Lead: "L1", Call: id, Source: leadsync.FromPull, At: noon, State: leadsync.Pending, Raw: raw[:1000],
				Notes: []adapters.LeadNote{{Member: "leadState", Oddity: adapters.MissingMember}},
			},
			{ID: 2, Dealer: "D100", Lead: "L1", Source: leadsync.FromHistoric, At: noon, State: leadsync.Unreadable, Done: noon, Raw: []byte{}},
		}
		for _, r := range receipts {
			if err := s.AddLeadReceipt(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		versions, err := s.LeadReceipts(t.Context(), "D100", "L1", false)
		if diff := cmp.Diff(receipts, versions); err != nil || diff != "" {
			t.Fatalf("%v %.300s", err, diff)
		}
		if err := s.SettleLeadReceipt(t.Context(), 1, leadsync.Put, adapters.LeadUpdated, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if versions, err = s.LeadReceipts(t.Context(), "D100", "L1", true); err != nil || len(versions) != 0 {
			t.Errorf("pending: %v %v", versions, err)
		}
	})
	t.Run("VersionsOfSeveralLeadsAreReadAsFarAsTheirBytesAllow", func(t *testing.T) {
		s := open(t)
		version := func(lead string, state leadsync.ReceiptState, size int) leadsync.Receipt {
			return leadsync.Receipt{Dealer: "D100", Lead: lead, Source: leadsync.FromPull, At: noon, State: state, Raw: bytes.Repeat([]byte(lead[:1]), size)}
		}
		for _, r := range []leadsync.Receipt{
			version("A", leadsync.Pending, 10), version("B", leadsync.Pending, 1<<20), version("A", leadsync.Put, 1<<20), version("C", leadsync.Pending, 5),
			version("A", leadsync.Pending, 20), version("D", leadsync.Pending, 0),
		} {
			if err := s.AddLeadReceipt(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			leads []string
			bytes int
			want  string
		}{
			{[]string{"A", "C", "none"}, 35, "A:10,20 C:5 none:"},
			{[]string{"A", "C"}, 34, "A:10,20"},
			{[]string{"C", "A", "D"}, 35, "A:10,20 C:5 D:0"},
			{[]string{"C", "B", "D"}, 1000, "C:5"},
			{[]string{"B", "A"}, 1<<20 + 30, "A:10,20 B:1048576"},
			{[]string{"B"}, 1, ""},
			{nil, 100, ""},
		} {
			got, err := s.PendingReceipts(t.Context(), "D100", c.leads, c.bytes)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, lead := range slices.Sorted(maps.Keys(got)) {
				var sizes []string
				for _, r := range got[lead] {
					if r.Lead != lead || r.State != leadsync.Pending || !bytes.Equal(r.Raw, bytes.Repeat([]byte(lead[:1]), len(r.Raw))) {
						t.Errorf("of %s: %+v", lead, r)
					}
					sizes = append(sizes, fmt.Sprint(len(r.Raw)))
				}
				found = append(found, lead+":"+strings.Join(sizes, ","))
			}
			if text := strings.Join(found, " "); text != c.want {
				t.Errorf("of %v in %d bytes: got %q, want %q", c.leads, c.bytes, text, c.want)
			}
		}
	})
	t.Run("OfEachLeadTheFirstUpdateUnderWayIsNext", func(t *testing.T) {
		s := open(t)
		n := int64(0)
		add := func(lead string, seq int, state leadsync.UpdateState, due time.Time) leadsync.Update {
			n++
			u := leadsync.Update{
				ID: n, Dealer: "D100", Lead: lead, Seq: seq, State: state, Made: noon, Due: due, Body: json.RawMessage(`{"leadId":"` + lead + `"}`),
				Sources: map[string]string{"leadStatus": "CARD.STATUS"},
			}
			if err := s.AddLeadUpdate(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			return u
		}
		add("L1", 1, leadsync.Acknowledged, noon)
		second := add("L1", 2, leadsync.Sending, noon.Add(-time.Minute))
		add("L1", 3, leadsync.Queued, noon.Add(-time.Hour))
		add("L2", 1, leadsync.Parked, noon)
		behind := add("L2", 2, leadsync.Queued, noon)
		add("L3", 1, leadsync.Queued, noon.Add(time.Hour))
		add("L3", 2, leadsync.Queued, noon)
		got, err := s.NextLeadUpdates(t.Context(), "D100", noon, 10)
		if diff := cmp.Diff([]leadsync.Update{second, behind}, got); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		done := second
		done.State, done.Done, done.Sent, done.Calls, done.Fails, done.Repeats, done.Unsure, done.Status = leadsync.Acknowledged, noon, noon, 3, 2, 1, true, 200
		done.Answer, done.Fault = "ok\ufffd", "x"
		if err := s.SaveLeadUpdate(t.Context(), done); err != nil {
			t.Fatal(err)
		}
		all, err := s.LeadUpdates(t.Context(), "D100", "L1", leadsync.Acknowledged, leadsync.Parked)
		if err != nil || len(all) != 2 {
			t.Fatalf("%v %v", all, err)
		}
		if diff := cmp.Diff(done, all[1]); diff != "" {
			t.Error(diff)
		}
		if all, err = s.LeadUpdates(t.Context(), "D100", ""); err != nil || len(all) != 7 {
			t.Errorf("%d updates in all %v", len(all), err)
		}
		if err := s.SaveLead(t.Context(), leadsync.Lead{Dealer: "D100", ID: "L2", State: leadsync.Written}); err != nil {
			t.Fatal(err)
		}
		leads, err := s.ListLeads(t.Context(), leadsync.Filter{Dealer: "D100", Parked: true, Limit: 5})
		if diff := cmp.Diff([]string{"L2"}, ids(leads)); err != nil || diff != "" {
			t.Errorf("parked: %v %s", err, diff)
		}
		c, err := s.LeadCounts(t.Context(), "D100")
		if err != nil || c.Repeats != 1 || c.Updates[leadsync.Queued] != 4 {
			t.Errorf("%+v %v", c, err)
		}
		if err := s.AddLeadUpdate(t.Context(), leadsync.Update{Dealer: "D100", Lead: "L1", Seq: 3, State: leadsync.Queued}); err == nil {
			t.Error("a number within a lead was given twice")
		}
	})
	t.Run("ErasingLeavesTheIDAlone", func(t *testing.T) {
		s := open(t)
		call, err := s.AddLeadCall(t.Context(), leadsync.Call{Dealer: "D100", State: leadsync.Taken, Answered: noon, Raw: []byte("[both]")})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"L1", "L2"} {
			err := errors.Join(
				s.SaveLead(t.Context(), fullLead(id)),
				s.AddLeadReceipt(t.Context(), leadsync.Receipt{Dealer: "D100", Lead: id, Call: call, State: leadsync.Put, At: noon, Done: noon, Raw: []byte(id)}),
				s.AddLeadUpdate(t.Context(), leadsync.Update{Dealer: "D100", Lead: id, Seq: 1, State: leadsync.Queued, Body: json.RawMessage(`{}`)}),
			)
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.EraseLead(t.Context(), "D100", "L1"); err != nil {
			t.Fatal(err)
		}
		if err := s.EraseLead(t.Context(), "D100", "L3"); !errors.Is(err, leadsync.ErrNoLead) {
			t.Errorf("got %v", err)
		}
		// Whoever still had the lead in hand brings nothing back.
		if err := errors.Join(s.SaveLead(t.Context(), fullLead("L1")), s.NoteLeadRows(t.Context(), "D100", "L1", fullLead("L1").Rows)); err != nil {
			t.Fatal(err)
		}
		got, err := s.LeadsByID(t.Context(), "D100", []string{"L1"})
		if diff := cmp.Diff([]leadsync.Lead{{Dealer: "D100", ID: "L1", State: leadsync.Erased}}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		for id, want := range map[string]int{"L1": 0, "L2": 1} {
			r, err := s.LeadReceipts(t.Context(), "D100", id, false)
			u, err2 := s.LeadUpdates(t.Context(), "D100", id)
			if err != nil || err2 != nil || len(r) != want || len(u) != want {
				t.Errorf("%s: %d versions, %d updates, %v %v", id, len(r), len(u), err, err2)
			}
		}
		calls, err := s.LeadCalls(t.Context(), "D100", leadsync.Taken)
		if err != nil || len(calls) != 1 || calls[0].Raw != nil {
			t.Errorf("the answer that brought both: %+v %v", calls, err)
		}
	})
	t.Run("OldThingsAreForgottenInBatches", func(t *testing.T) {
		s := open(t)
		old, young := noon.Add(-100*time.Hour), noon
		for i, at := range []time.Time{old, old, old, young} {
			_, err := s.AddLeadCall(t.Context(), leadsync.Call{Dealer: "D100", State: leadsync.Taken, Answered: at, Raw: []byte("x")})
			err = errors.Join(err,
				s.AddLeadReceipt(t.Context(), leadsync.Receipt{Dealer: "D100", Lead: "L1", State: leadsync.Put, Done: at, Raw: []byte("y")}),
				s.AddLeadUpdate(t.Context(), leadsync.Update{Dealer: "D100", Lead: "L1", Seq: i, State: leadsync.Acknowledged, Done: at}))
			if err != nil {
				t.Fatal(err)
			}
		}
		err := errors.Join(
			s.AddLeadReceipt(t.Context(), leadsync.Receipt{Dealer: "D100", Lead: "L1", State: leadsync.Pending, At: old, Raw: []byte("z")}),
			s.AddLeadUpdate(t.Context(), leadsync.Update{Dealer: "D100", Lead: "L1", Seq: 9, State: leadsync.Parked, Done: old}))
		if err != nil {
			t.Fatal(err)
		}
		ages := leadsync.Ages{Answers: noon.Add(-time.Hour), Leads: noon.Add(-time.Hour), Updates: noon.Add(-time.Hour)}
		var rounds []int
		for {
			n, err := s.ForgetLeads(t.Context(), "D100", ages, 2)
			if err != nil {
				t.Fatal(err)
			}
			if rounds = append(rounds, n); n == 0 {
				break
			}
		}
		if diff := cmp.Diff([]int{6, 3, 0}, rounds); diff != "" {
			t.Error(diff)
		}
		r, err := s.LeadReceipts(t.Context(), "D100", "L1", false)
		u, err2 := s.LeadUpdates(t.Context(), "D100", "L1")
		c, err3 := s.LeadCalls(t.Context(), "D100", leadsync.Taken)
		if errors.Join(err, err2, err3) != nil || len(r) != 2 || len(u) != 2 || len(c) != 1 {
			t.Errorf("%d versions, %d updates, %d calls are left %v %v %v", len(r), len(u), len(c), err, err2, err3)
		}
	})
	t.Run("WhatIsKeptUnderALeaseStandsOnlyWhileItIsHeld", func(t *testing.T) {
		s := open(t)
		mine := changes.Lease{Name: "leads/D100", Owner: "one", Until: noon.Add(time.Minute)}
		if got, err := s.TakeLease(t.Context(), mine, noon); err != nil || !got {
			t.Fatalf("%v %v", got, err)
		}
		keep := func(l changes.Lease, now time.Time, value string) error {
			return s.Together(t.Context(), func(ctx context.Context) error {
				if err := s.SetLeadMark(ctx, "D100", "pull", value); err != nil {
					return err
				}
				return s.HoldLease(ctx, l, now)
			})
		}
		if err := keep(mine, noon, "first"); err != nil {
			t.Fatal(err)
		}
		other := mine
		other.Owner = "two"
		for name, err := range map[string]error{"another's": keep(other, noon, "wrong"), "a lease that is over": keep(mine, noon.Add(time.Hour), "late")} {
			if !errors.Is(err, leadsync.ErrLeaseLost) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, err := s.LeadMark(t.Context(), "D100", "pull"); err != nil || got != "first" {
			t.Errorf("%q %v", got, err)
		}
		if got, err := s.LeadMark(t.Context(), "D100", "push"); err != nil || got != "" {
			t.Errorf("%q %v", got, err)
		}
	})
	t.Run("NoErrorTellsWhatWasKept", func(t *testing.T) {
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l := fullLead("L1")
		l.DealerLeadID = "secret"
		_, err := s.LeadsByID(ctx, "D100", []string{"secret"})
		for _, err := range []error{s.SaveLead(ctx, l), err, s.EraseLead(ctx, "D100", "secret")} {
			if err == nil || strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestLeadsSQLite(t *testing.T) {
	exerciseLeads(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	})
}
