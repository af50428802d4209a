package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// LeadCRM is what the suite asks: a CRM that takes leads and tells their state.
type LeadCRM interface {
	adapters.LeadWriter
	adapters.LeadStateReader
}

// CRMSubject is an open CRM and the ways its people have with it.
type CRMSubject struct {
	CRM LeadCRM
	// Leads are Caterpillar's ids of all rows of leads, one for each row, sorted.
	Leads func(t testing.TB) []string
	// Reject has a sales person reject a lead as a duplicate, at a moment.
	Reject func(t testing.TB, leadID string, at time.Time)
	// Spoil writes something into the lead's row that no map has a word for, and
	// Mend puts it back.
	Spoil, Mend func(t testing.TB, leadID string)
	// Remove takes the lead's row out.
	Remove func(t testing.TB, leadID string)
	// TooLong is a company's name the CRM cannot take; empty where it takes any.
	TooLong string
	// Alone says that the CRM takes leads only one by one.
	Alone bool
}

// CRMClock is the moment at which a CRM's clock stands while the suite runs.
var CRMClock = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// RunCRM asks a CRM everything the capabilities promise. Each test opens a fresh
// one.
func RunCRM(t *testing.T, open func(t *testing.T) CRMSubject) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s CRMSubject)
	}{
		{"ALeadIsWrittenOnce", leadOnce},
		{"ARepeatWithoutAJournalChangesNothing", leadWithoutJournal},
		{"LeadsAtTheSameTimeAreWrittenOnce", leadsAtOnce},
		{"LeadsTogetherAreLikeLeadsAlone", leadsTogether},
		{"LeadsTogetherAreWrittenOnce", togetherAgain},
		{"LeadsTogetherWaitForTheJournal", togetherUnnoted},
		{"PlanningWritesNothing", planningWritesNothing},
		{"AnEndedCallWritesNothingOrAll", endedCall},
		{"WhatDoesNotFitIsNotWritten", nothingOfWhatDoesNotFit},
		{"TheStateIsWhatSalesPeopleMadeOfIt", stateFollowsPeople},
		{"WhatKeepsAnUpdateFromBeingMadeIsTold", faultsAreTold},
		{"ARowThatIsGoneIsGone", goneIsTold},
		{"ChangesAreToldFromTheirMomentOn", changesAreTold},
		{"AllLeadsComeInPagesEachOnce", pagesOfLeads},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// MemoryJournal is a lead's journal that lasts as long as the test.
type MemoryJournal struct{ kept []byte }

// Rows implements adapters.LeadJournal.
func (j *MemoryJournal) Rows(context.Context) ([]adapters.CRMRow, error) {
	if j.kept == nil {
		return nil, nil
	}
	var rows []adapters.CRMRow
	err := json.Unmarshal(j.kept, &rows)
	return rows, err
}

// Note implements adapters.LeadJournal.
func (j *MemoryJournal) Note(_ context.Context, rows []adapters.CRMRow) (err error) {
	j.kept, err = json.Marshal(rows)
	return err
}

// SampleLead is a lead of the suite, complete enough for any CRM.
func SampleLead(n int) adapters.ReceivedLead {
	text := func(s string) *string { return &s }
	quantity := int64(n + 1)
	return adapters.ReceivedLead{Lead: model.Lead{
		LeadID: SampleLeadID(n), LeadState: model.LeadStateNEW, FirstName: text("Ida"), LastName: text(fmt.Sprintf("Marsh %d", n)), Name: text(fmt.Sprintf("Ida Marsh %d", n)),
		Company: text("Marsh Drainage"), City: text("Ankeny"), StateOrProvince: text("IA"), County: text("Polk"), EmailAddress: text(fmt.Sprintf("ida%d@marsh.example", n)),
		CommentsMaster: text(fmt.Sprintf("Ditch number %d.", n)), ProductOfInterestQuantity: &quantity, RentalStartDate: text("2026-04-06"),
	}}
}

// SampleLeadID is the id of SampleLead(n).
func SampleLeadID(n int) string { return fmt.Sprintf("LD-%04d", n) }

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// writeSample writes a lead and its journal.
func (s CRMSubject) writeSample(t *testing.T, n int) (adapters.LeadWritten, *MemoryJournal) {
	t.Helper()
	j := &MemoryJournal{}
	got, err := s.CRM.WriteLead(t.Context(), SampleLead(n), j)
	if err != nil {
		t.Fatal(err)
	}
	return got, j
}

func leadOnce(t *testing.T, s CRMSubject) {
	got, j := s.writeSample(t, 0)
	equal(t, "outcome", got.Outcome, adapters.LeadCreated)
	equal(t, "rows of leads", s.Leads(t), []string{SampleLeadID(0)})
	if got.DealerLeadID == "" || got.After == nil || got.Before != nil {
		t.Fatalf("got id %q, state before %v, after %v", got.DealerLeadID, got.Before, got.After)
	}
	equal(t, "the dealer's id in the state", got.After.Update.DealerLeadID, got.DealerLeadID)
	noted, err := j.Rows(t.Context())
	if err != nil || len(noted) == 0 {
		t.Errorf("got the journal %v, %v", noted, err)
	}
	again, err := s.CRM.WriteLead(t.Context(), SampleLead(0), j)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "outcome of a repeat", again.Outcome, adapters.LeadRepeated)
	equal(t, "the dealer's id of a repeat", again.DealerLeadID, got.DealerLeadID)
	equal(t, "ref of a repeat", again.Ref, got.Ref)
	equal(t, "rows of leads after a repeat", s.Leads(t), []string{SampleLeadID(0)})
}

