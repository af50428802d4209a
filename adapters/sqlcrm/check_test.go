package sqlcrm_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// check opens a mapping on the yard and gives what is found.
func check(t *testing.T, open func(*testing.T, string) *world, mapping string) []string {
	t.Helper()
	w := open(t, yardMapping)
	return w.checked(mapping)
}

// checked gives what is found in another mapping of the same tables.
func (w *world) checked(mapping string) []string {
	w.t.Helper()
	config := w.config
	config.Mapping = folder(mapping)
	return w.checkedAs(config)
}

// checkedAs opens a CRM anew and gives what is found in its mapping.
func (w *world) checkedAs(config sqlcrm.Config) []string {
	w.t.Helper()
	opened, err := config.Open(w.t.Context(), adapters.Env{Dealer: "D100", Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Audit: w.audit})
	var faults mapfile.Faults
	if errors.As(err, &faults) {
		return lines(faults)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			w.t.Error(err)
		}
	})
	crm, ok := opened.(*sqlcrm.CRM)
	if !ok {
		w.t.Fatalf("got a %T", opened)
	}
	if faults, err = crm.CheckMapping(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return lines(faults)
}

func lines(faults mapfile.Faults) []string {
	var all []string
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

func with(old, replacement string) string {
	if !strings.Contains(yardMapping, old) {
		panic("the mapping has no " + old)
	}
	return strings.Replace(yardMapping, old, replacement, 1)
}

// finds holds what is found against parts of lines.
func finds(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, part := range want {
		found := false
		for _, line := range got {
			found = found || strings.Contains(line, part)
		}
		if !found {
			t.Errorf("nothing is said like %q; got\n%s", part, strings.Join(got, "\n"))
		}
	}
}

func TestMappingIsHeldAgainstTheTables(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			for what, c := range map[string]struct{ mapping, want string }{
				"UnknownTable":       {with("table: PERSON", "table: PERSONS"), `lead.rows.person.table: unknown table "PERSONS" (did you mean "PERSON"?)`},
				"UnknownColumn":      {with("MAIL: lead.emailAddress", "EMAIL: lead.emailAddress"), `unknown column "EMAIL" in table PERSON (did you mean "MAIL"?)`},
				"UnknownIDColumn":    {with("leadId: card.CATID", "leadId: card.CATIDS"), `lead.leadId: unknown column "CATIDS" in table CARD (did you mean "CATID"?)`},
				"EmptyForbidden":     {with("NAME: [{from: lead.name, cut: true}, {value: Unknown}], MAIL", "MAIL"), "PERSON.NAME must not be empty, has no default and gets no value"},
				"NotCounted":         {with("key: {NUMBER: {format: 'L-{yyyy}{mm}-{next:4}'}}", "key: {NUMBER: auto}"), "the database does not count CARD.NUMBER by itself"},
				"NumberTooLong":      {with("L-{yyyy}{mm}-{next:4}", "L-{yyyy}{mm}-{next:14}"), "CARD.NUMBER holds 20 characters, and such a number has 23"},
				"ElseTooLong":        {with("else: HOUSE", "else: THE WHOLE HOUSE"), `"THE WHOLE HOUSE" cannot stand in CARD.OWNER`},
				"AppendToANumber":    {with("append: {NOTE:", "append: {QTY:"), "CARD.QTY holds no text that something could be added to"},
				"UnknownUpdateField": {with("dealerCustomerNumber: c.CUSTNO", "dealerCustomerNumbr: c.CUSTNO"), `the API has no field "dealerCustomerNumbr" here (did you mean "dealerCustomerNumber"?)`},
				"UnknownReadColumn":  {with("dealerCustomerNumber: c.CUSTNO", "dealerCustomerNumber: c.CUSTN"), `unknown column "CUSTN" in table CARD`},
				"LongerThanColumn":   {yardMapping, "warning: lead.rows.person.insert.MAIL: PERSON.MAIL holds 60 characters, the lead's emailAddress up to"},
				"NoIndex":            {yardMapping, "warning: lead.leadId: no index begins with CARD.CATID"},
			} {
				t.Run(what, func(t *testing.T) { finds(t, check(t, open, c.mapping), c.want) })
			}
		})
	}
}

// noNumbers is the yard's mapping with nothing a lead could be told by.
func noNumbers(leadID, key string) string {
	return `
lead:
  leadId: ` + leadID + `
  rows:
    - firm:
        table: COMPANY
        insert: {NAME: [{from: lead.company, cut: true}, {value: none}], NOTE: {from: lead.leadId}}
` + key + `
`
}

func TestMappingsThatCannotTellACrashAreNamed(t *testing.T) {
	const doubt = "a crash cannot be told from a new lead"
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Run("NoStoredID", func(t *testing.T) {
				finds(t, check(t, open, noNumbers("gateway", "")), doubt)
			})
			for what, mapping := range map[string]string{
				"AFindTellsIt":        noNumbers("gateway", "        find: {NAME: lead.company}"),
				"DuplicatesAccepted":  strings.Replace(noNumbers("gateway", ""), "lead:\n", "lead:\n  acceptDuplicates: true\n", 1),
				"TheStoredIDTellsIt":  noNumbers("firm.TOWN", ""),
				"TheWholeYardTellsIt": yardMapping,
			} {
				t.Run(what, func(t *testing.T) {
					for _, line := range check(t, open, mapping) {
						if strings.Contains(line, doubt) {
							t.Errorf("got %s", line)
						}
					}
				})
			}
		})
	}
}

// R94: each of the four lists has a map, and a code without an entry is told; what
// it holds is in TestLeadStates/AllFaultsAreTold.
func TestCodesWithoutEntryAreFound(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping+"pickLists: {rejected-reasons: {table: SEQ, column: NAME, where: {NAME: OTHER}}}\n")
			w.write(ada(), &journal{})
			w.exec("update CARD set STATUS = 'Z'")
			w.exec("insert into DEAL (CARDNO, STAGE) values ('X', 'HUH'), ('Y', 'NEW')")
			faults, err := w.crm.CheckMapping(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			finds(t, lines(faults),
				`update.fields.leadStatus: CARD.STATUS can hold "Z", which the map status has no entry for`,
				`update.fields.probabilityOfClosurePercentage: DEAL.STAGE can hold "HUH", which the map sales-stages has no entry for`,
				`pickLists.rejected-reasons: the CRM offers "OTHER", which the map rejected-reasons has no entry for`)
		})
	}
}
