package sqlcrm_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

func (w *world) state(ref adapters.LeadRef) adapters.LeadState {
	w.t.Helper()
	states, err := w.crm.LeadStates(w.t.Context(), []adapters.LeadRef{ref})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(states) != 1 {
		w.t.Fatalf("got %d states, want one", len(states))
	}
	return states[0]
}

func byID(id string) adapters.LeadRef { return adapters.LeadRef{LeadID: id} }

func TestLeadStates(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Run("TheLatestDealCounts", func(t *testing.T) { latestDeal(t, open(t, yardMapping)) })
			t.Run("StagesBecomePercentages", func(t *testing.T) { stages(t, open(t, yardMapping)) })
			t.Run("AllFaultsAreTold", func(t *testing.T) { allFaults(t, open(t, yardMapping)) })
			t.Run("ACodeMaySayNotYet", func(t *testing.T) { notYet(t, open(t, yardMapping)) })
			t.Run("WhatIsGoneIsReportedAsDeclared", func(t *testing.T) { gone(t, open(t, yardMapping)) })
			t.Run("ChangesAreTold", func(t *testing.T) { changes(t, open(t, yardMapping)) })
			t.Run("AllLeadsComeInPages", func(t *testing.T) { allLeads(t, open(t, yardMapping)) })
			t.Run("TheClockIsTheDatabases", func(t *testing.T) { clock(t, open(t, yardMapping)) })
			t.Run("WithoutRoomForTheLeadIDRowsAreNamed", func(t *testing.T) { namedByRow(t, open(t, keptByGatewayText())) })
		})
	}
}

func latestDeal(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	w.exec("insert into DEAL (CARDNO, STAGE, PCT, AMOUNT, DUE) values ('L-202603-0001', 'NEW', 5, 100, '2026-04-01'), ('L-202603-0001', 'QUOTE', 75, 48500.25, '2026-05-15'), ('L-999', 'WON', 1, 1, '2026-01-01')")
	w.exec("update CARD set CUSTNO = '0001007'")
	got := w.state(byID("LD-7"))
	same(t, "faults", got.Faults, []adapters.FieldFault(nil))
	same(t, "update", got.Update, model.LeadUpdate{
		LeadID: "LD-7", DealerLeadID: "L-202603-0001", LeadStatus: model.LeadStatusAccepted, DealerSalesRep: "AL", DealerSalesRepNumber: "AL",
		CurrencyIsoCode: "USD", DealerCustomerNumber: ptr("0001007"), DealerOpportunityID: ptr("2"), OpportunityAmount: ptr(json.Number("48500.25")),
		TargetDate: ptr("2026-05-15"), ProbabilityOfClosurePercentage: ptr(int64(75)),
	})
	same(t, "sources", got.Sources, map[string]string{
		"leadId": "CARD.CATID", "dealerLeadId": "CARD.NUMBER", "leadStatus": "CARD.STATUS", "dealerSalesRep": "CARD.OWNER", "dealerSalesRepNumber": "CARD.OWNER",
		"rejectedReasonWhy": "CARD.STATUS, CARD.REASON", "dealerCustomerNumber": "CARD.CUSTNO", "dealerOpportunityId": "DEAL.ID", "opportunityAmount": "DEAL.AMOUNT",
		"targetDate": "DEAL.DUE", "probabilityOfClosurePercentage": "DEAL.STAGE, DEAL.PCT",
	})
	if !got.Open || got.Gone || got.NotYet {
		t.Errorf("got open %v, gone %v, not yet %v", got.Open, got.Gone, got.NotYet)
	}
	same(t, "ref", got.Ref, adapters.LeadRef{LeadID: "LD-7", Row: map[string]string{"NUMBER": "L-202603-0001"}})
}