func leadWithoutJournal(t *testing.T, s CRMSubject) {
	first, _ := s.writeSample(t, 0)
	again, j := s.writeSample(t, 0)
	equal(t, "outcome", again.Outcome, adapters.LeadRepeated)
	equal(t, "the dealer's id", again.DealerLeadID, first.DealerLeadID)
	equal(t, "rows of leads", s.Leads(t), []string{SampleLeadID(0)})
	if rows, err := j.Rows(t.Context()); err != nil || len(rows) == 0 {
		t.Errorf("the journal was not filled in again: %v, %v", rows, err)
	}
}

func leadsAtOnce(t *testing.T, s CRMSubject) {
	const leads, writers = 6, 3
	var running sync.WaitGroup
	failed := make(chan error, leads*writers)
	var want []string
	for n := range leads {
		want = append(want, SampleLeadID(n))
		for range writers {
			running.Go(func() {
				if _, err := s.CRM.WriteLead(t.Context(), SampleLead(n), &MemoryJournal{}); err != nil {
					failed <- err
				}
			})
		}
	}
	running.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	equal(t, "rows of leads", s.Leads(t), want)
}

func planningWritesNothing(t *testing.T, s CRMSubject) {
	j := &MemoryJournal{}
	planned, err := s.CRM.PlanLead(t.Context(), SampleLead(0), j)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "outcome", planned.Outcome, adapters.LeadCreated)
	if len(planned.Rows) == 0 || len(planned.Rows[0].Values) == 0 {
		t.Errorf("got the rows %v", planned.Rows)
	}
	equal(t, "rows of leads", s.Leads(t), []string(nil))
	equal(t, "journal", j.kept, []byte(nil))
	s.writeSample(t, 0)
	planned, err = s.CRM.PlanLead(t.Context(), SampleLead(0), j)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "outcome for a lead that stands there", planned.Outcome, adapters.LeadRepeated)
}

