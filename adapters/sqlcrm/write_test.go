package sqlcrm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

const (
	allCards = "select NUMBER, CATID, PERSON, STATUS, RATING, NOTE, OWNER, cast(MADE as char(19)), MADEON, cast(WANTED as char(10)), QTY from CARD order by NUMBER"
	allRows  = "select 'COMPANY', count(*) from COMPANY union all select 'PERSON', count(*) from PERSON union all select 'CARD', count(*) from CARD"
)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestWriteLead(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Run("BecomesRowsOfSeveralTables", func(t *testing.T) { becomesRows(t, open(t, yardMapping)) })
			t.Run("ARepeatChangesNothing", func(t *testing.T) { repeatChangesNothing(t, open(t, yardMapping)) })
			t.Run("AnUpdateWritesOnlyWhatIsNew", func(t *testing.T) { updateWritesNews(t, open(t, yardMapping)) })
			t.Run("ACompanyThatIsThereIsFound", func(t *testing.T) { companyIsFound(t, open(t, yardMapping)) })
			t.Run("ALeadWithALostJournalIsFound", func(t *testing.T) { lostJournal(t, open(t, yardMapping)) })
			t.Run("AnotherLeadLikeItStaysAnother", func(t *testing.T) { likeness(t, open(t, foundByName())) })
			t.Run("ARowThatPeopleMadeIsTakenUp", func(t *testing.T) { takenUp(t, open(t, foundByName())) })
			t.Run("ADeletedLeadIsNotMadeAgain", func(t *testing.T) { deletedStays(t, open(t, yardMapping)) })
		})
	}
}

func becomesRows(t *testing.T, w *world) {
	j := &journal{}
	got := w.write(ada(), j)
	same(t, "companies", w.rows("select ID, NAME, TOWN, NOTE from COMPANY"), []string{"1|Fernwood Groundworks and|Ames|-"})
	same(t, "people", w.rows("select ID, FIRM, NAME, MAIL from PERSON"), []string{"400|1|Ada Fernwood|ada@fernwood.example"})
	same(t, "cards", w.rows(allCards), []string{"L-202603-0001|LD-7|400|N|-|Wants: Two weeks of trenching.\nSons|AL|2026-03-14 10:09:26|20260314|2026-04-06|2"})
	same(t, "counter", w.rows("select NAME, NEXTNO from SEQ order by NAME"), []string{"OTHER|7", "PERSON|401"})
	same(t, "outcome", got.Outcome, adapters.LeadCreated)
	same(t, "the dealer's id", got.DealerLeadID, "L-202603-0001")
	same(t, "ref", got.Ref, adapters.LeadRef{LeadID: "LD-7", Row: map[string]string{"NUMBER": "L-202603-0001"}})
	same(t, "notes", got.Notes, []adapters.Note{{Endpoint: "lead", Field: "COMPANY.NAME", Reason: adapters.CutShort}})
	if got.Before != nil || got.After == nil {
		t.Fatalf("got the states %v and %v, want one after", got.Before, got.After)
	}
	same(t, "state after", got.After.Update, model.LeadUpdate{
		LeadID: "LD-7", DealerLeadID: "L-202603-0001", LeadStatus: model.LeadStatusAccepted, DealerSalesRep: "AL", DealerSalesRepNumber: "AL", CurrencyIsoCode: "USD",
	})
	same(t, "journal", len(j.rows), 3)
}

func repeatChangesNothing(t *testing.T, w *world) {
	j := &journal{}
	w.write(ada(), j)
	before := append(w.rows(allCards), w.rows(allRows)...)
	got := w.write(ada(), j)
	same(t, "outcome", got.Outcome, adapters.LeadRepeated)
	same(t, "the dealer's id", got.DealerLeadID, "L-202603-0001")
	same(t, "rows", append(w.rows(allCards), w.rows(allRows)...), before)
	if got.Before == nil || got.After == nil {
		t.Errorf("got the states %v and %v, want both", got.Before, got.After)
	}
}