// R79: the dealer's own stages become percentages within Caterpillar's ranges.
func stages(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	w.exec("insert into DEAL (CARDNO, STAGE) values ('L-202603-0001', 'NEW')")
	for _, c := range []struct {
		stage   string
		own     any
		percent *int64
		noDeal  *model.ClosedNoDeal
		faults  []adapters.FieldFault
		open    bool
	}{
		{"NEW", 15, ptr(int64(15)), nil, nil, true},
		{"NEW", 99, ptr(int64(20)), nil, nil, true},
		{"NEW", 0, ptr(int64(1)), nil, nil, true},
		{"NEW", nil, nil, nil, []adapters.FieldFault{{Field: "probabilityOfClosurePercentage", Reason: "nothing is there and the interface needs it"}}, true},
		{"QUOTE", nil, ptr(int64(60)), nil, nil, true},
		{"QUOTE", 10, ptr(int64(41)), nil, nil, true},
		{"WON", 3, ptr(int64(100)), nil, nil, false},
		{"LOST", 3, ptr(int64(0)), ptr(model.ClosedNoDealN0), nil, false},
		{"DEAD", nil, ptr(int64(0)), ptr(model.ClosedNoDealN1), nil, false},
	} {
		w.exec("update DEAL set STAGE = ?, PCT = ?", c.stage, c.own)
		got := w.state(byID("LD-7"))
		what := fmt.Sprintf("%s with %v", c.stage, c.own)
		same(t, what, got.Update.ProbabilityOfClosurePercentage, c.percent)
		same(t, what+": no deal", got.Update.ClosedNoDeal, c.noDeal)
		same(t, what+": faults", got.Faults, c.faults)
		same(t, what+": open", got.Open, c.open)
	}
}

func allFaults(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	w.exec("update CARD set STATUS = 'Q', OWNER = ''")
	w.exec("insert into DEAL (CARDNO, STAGE) values ('L-202603-0001', 'HUH')")
	got := w.state(byID("LD-7"))
	same(t, "faults", got.Faults, []adapters.FieldFault{
		{Field: "dealerSalesRep", Reason: "nothing is there and the interface needs it"},
		{Field: "dealerSalesRepNumber", Reason: "nothing is there and the interface needs it"},
		{Field: "leadStatus", Reason: "the code has no entry in the map `status` of crm.yaml, or not one of the interface's words; add it there, and what is held goes out by itself"},
		{Field: "probabilityOfClosurePercentage", Reason: "the code has no entry in sales-stages.yaml, or not one of the interface's words; add it there, and what is held goes out by itself"},
	})
	same(t, "what could be made", got.Update.DealerLeadID, "L-202603-0001")
	w.exec("update CARD set STATUS = 'R', OWNER = 'AL', REASON = 'DUP'")
	w.exec("delete from DEAL")
	got = w.state(byID("LD-7"))
	same(t, "faults after the row was mended", got.Faults, []adapters.FieldFault(nil))
	same(t, "reason", got.Update.RejectedReasonWhy, ptr(model.RejectedReasonDuplicateLeadReceived))
	w.exec("update CARD set REASON = 'WHY'")
	same(t, "a reason nobody mapped", w.state(byID("LD-7")).Faults, []adapters.FieldFault{
		{Field: "rejectedReasonWhy", Reason: "the code has no entry in rejected-reasons.yaml, or not one of the interface's words; add it there, and what is held goes out by itself"},
	})
}

func notYet(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	w.exec("update CARD set STATUS = 'P'")
	got := w.state(byID("LD-7"))
	if !got.NotYet || len(got.Faults) > 0 {
		t.Errorf("got not yet %v and faults %v", got.NotYet, got.Faults)
	}
}

func gone(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	want := model.LeadUpdate{
		LeadID: "LD-7", DealerLeadID: "L-202603-0001", LeadStatus: model.LeadStatusDisqualified, DealerSalesRep: "AL", DealerSalesRepNumber: "AL",
		CurrencyIsoCode: "USD", DisqualifiedReasonWhy: ptr(model.DisqualifiedReasonLeadAlreadyKnown),
	}
	w.exec("update CARD set DELETED = 1")
	got := w.state(byID("LD-7"))
	same(t, "marked as deleted", got.Update, want)
	if !got.Gone || got.NotYet || got.Open {
		t.Errorf("got gone %v, not yet %v, open %v", got.Gone, got.NotYet, got.Open)
	}
	w.exec("delete from CARD")
	want.DealerSalesRep, want.DealerSalesRepNumber = "", ""
	got = w.state(adapters.LeadRef{LeadID: "LD-7", Row: map[string]string{"NUMBER": "L-202603-0001"}})
	same(t, "deleted", got.Update, want)
	if !got.Gone {
		t.Error("a row that is deleted is not gone")
	}
}

