package sqlcrm_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// demos open the demo dealer's CRM in every kind of database that is at hand.
var demos = map[string]func(t *testing.T) *world{"SQLite": demoInFile}

func demoInFile(t *testing.T) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crm.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	return openDemo(t, db, demo.SQLite, "", sqlcrm.Config{Driver: sqlcrm.SQLite, Path: path})
}

func openDemo(t *testing.T, db *sql.DB, dialect demo.Dialect, engine string, config sqlcrm.Config) *world {
	t.Helper()
	config.Mapping, config.MappingName = demo.Mapping(), "demo"
	return openWorld(t, db, strings.Join(demo.CRMSchema(dialect, engine), ";\n"), config)
}

func TestDemo(t *testing.T) {
	for name, open := range demos {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			t.Run("HasNoFaults", func(t *testing.T) {
				faults, err := w.crm.CheckMapping(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range faults {
					if !f.Warning {
						t.Error(f)
					}
				}
			})
			t.Run("ALeadArrives", func(t *testing.T) { demoLeadArrives(t, w) })
			t.Run("IsWorkedAndReportedBack", func(t *testing.T) { demoLeadIsWorked(t, w) })
			t.Run("IsMergedInTheEnd", func(t *testing.T) { demoLeadIsMerged(t, w) })
		})
	}
}

func demoLead() adapters.ReceivedLead {
	return adapters.ReceivedLead{Lead: model.Lead{
		LeadID: "LD-000417-Q", LeadState: model.LeadStateNEW, FirstName: ptr("Ada"), LastName: ptr("Fernwood-Whittlesworth of Ames"), Company: ptr("Fernwood Groundworks"), City: ptr("Ames"),
		StateOrProvince: ptr("IA"), County: ptr("Story"), EmailAddress: ptr("ada@fernwood.example"), BusinessPhone: ptr("+1 555-0161"), BcpNewUsedRental: ptr(model.NewUsedRentalRental),
		ProductOfInterest: ptr("Mini excavator"), CommentsMaster: ptr("Two weeks of trenching for 小明."), RentalStartDate: ptr("2026-04-06"), DateCreated: ptr("2026-03-02T09:41:07+00:00"), AgreeToContact: ptr(true),
	}}
}

func demoLeadArrives(t *testing.T, w *world) {
	j := &journal{}
	got := w.write(demoLead(), j)
	same(t, "the dealer's id", got.DealerLeadID, "PL-202603-0001")
	same(t, "account", w.rows("select c.ACCNO, a.SOURCE from CONTACT c join ACCOUNT a on a.ACCNO = c.ACCNO where c.CONNO = 7041"), []string{"1|OWN"})
	same(t, "contact", w.rows("select FNAME, LNAME, MAIL, TEL from CONTACT where CONNO = 7041"), []string{"Ada|Fernwood-Whittlesworth of|ada@fernwood.example|+1 555-0161"})
	note := "Two weeks of trenching for 小明."
	if w.config.Driver == sqlcrm.MySQL {
		note = "Two weeks of trenching for ??."
	}
	same(t, "lead", w.rows("select CONNO, TITLE, STATUS, OWNERKIND, OWNER, NOTE, MADEBY, cast(MADE as char(19)) from LEADS where LEADNO = 'PL-202603-0001'"),
		[]string{"7041|Rental Mini excavator|NW|U|12|" + note + "\nAmes|CATLEAD|2026-03-14 10:09:26"})
	same(t, "custom fields", w.rows("select CF_701, CF_702, CF_703, CF_704, CF_705 from LEADCF where LEADNO = 'PL-202603-0001'"), []string{"LD-000417-Q|1775451600|on|02/03/2026|-"})
	same(t, "a repeat", w.write(demoLead(), j).Outcome, adapters.LeadRepeated)
	lead := demoLead()
	lead.Lead.LeadState, lead.Lead.CatPrequalificationStatus = model.LeadStateUPDATED, ptr(true)
	same(t, "an update", w.write(lead, j).Outcome, adapters.LeadUpdated)
	same(t, "custom fields after it", w.rows("select CF_705 from LEADCF where LEADNO = 'PL-202603-0001'"), []string{"on"})
}

func demoLeadIsWorked(t *testing.T, w *world) {
	w.exec("update LEADS set STATUS = 'CV', CALLED = '2026-03-15 16:20:00', RATING = 'B', CHANGED = '2026-03-15 16:21:00' where LEADNO = 'PL-202603-0001'")
	w.exec("insert into DEALS (LEADNO, STAGE, AMOUNT, DUE, REP, CUSTNO, QUOTE, CHANGED) values ('PL-202603-0001', 'QUO', '48,500.00', '15/05/2026', 13, '1007', 'Q-2261', '2026-03-16 08:00:00')")
	got := w.state(byID("LD-000417-Q"))
	same(t, "faults", got.Faults, []adapters.FieldFault(nil))
	same(t, "status", got.Update.LeadStatus, model.LeadStatusAccepted)
	same(t, "who is in charge", got.Update.DealerSalesRep+" "+got.Update.DealerSalesRepNumber, "José Peña E-40")
	same(t, "day of the call", got.Update.DateContacted, ptr("2026-03-15"))
	same(t, "percentage", got.Update.ProbabilityOfClosurePercentage, ptr(int64(60)))
	same(t, "customer", got.Update.DealerCustomerNumber, ptr("0001007"))
	same(t, "target", got.Update.TargetDate, ptr("2026-05-15"))
	same(t, "where the person comes from", got.Sources["dealerSalesRep"], "USERS.NAME")
	w.exec("update DEALS set STAGE = 'LST', WHY = 'PRIC'")
	got = w.state(byID("LD-000417-Q"))
	same(t, "percentage of a lost deal", got.Update.ProbabilityOfClosurePercentage, ptr(int64(0)))
	same(t, "reason", got.Update.PrimaryClosedReason, ptr(model.PrimaryClosedReasonCatPriceTooHigh))
	same(t, "open", got.Open, false)
}

func demoLeadIsMerged(t *testing.T, w *world) {
	w.exec("update LEADS set MERGED = 1 where LEADNO = 'PL-202603-0001'")
	got := w.state(byID("LD-000417-Q"))
	same(t, "status", got.Update.LeadStatus, model.LeadStatusDisqualified)
	same(t, "gone", got.Gone, true)
}
