package memory_test

import (
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/memory"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

func TestCRMConformance(t *testing.T) {
	adaptertest.RunCRM(t, func(*testing.T) adaptertest.CRMSubject {
		crm := &memory.CRM{Now: func() time.Time { return adaptertest.CRMClock }}
		change := func(t testing.TB, leadID string, do func(row *memory.LeadRow) bool) {
			t.Helper()
			if !crm.Change(leadID, do) {
				t.Errorf("there is no lead %s", leadID)
			}
		}
		return adaptertest.CRMSubject{
			CRM:   crm,
			Leads: func(testing.TB) []string { return crm.LeadIDs() },
			Reject: func(t testing.TB, leadID string, at time.Time) {
				change(t, leadID, func(row *memory.LeadRow) bool {
					row.Status, row.Reason, row.Changed = "rejected", model.RejectedReasonDuplicateLeadReceived, at
					return true
				})
			},
			Spoil: func(t testing.TB, leadID string) {
				change(t, leadID, func(row *memory.LeadRow) bool { row.Status = "?"; return true })
			},
			Mend: func(t testing.TB, leadID string) {
				change(t, leadID, func(row *memory.LeadRow) bool { row.Status = ""; return true })
			},
			Remove: func(t testing.TB, leadID string) {
				change(t, leadID, func(*memory.LeadRow) bool { return false })
			},
		}
	})
}