func changes(t *testing.T, w *world) {
	for n, at := range []string{"2026-03-14 08:00:00", "2026-03-14 09:00:00", "2026-03-14 10:00:00"} {
		lead := ada()
		lead.Lead.LeadID = fmt.Sprintf("LD-%d", n)
		w.write(lead, &journal{})
		w.exec("update CARD set TOUCHED = ? where CATID = ?", at, lead.Lead.LeadID)
	}
	w.exec("insert into CARD (NUMBER, OWNER, TOUCHED) values ('OWN-1', 'ME', '2026-03-14 11:00:00')")
	w.exec("insert into DEAL (CARDNO, STAGE, TOUCHED) values ('L-202603-0001', 'NEW', '2026-03-14 10:30:00')")
	ref := func(n int) adapters.LeadRef {
		return adapters.LeadRef{LeadID: fmt.Sprintf("LD-%d", n), Row: map[string]string{"NUMBER": fmt.Sprintf("L-202603-%04d", n+1)}}
	}
	for _, c := range []struct {
		since time.Time // 10:00 in Chicago is 15:00 in UTC
		want  []adapters.LeadRef
	}{
		{time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC), []adapters.LeadRef{ref(0), ref(2)}},
		{time.Date(2026, 3, 14, 15, 0, 1, 0, time.UTC), []adapters.LeadRef{ref(0)}},
		{time.Date(2026, 3, 14, 17, 0, 0, 0, time.UTC), nil},
		{time.Time{}, []adapters.LeadRef{ref(0), ref(1), ref(2)}},
	} {
		same(t, "since "+c.since.String(), w.changed(c.since), c.want)
	}
}

func allLeads(t *testing.T, w *world) {
	for n := range 5 {
		lead := ada()
		lead.Lead.LeadID = fmt.Sprintf("LD-%d", n)
		w.write(lead, &journal{})
	}
	w.exec("insert into CARD (NUMBER, OWNER) values ('OWN-1', 'ME')") // no lead of Caterpillar's
	var ids []string
	pages := 0
	for mark := ""; ; pages++ {
		refs, next, err := w.crm.AllLeads(t.Context(), mark, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range refs {
			ids = append(ids, ref.LeadID)
		}
		if mark = next; mark == "" {
			break
		}
	}
	same(t, "leads", ids, []string{"LD-0", "LD-1", "LD-2", "LD-3", "LD-4"})
	same(t, "pages behind the first", pages, 2)
}

func clock(t *testing.T, w *world) {
	before := time.Now().Add(-time.Minute)
	got, err := w.crm.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Before(before) || got.After(time.Now().Add(time.Minute)) || got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}

func namedByRow(t *testing.T, w *world) {
	j := &journal{}
	got := w.write(ada(), j)
	want := adapters.LeadRef{Row: map[string]string{"NUMBER": "L-202603-0001"}}
	same(t, "ref", got.Ref, want)
	same(t, "a repeat", w.write(ada(), j).Outcome, adapters.LeadRepeated)
	state := w.state(want)
	same(t, "faults", state.Faults, []adapters.FieldFault(nil))
	same(t, "id of the lead", state.Update.LeadID, "")
	refs, _, err := w.crm.AllLeads(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "all", refs, []adapters.LeadRef{want})
}

// changed are the leads that changed, as one page.
func (w *world) changed(since time.Time) []adapters.LeadRef {
	w.t.Helper()
	pages, err := w.crm.ChangedLeads(w.t.Context(), since)
	if err != nil {
		w.t.Fatal(err)
	}
	refs, more, err := pages.Next(w.t.Context(), 1000)
	if err != nil || more {
		w.t.Fatalf("got more than a page, or %v", err)
	}
	return refs
}
