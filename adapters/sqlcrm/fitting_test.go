package sqlcrm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

func TestWhatDoesNotFitIsToldBeforeAnythingIsWritten(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping)
			lead := ada()
			lead.Lead.EmailAddress = ptr(strings.Repeat("a", 60) + "@x.example")
			lead.Lead.RentalStartDate = ptr("next spring")
			lead.Lead.City = ptr(strings.Repeat("Long", 10))
			j := &journal{}
			_, err := w.crm.WriteLead(t.Context(), lead, j)
			var fitting *adapters.NotFitting
			if !errors.As(err, &fitting) {
				t.Fatalf("got %v, want that it does not fit", err)
			}
			same(t, "faults", fitting.Faults, []adapters.FieldFault{
				{Field: "COMPANY.TOWN", Reason: "the text is longer than the 30 characters of the column; `cut: true` would cut it"},
				{Field: "PERSON.MAIL", Reason: "the text is longer than the 60 characters of the column; `cut: true` would cut it"},
				{Field: "CARD.WANTED", Reason: "the column takes a date, and this is none"},
			})
			same(t, "rows", w.rows(allRows), []string{"COMPANY|0", "PERSON|0", "CARD|0"})
			same(t, "journal", len(j.rows), 0)
			if strings.Contains(err.Error(), "x.example") || strings.Contains(err.Error(), "spring") {
				t.Errorf("the error tells a value: %v", err)
			}
		})
	}
}

func TestPlanLeadWritesNothing(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping)
			j := &journal{}
			got, err := w.crm.PlanLead(t.Context(), ada(), j)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "outcome", got.Outcome, adapters.LeadCreated)
			same(t, "rows", len(got.Rows), 3)
			same(t, "first column", got.Rows[0].Values[0], adapters.PlannedValue{Column: "NAME", Value: ptr("Fernwood Groundworks and")})
			same(t, "in the CRM", w.rows(allRows), []string{"COMPANY|0", "PERSON|0", "CARD|0"})
			same(t, "counter", w.rows("select NEXTNO from SEQ where NAME = 'PERSON'"), []string{"400"})
			same(t, "journal", len(j.rows), 0)

			w.write(ada(), j)
			lead := ada()
			lead.Lead.SystemScore, lead.Lead.LeadState = ptr("A1"), model.LeadStateUPDATED
			got, err = w.crm.PlanLead(t.Context(), lead, j)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "an update", got, adapters.LeadPlanned{Outcome: adapters.LeadUpdated, Rows: []adapters.PlannedRow{
				{Step: "card", Table: "CARD", Values: []adapters.PlannedValue{{Column: "RATING", Value: ptr("A1")}}},
			}})
		})
	}
}

func TestNumbersThatAreTakenAreFollowedByTheNext(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping)
			w.exec("insert into CARD (NUMBER, OWNER) values ('L-202603-0009', 'ME'), ('L-202603-TEST', 'ME'), ('L-202602-0100', 'ME')")
			w.exec("insert into PERSON (ID, NAME) values (400, 'Taken'), (401, 'Taken too')")
			got := w.write(ada(), &journal{})
			same(t, "number", got.DealerLeadID, "L-202603-0010")
			same(t, "person", w.rows("select PERSON from CARD where CATID = 'LD-7'"), []string{"402"})
			same(t, "those who were there", w.rows("select NAME from PERSON where ID in (400, 401) order by ID"), []string{"Taken", "Taken too"})
		})
	}
}

func TestNumbersGoOnWithMoreDigits(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping)
			w.exec("insert into CARD (NUMBER, OWNER) values ('L-202603-9998', 'ME'), ('L-202603-ABCD', 'ME')")
			for n, want := range []string{"L-202603-9999", "L-202603-10000", "L-202603-10001"} {
				lead := ada()
				lead.Lead.LeadID = want
				same(t, "number", w.write(lead, &journal{}).DealerLeadID, want)
				if n == 2 {
					same(t, "cards", w.rows("select count(*) from CARD"), []string{"5"})
				}
			}
		})
	}
}

func TestAStopAtAnyNoteIsMended(t *testing.T) {
	for name, open := range engines {
		for what, mapping := range map[string]string{"IDInTheCRM": yardMapping, "IDElsewhere": keptByGatewayText()} {
			t.Run(name+what, func(t *testing.T) {
				for at := 1; at <= 2; at++ {
					w := open(t, mapping)
					count := 0
					j := &journal{stop: func() error {
						if count++; count == at {
							return errStopped
						}
						return nil
					}}
					if _, err := w.crm.WriteLead(t.Context(), ada(), j); !errors.Is(err, errStopped) {
						t.Fatalf("note %d: got %v", at, err)
					}
					j.stop = nil
					w.write(ada(), j)
					same(t, "rows", w.rows(allRows), []string{"COMPANY|1", "PERSON|1", "CARD|1"})
					same(t, "a repeat", w.write(ada(), j).Outcome, adapters.LeadRepeated)
				}
			})
		}
	}
}

func TestReceive(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping)
			h := adapters.Handover{ID: "M-1", RequestType: "off_rent", Body: []byte(`{"a": 1}`), Received: now}
			for range 2 {
				if err := w.crm.Receive(t.Context(), h); err != nil {
					t.Fatal(err)
				}
			}
			same(t, "inbox", w.rows("select GWID, KIND, BODY from INBOX"), []string{`M-1|off_rent|{"a": 1}`})
			h.ID, h.RequestType = "M-2", strings.Repeat("x", 41)
			var fitting *adapters.NotFitting
			if err := w.crm.Receive(t.Context(), h); !errors.As(err, &fitting) {
				t.Errorf("got %v, want that it does not fit", err)
			}
			same(t, "inbox afterwards", w.rows("select count(*) from INBOX"), []string{"1"})
		})
	}
}
