package leadsync_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
)

// several is a CRM that takes several new leads at once. Like a database it writes
// all of them or none, and may have done so although it says that it failed.
type several struct{ *mortal }

func (m several) WriteLeads(ctx context.Context, leads []adapters.LeadToWrite, journal adapters.LeadsJournal) ([]*adapters.LeadWritten, error) {
	noted := map[int][]adapters.CRMRow{}
	for i, l := range leads {
		if len(l.Noted) == 0 && !m.desk.has(l.Lead.LeadID) {
			noted[i] = []adapters.CRMRow{{Step: "card", Table: "CARD", Key: map[string]string{"CHOSEN": l.Lead.LeadID}}}
		}
	}
	out := make([]*adapters.LeadWritten, len(leads))
	if len(noted) == 0 {
		return out, nil
	}
	if err := journal.Note(ctx, noted); err != nil {
		return nil, err
	}
	written := make([]*adapters.LeadWritten, len(leads))
	err := m.do("writing together", func() error {
		for i := range noted {
			w, err := m.desk.WriteLead(ctx, leads[i].ReceivedLead, &adaptertest.MemoryJournal{})
			if err != nil {
				return err
			}
			written[i] = &w
		}
		return nil
	})
	if err != nil {
		return out, nil //nolint:nilerr // the leads are left, to be written one by one
	}
	return written, nil
}

// has says whether a lead has a card.
func (d *desk) has(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(id, nil) != nil
}

// TestLeadsWrittenTogetherAreNeitherLostNorDoubled ends a process, or has a step
// fail, between any two durable steps while leads go into the CRM together.
func TestLeadsWrittenTogetherAreNeitherLostNorDoubled(t *testing.T) {
	for _, lives := range []bool{false, true} {
		t.Run(fmt.Sprintf("ProcessLives=%v", lives), func(t *testing.T) {
			t.Parallel()
			atEveryStep(t, false, fault{together: true, after: true, lives: lives})
		})
	}
}