func updateWritesNews(t *testing.T, w *world) {
	j := &journal{}
	lead := ada()
	lead.Lead.SystemScore = ptr("B2")
	w.write(lead, j)
	w.exec("update CARD set RATING = 'X9', OWNER = 'ME'")
	lead.Lead.LeadState = model.LeadStateUPDATED
	lead.Lead.CatPrequalificationStatus = ptr(true)
	same(t, "first outcome", w.write(lead, j).Outcome, adapters.LeadUpdated)
	same(t, "what the sales person wrote stays", w.rows("select RATING, OWNER from CARD"), []string{"X9|ME"})
	same(t, "note", w.rows("select NOTE from CARD"), []string{"Wants: Two weeks of trenching.\nSons\nPrequalified: true"})
	same(t, "second outcome", w.write(lead, j).Outcome, adapters.LeadRepeated)
	lead.Lead.SystemScore = ptr("A1")
	same(t, "third outcome", w.write(lead, j).Outcome, adapters.LeadUpdated)
	same(t, "news", w.rows("select RATING, OWNER from CARD"), []string{"A1|ME"})
	same(t, "note again", w.rows("select NOTE from CARD"), []string{"Wants: Two weeks of trenching.\nSons\nPrequalified: true"})
}

func companyIsFound(t *testing.T, w *world) {
	w.exec("insert into COMPANY (NAME, TOWN, NOTE) values ('Fernwood Groundworks and', 'Ames', 'old friend')")
	w.write(ada(), &journal{})
	same(t, "companies", w.rows("select ID, NAME, TOWN, NOTE from COMPANY"), []string{"1|Fernwood Groundworks and|Ames|old friend"})
	same(t, "people", w.rows("select FIRM from PERSON"), []string{"1"})
	lead := ada()
	lead.Lead.LeadID, lead.Lead.Company = "LD-8", nil
	w.write(lead, &journal{})
	same(t, "without a company", w.rows("select ID, FIRM from PERSON order by ID"), []string{"400|1", "401|-"})
	same(t, "numbers", w.rows("select NUMBER from CARD order by NUMBER"), []string{"L-202603-0001", "L-202603-0002"})
}

func lostJournal(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	before := append(w.rows(allCards), w.rows(allRows)...)
	j := &journal{}
	got := w.write(ada(), j)
	same(t, "outcome", got.Outcome, adapters.LeadRepeated)
	same(t, "rows", append(w.rows(allCards), w.rows(allRows)...), before)
	same(t, "the person's key is learnt", j.rows[1].Key, map[string]string{"ID": "400"})
	same(t, "the company's key is learnt", j.rows[0].Key, map[string]string{"ID": "1"})
}

func deletedStays(t *testing.T, w *world) {
	j := &journal{}
	w.write(ada(), j)
	w.exec("delete from CARD")
	lead := ada()
	lead.Lead.LeadState = model.LeadStateUPDATED
	lead.Lead.CatPrequalificationStatus = ptr(true)
	same(t, "outcome", w.write(lead, j).Outcome, adapters.LeadRepeated)
	same(t, "cards", w.rows(allCards), []string(nil))
}

// foundByName is the yard's mapping with a way to cards that people made.
func foundByName() string {
	return with("        insert:\n          PERSON: person.ID", "        find: {WANTED: lead.rentalStartDate, QTY: lead.productOfInterestQuantity}\n        insert:\n          PERSON: person.ID")
}

func likeness(t *testing.T, w *world) {
	w.write(ada(), &journal{})
	lead := ada()
	lead.Lead.LeadID = "LD-8"
	same(t, "outcome", w.write(lead, &journal{}).Outcome, adapters.LeadCreated)
	same(t, "cards", w.rows("select NUMBER, CATID from CARD order by NUMBER"), []string{"L-202603-0001|LD-7", "L-202603-0002|LD-8"})
}

func takenUp(t *testing.T, w *world) {
	w.exec("insert into CARD (NUMBER, OWNER, WANTED, QTY) values ('OWN-1', 'ME', '2026-04-06', 2)")
	j := &journal{}
	got := w.write(ada(), j)
	same(t, "outcome", got.Outcome, adapters.LeadUpdated)
	same(t, "the dealer's id", got.DealerLeadID, "OWN-1")
	same(t, "cards", w.rows("select NUMBER, CATID, OWNER from CARD"), []string{"OWN-1|LD-7|ME"})
	same(t, "a repeat", w.write(ada(), j).Outcome, adapters.LeadRepeated)
}
