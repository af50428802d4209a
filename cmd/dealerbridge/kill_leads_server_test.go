//go:build server

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// killSeed makes these tests the same every time; where they fail, it is printed.
const killSeed = 20261120

// prairieCRM is the demo's CRM on a storage engine.
func prairieCRM(engine string) crmKind {
	return crmKind{schema: demo.CRMSchema(demo.MySQL, engine), mapping: func(t testing.TB) string {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "mapping")
		if err := os.CopyFS(dir, demo.Mapping()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "rms.yaml")); err != nil { // leads need no rental system
			t.Fatal(err)
		}
		return dir
	}}
}

// tellsNothing are CRMs whose mapping the check finds fault with: after a crash
// nobody can say whether a lead was written. withoutID has no room for the lead's
// id; lastID takes nothing back and carries the id in its last row alone.
func tellsNothing(schema []string, rows string) crmKind {
	return crmKind{schema: schema, mapping: func(t testing.TB) string {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "crm.yaml"), []byte("timezone: America/Chicago\ncurrency: USD\nlead:\n  acceptDuplicates: true\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}}
}

var (
	withoutID = tellsNothing([]string{
		"CREATE TABLE PROSPECT (ID INT NOT NULL AUTO_INCREMENT PRIMARY KEY, NAME VARCHAR(80), MAIL VARCHAR(80)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	}, `
  leadId: gateway
  rows:
    - prospect: {table: PROSPECT, key: {ID: auto}, insert: {NAME: {from: lead.name, cut: true}, MAIL: {from: lead.emailAddress, cut: true}}}
`)
	lastID = tellsNothing([]string{
		"CREATE TABLE PROSPECT (ID INT NOT NULL AUTO_INCREMENT PRIMARY KEY, NAME VARCHAR(80), MAIL VARCHAR(80)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4",
		"CREATE TABLE CARD (ID INT NOT NULL AUTO_INCREMENT PRIMARY KEY, PROSPECT INT NOT NULL, CATID VARCHAR(80), KEY (CATID)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4",
	}, `
  leadId: card.CATID
  rows:
    - prospect: {table: PROSPECT, key: {ID: auto}, insert: {NAME: {from: lead.name, cut: true}, MAIL: {from: lead.emailAddress, cut: true}}}
    - card: {table: CARD, key: {ID: auto}, insert: {PROSPECT: prospect.ID}}
`)
)

// TestKilledAtRandomMomentsLeadsAreNeitherLostNorDoubled kills gateways while they
// fetch, write and report, with Caterpillar's answers going astray and people at
// work in the CRM.
func TestKilledAtRandomMomentsLeadsAreNeitherLostNorDoubled(t *testing.T) {
	began := time.Now()
	t.Cleanup(func() { t.Logf("seeds from %d on; it took %s", killSeed, time.Since(began).Round(time.Second)) })
	for i, c := range []struct {
		name  string
		kills int
		kind  crmKind
	}{
		{"TablesWithTransactions", 170, prairieCRM("InnoDB")},
		{"TablesWithoutTransactions", 70, prairieCRM("MyISAM")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			seed := uint64(killSeed + i)
			w := newLeadWorld(t, seed, c.kind, "")
			s, rest := startSales(t, w, seed, 60*time.Millisecond)
			defer rest()
			w.killed(c.kills, w.moment)
			rest()
			w.left(s)
			w.leadsStand()
			w.updatesStand(s)
			w.quietLogs()
			w.told()
		})
	}
	for i, c := range []struct {
		name string
		kind crmKind
	}{
		{"NoRoomForTheLeadsID", withoutID},
		{"NothingIsTakenBackAndTheIDComesLast", lastID},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newLeadWorld(t, uint64(killSeed+10+i), c.kind, "")
			w.killed(35, w.writing)
			w.left(nil)
			w.doubled(c.name == "NoRoomForTheLeadsID")
			w.quietLogs()
			w.told()
		})
	}
}

// killed has so many processes killed while leads come in and change: gateways,
// and commands that do a part of their work.
func (w *leadWorld) killed(times int, when func() death) {
	w.t.Helper()
	for times > 0 {
		n := w.chance.IntN(4)
		if w.chance.IntN(12) == 0 { // enough that they are written together in several transactions
			n = 40
		}
		if n > 0 {
			if _, err := w.box.MakeLeads(sandbox.Make{Count: n, DaysAgo: w.chance.IntN(300), SpreadDays: w.chance.IntN(60)}); err != nil {
				w.t.Fatal(err)
			}
		}
		if known := w.box.Leads(); len(known) > 0 && w.chance.IntN(4) == 0 {
			approved := map[string]json.RawMessage{"catPrequalificationStatus": json.RawMessage("true")}
			if _, err := w.box.ChangeLead(known[w.chance.IntN(len(known))].LeadID, approved); err != nil {
				w.t.Fatal(err)
			}
		}
		for range w.chance.IntN(3) {
			w.disturb()
		}
		var command []string
		if w.chance.IntN(5) == 0 {
			command = []string{"leads", "pull"}
		}
		if w.dies(when(), command...) {
			times--
		}
	}
}

// left has a last gateway do what the others left, undisturbed.
func (w *leadWorld) left(s *sales) {
	w.t.Helper()
	w.box.ClearFaults()
	l := w.begin(death{})
	w.settled(s)
	l.stop(w.t)
}

// doubled counts what stands in the CRM twice, with mappings that say they accept
// it. Nothing is missing all the same.
func (w *leadWorld) doubled(cardless bool) {
	w.t.Helper()
	there, cards := map[string]int{}, map[string]int{}
	for _, mail := range w.texts("SELECT MAIL FROM PROSPECT") {
		there[mail]++
	}
	if !cardless {
		for _, id := range w.texts("SELECT c.CATID FROM CARD c JOIN PROSPECT p ON p.ID = c.PROSPECT") {
			cards[id]++
		}
	}
	more := 0
	for _, known := range w.box.Leads() {
		var l struct{ EmailAddress string }
		if err := json.Unmarshal(known.Lead, &l); err != nil {
			w.t.Fatal(err)
		}
		n := there[l.EmailAddress]
		if more += n - 1; n == 0 {
			w.t.Errorf("%s is not in the CRM", known.LeadID)
		}
		if !cardless && cards[known.LeadID] != 1 {
			w.t.Errorf("%s stands on %d cards", known.LeadID, cards[known.LeadID])
		}
	}
	kills := 0
	for _, n := range w.deaths {
		kills += n
	}
	if more > kills {
		w.t.Errorf("%d rows too many after %d kills", more, kills)
	}
	w.t.Logf("%d kills, %d leads, %d rows stand there twice: the mapping accepts that", kills, len(w.box.Leads()), more)
}
