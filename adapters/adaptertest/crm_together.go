package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// placeJournal is the journal of several leads.
type placeJournal struct {
	noted []map[int][]adapters.CRMRow
	fails error
}

// Note implements adapters.LeadsJournal.
func (j *placeJournal) Note(_ context.Context, rows map[int][]adapters.CRMRow) error {
	j.noted = append(j.noted, rows)
	return j.fails
}

func samples(from, to int) []adapters.LeadToWrite {
	var all []adapters.LeadToWrite
	for n := from; n < to; n++ {
		all = append(all, adapters.LeadToWrite{ReceivedLead: SampleLead(n)})
	}
	return all
}

func sampleIDs(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, SampleLeadID(i))
	}
	return ids
}

// leadsTogether: leads written together stand there like those written one by one.
func leadsTogether(t *testing.T, s CRMSubject) {
	writer, ok := s.CRM.(adapters.LeadsWriter)
	if !ok || s.Alone {
		return // it writes them one by one
	}
	alone, _ := s.writeSample(t, 0)
	leads := samples(0, 6)
	leads[4].Noted = []adapters.CRMRow{{Step: "begun before"}}
	if s.TooLong != "" {
		leads[5].Lead.City = &s.TooLong
	}
	j := &placeJournal{}
	written, err := writer.WriteLeads(t.Context(), leads, j)
	if err != nil || len(written) != len(leads) {
		t.Fatalf("got %d answers for %d leads, %v", len(written), len(leads), err)
	}
	var want []string
	for i, w := range written {
		left := i == 0 || i == 4 || i == 5 && s.TooLong != ""
		if left {
			if w != nil {
				t.Errorf("lead %d was written, and is to be left", i)
			}
			if i == 0 {
				want = append(want, SampleLeadID(0))
			}
			continue
		}
		if w == nil {
			t.Fatalf("lead %d was left", i)
		}
		want = append(want, SampleLeadID(i))
		equal(t, "outcome", w.Outcome, adapters.LeadCreated)
		if w.After == nil || w.Before != nil || w.DealerLeadID == alone.DealerLeadID || len(w.Rows) != len(alone.Rows) {
			t.Errorf("got %+v, want it like %+v", w, alone)
		}
		equal(t, "what the writer said", s.state(t, SampleLeadID(i)), *w.After)
		for at := range j.noted[0][i] {
			equal(t, "a key that was noted before", j.noted[0][i][at].Step, w.Rows[at].Step)
			for column, value := range j.noted[0][i][at].Key {
				equal(t, "a key that was noted before", w.Rows[at].Key[column], value)
			}
		}
	}
	equal(t, "rows of leads", s.Leads(t), want)
	again, err := s.CRM.WriteLead(t.Context(), SampleLead(2), &MemoryJournal{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "outcome of a repeat", again.Outcome, adapters.LeadRepeated)
	equal(t, "ref of a repeat", again.Ref, written[2].Ref)
}

// togetherAgain: writing leads together once more writes nothing.
func togetherAgain(t *testing.T, s CRMSubject) {
	writer, ok := s.CRM.(adapters.LeadsWriter)
	if !ok || s.Alone {
		return
	}
	for range 2 {
		if _, err := writer.WriteLeads(t.Context(), samples(0, 8), &placeJournal{}); err != nil {
			t.Fatal(err)
		}
		equal(t, "rows of leads", s.Leads(t), sampleIDs(8))
	}
}

// togetherUnnoted: nothing is written whose keys could not be noted.
func togetherUnnoted(t *testing.T, s CRMSubject) {
	writer, ok := s.CRM.(adapters.LeadsWriter)
	if !ok || s.Alone {
		return
	}
	failure := fmt.Errorf("the journal is away")
	j := &placeJournal{fails: failure}
	if _, err := writer.WriteLeads(t.Context(), samples(0, 3), j); len(j.noted) > 0 && !errors.Is(err, failure) {
		t.Errorf("got %v, want what the journal said", err)
	}
	equal(t, "rows of leads", s.Leads(t), []string(nil))
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := writer.WriteLeads(ended, samples(0, 3), &placeJournal{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the call was ended", err)
	}
	equal(t, "rows of leads", s.Leads(t), []string(nil))
}
