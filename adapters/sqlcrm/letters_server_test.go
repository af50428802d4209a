//go:build server

package sqlcrm_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
)

// TestKeysOfSeveralColumnsFindTheirRowsInEveryCharacterSet: MariaDB compares a
// text with a column in the column's letters, and with several columns at once
// in those of the connection.
func TestKeysOfSeveralColumnsFindTheirRowsInEveryCharacterSet(t *testing.T) {
	const mapping = `
timezone: Europe/Berlin
maps: {status: {N: Accepted}}
update:
  from: CARD c
  key: [c.HOUSE, c.NUMBER]
  leadId: c.CATID
  fields:
    dealerLeadId: {text: '{c.HOUSE}-{c.NUMBER}'}
    leadStatus: {from: c.STATUS, map: status}
    dealerSalesRep: c.OWNER
    dealerSalesRepNumber: c.OWNER
    currencyIsoCode: {value: EUR}
  changed: [{stamp: c.TOUCHED}]
`
	for name, texts := range map[string]string{
		"latin1": "character set latin1 collate latin1_german1_ci", "utf8mb3": "character set utf8mb3", "utf8mb4": "character set utf8mb4",
	} {
		t.Run(name, func(t *testing.T) {
			server := dbtest.MySQL(t)
			w := serverWorldOn(t, server, server.DSN(), `create table CARD (HOUSE varchar(20) not null, NUMBER varchar(20) not null,
  CATID varchar(80), STATUS char(1), OWNER varchar(10), TOUCHED datetime, primary key (HOUSE, NUMBER)) `+texts+`;
insert into CARD values ('Köln', 'Ü1', 'LD-1', 'N', 'AL', '2026-03-01 10:00:00'), ('Köln', 'Ü2', 'LD-2', 'N', 'BO', '2026-03-01 10:00:00'), ('Bonn', 'A1', 'LD-3', 'N', 'CY', '2026-03-01 10:00:00');
`, mapping)
			ref := func(house, number string) adapters.LeadRef {
				return adapters.LeadRef{Row: map[string]string{"HOUSE": house, "NUMBER": number}}
			}
			states, err := w.crm.LeadStates(t.Context(), []adapters.LeadRef{ref("Köln", "Ü2"), ref("Bonn", "A1"), ref("Köln", "Ü1"), byID("LD-2")})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range states {
				got = append(got, s.Update.LeadID+" "+s.Update.DealerLeadID)
			}
			same(t, "states", got, []string{"LD-2 Köln-Ü2", "LD-3 Bonn-A1", "LD-1 Köln-Ü1", "LD-2 Köln-Ü2"})
			got = nil
			for _, c := range w.changed(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
				got = append(got, c.LeadID)
			}
			slices.Sort(got)
			same(t, "changed", got, []string{"LD-1", "LD-2", "LD-3"})
		})
	}
}