func endedCall(t *testing.T, s CRMSubject) {
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.CRM.WriteLead(ended, SampleLead(0), &MemoryJournal{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the call was ended", err)
	}
	equal(t, "rows of leads", s.Leads(t), []string(nil))
	if _, err := s.CRM.LeadStates(ended, []adapters.LeadRef{{LeadID: SampleLeadID(0)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("states: got %v, want that the call was ended", err)
	}
	s.writeSample(t, 0)
	equal(t, "rows of leads afterwards", s.Leads(t), []string{SampleLeadID(0)})
}

func nothingOfWhatDoesNotFit(t *testing.T, s CRMSubject) {
	if s.TooLong == "" {
		return // it takes everything
	}
	lead := SampleLead(0)
	lead.Lead.City = &s.TooLong
	j := &MemoryJournal{}
	_, err := s.CRM.WriteLead(t.Context(), lead, j)
	var fitting *adapters.NotFitting
	if !errors.As(err, &fitting) || !errors.Is(err, adapters.ErrNotFitting) || len(fitting.Faults) == 0 {
		t.Fatalf("got %v, want all that does not fit", err)
	}
	equal(t, "rows of leads", s.Leads(t), []string(nil))
	equal(t, "journal", j.kept, []byte(nil))
}

func (s CRMSubject) state(t *testing.T, leadID string) adapters.LeadState {
	t.Helper()
	states, err := s.CRM.LeadStates(t.Context(), []adapters.LeadRef{{LeadID: leadID}})
	if err != nil {
		t.Fatal(err)
	}
	if len(states) != 1 {
		t.Fatalf("got %d states for one lead", len(states))
	}
	return states[0]
}

func stateFollowsPeople(t *testing.T, s CRMSubject) {
	written, _ := s.writeSample(t, 0)
	s.writeSample(t, 1)
	got := s.state(t, SampleLeadID(0))
	equal(t, "what the writer said", got, *written.After)
	if !got.Open || len(got.Faults) > 0 || got.NotYet || got.Gone || got.Update.LeadStatus != model.LeadStatusAccepted {
		t.Errorf("got %+v, want a lead that is accepted and open", got)
	}
	if got.Sources["leadStatus"] == "" {
		t.Errorf("got the sources %v, want to know where the status comes from", got.Sources)
	}
	s.Reject(t, SampleLeadID(0), CRMClock)
	got = s.state(t, SampleLeadID(0))
	equal(t, "status", got.Update.LeadStatus, model.LeadStatusRejected)
	why := model.RejectedReasonDuplicateLeadReceived
	equal(t, "reason", got.Update.RejectedReasonWhy, &why)
	equal(t, "open", got.Open, false)
	equal(t, "status of another", s.state(t, SampleLeadID(1)).Update.LeadStatus, model.LeadStatusAccepted)
}

func faultsAreTold(t *testing.T, s CRMSubject) {
	s.writeSample(t, 0)
	s.Spoil(t, SampleLeadID(0))
	got := s.state(t, SampleLeadID(0))
	if !slices.ContainsFunc(got.Faults, func(f adapters.FieldFault) bool { return f.Field == "leadStatus" && f.Reason != "" }) {
		t.Errorf("got the faults %v, want one of the status", got.Faults)
	}
	s.Mend(t, SampleLeadID(0))
	equal(t, "faults afterwards", s.state(t, SampleLeadID(0)).Faults, []adapters.FieldFault(nil))
}

func goneIsTold(t *testing.T, s CRMSubject) {
	written, j := s.writeSample(t, 0)
	s.Remove(t, SampleLeadID(0))
	for what, ref := range map[string]adapters.LeadRef{"by id": {LeadID: SampleLeadID(0)}, "by row": written.Ref} {
		states, err := s.CRM.LeadStates(t.Context(), []adapters.LeadRef{ref, {LeadID: "LD-NEVER"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(states) != 2 || !states[0].Gone || !states[1].Gone {
			t.Errorf("%s: got %+v, want two that are gone", what, states)
		}
	}
	lead := SampleLead(0)
	lead.Lead.LeadState = model.LeadStateUPDATED
	if _, err := s.CRM.WriteLead(t.Context(), lead, j); err != nil {
		t.Fatal(err)
	}
	equal(t, "rows of leads after it was updated", s.Leads(t), []string(nil))
}

func changesAreTold(t *testing.T, s CRMSubject) {
	for n := range 3 {
		s.writeSample(t, n)
		s.Reject(t, SampleLeadID(n), CRMClock.Add(time.Duration(n)*time.Hour))
	}
	for _, c := range []struct {
		since time.Time
		want  []string
	}{
		{time.Time{}, []string{SampleLeadID(0), SampleLeadID(1), SampleLeadID(2)}},
		{CRMClock.Add(time.Hour), []string{SampleLeadID(1), SampleLeadID(2)}},
		{CRMClock.Add(time.Hour + time.Second), []string{SampleLeadID(2)}},
		{CRMClock.Add(3 * time.Hour), nil},
	} {
		for _, limit := range []int{1, 2, 100} {
			equal(t, "changed since "+c.since.Format(time.RFC3339), idsOf(s.changed(t, c.since, limit)), c.want)
		}
	}
}

// changed are the leads that changed, asked for in pages.
func (s CRMSubject) changed(t *testing.T, since time.Time, limit int) (all []adapters.LeadRef) {
	t.Helper()
	pages, err := s.CRM.ChangedLeads(t.Context(), since)
	if err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var refs []adapters.LeadRef
		if refs, more, err = pages.Next(t.Context(), limit); err != nil {
			t.Fatal(err)
		}
		if len(refs) > limit {
			t.Fatalf("a page of %d leads, at most %d were asked for", len(refs), limit)
		}
		all = append(all, refs...)
	}
	return all
}

func idsOf(refs []adapters.LeadRef) []string {
	var ids []string
	for _, ref := range refs {
		ids = append(ids, ref.LeadID)
	}
	slices.Sort(ids)
	return ids
}

func pagesOfLeads(t *testing.T, s CRMSubject) {
	var want []string
	for n := range 7 {
		s.writeSample(t, n)
		want = append(want, SampleLeadID(n))
	}
	for _, limit := range []int{1, 3, 7, 100} {
		var all []adapters.LeadRef
		for mark, pages := "", 0; ; pages++ {
			refs, next, err := s.CRM.AllLeads(t.Context(), mark, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(refs) > limit || pages > len(want) {
				t.Fatalf("got %d leads on page %d, want at most %d on a few", len(refs), pages, limit)
			}
			all = append(all, refs...)
			if mark = next; mark == "" {
				break
			}
		}
		equal(t, fmt.Sprintf("pages of %d", limit), idsOf(all), want)
	}
}
