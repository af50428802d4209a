package sqlcrm_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
)

func TestConformance(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			adaptertest.RunCRM(t, func(t *testing.T) adaptertest.CRMSubject {
				s := subject(t, open(t, yardMapping))
				s.Alone = name == "MyISAM" // takes nothing back
				return s
			})
		})
	}
}

// subject is the yard as the suite wants it.
func subject(t *testing.T, w *world) adaptertest.CRMSubject {
	t.Helper()
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	return adaptertest.CRMSubject{
		CRM: w.crm,
		Leads: func(testing.TB) []string {
			ids := w.rows("select CATID from CARD where CATID is not null")
			slices.Sort(ids)
			return ids
		},
		Reject: func(_ testing.TB, leadID string, at time.Time) {
			w.exec("update CARD set STATUS = 'R', REASON = 'DUP', TOUCHED = ? where CATID = ?", at.In(chicago).Format(time.DateTime), leadID)
		},
		Spoil:   func(_ testing.TB, leadID string) { w.exec("update CARD set STATUS = '?' where CATID = ?", leadID) },
		Mend:    func(_ testing.TB, leadID string) { w.exec("update CARD set STATUS = 'N' where CATID = ?", leadID) },
		Remove:  func(_ testing.TB, leadID string) { w.exec("delete from CARD where CATID = ?", leadID) },
		TooLong: strings.Repeat("Far away ", 12),
	}
}
