package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const findTables = `
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), stat CHAR(1), own VARCHAR(20));
insert into R values ('A1', 'C1', 'R', 'own-1'), ('A2', 'C2', 'R', NULL), ('A3', 'C1', 'C', NULL);
create table L (rental VARCHAR(10), seq INTEGER, unit VARCHAR(10), kind CHAR(2), tag INTEGER, primary key (rental, seq));
insert into L values ('A1', 1, 'U1', 'RI', 77), ('A2', 1, 'U1', 'RI', 78), ('A2', 2, 'U2', 'FE', 79), ('A3', 1, 'U1', 'RI', 80);
create table EQ (unit VARCHAR(10), serial VARCHAR(20), since INTEGER);
insert into EQ values ('U1', ' Ab-7', 1), ('U1', 'old', 0), ('U2', 'Zz9', 1);`

func TestRowsAreFoundByAFieldOfTheirElements(t *testing.T) {
	const mapping = `
customerNumber: r.cus
changes: none
define: {tagged: [e.serial, d.tag, {value: N/A}]}
contract:
  from: R r
  where: {r.stat: R}
  fields: {id: r.id}
  lines: LINES
  fees: none`
	const lines = "{from: L d, parent: {rental: r.id}, where: {d.kind: RI}, join: [{e: {table: EQ, match: {unit: d.unit}, pick: since desc}}], fields: {id: d.seq, name: NAME}}"
	for _, c := range []struct {
		name, field, lines, text string
		want                     []string
		refused                  string
	}{
		{name: "InAColumnOfTheElements", field: "d.unit", text: "u1", want: []string{"A1", "A2"}},
		{name: "InANumber", field: "$tagged", text: "77", want: []string{"A1"}},
		{name: "InAJoinedTableWhateverItsLettersAndBlanks", field: "$tagged", text: "AB-7 ", want: []string{"A1", "A2"}},
		{name: "OfRowsThatAreShownAlone", field: "d.tag", text: "80"},
		{name: "OfElementsThatAreShownAlone", field: "d.tag", text: "79"},
		{name: "NeverByWhatStandsInForNothing", field: "$tagged", text: "n/a"},
		{name: "NeverByNothing", field: "$tagged", text: " "},
		{name: "InColumnsOfTheRowItself", lines: "{columns: r, fields: [{id: {value: X}, name: r.own}]}", text: "OWN-1", want: []string{"A1"}},
		{name: "NotThroughAConversion", field: "{from: d.unit, pad: 4}", text: "U1", refused: "lines.name is made of more than columns"},
		{name: "NotThroughAText", field: "{text: '{d.unit}!'}", text: "U1!", refused: "lines.name is made of more than columns"},
		{
			name: "NotThroughAConvertedMatch", text: "U1",
			lines:   "{from: L d, parent: {rental: {from: r.id, case: upper}}, fields: {id: d.seq, name: d.unit}}",
			refused: "lines.name stands in d.unit, which leads to the rows above by a conversion",
		},
		{
			name: "NotInsideATextOfTheRow", text: "U1",
			lines:   "{elements: {from: r.own, list: {by: ';', names: [u]}}, fields: {id: e.u, name: e.u}}",
			refused: "lines.name is taken out of a text",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.lines == "" {
				c.lines = strings.Replace(lines, "NAME", c.field, 1)
			}
			file, faults := mapfile.Parse("rms.yaml", []byte(strings.Replace(mapping, "LINES", c.lines, 1)))
			if faults.Err() != nil {
				t.Fatal(faults)
			}
			db := database(t, findTables)
			target := targetOf(t, file)
			target.Endpoints[0].Found = &plan.FoundBy{List: "lines", Field: "name"}
			compiled, faults := plan.Compile(file, target)
			if compiled == nil {
				t.Fatal(faults)
			}
			p, faults := compiled.Bind(plan.SQLite, describe(t, db, compiled.Tables()))
			if p == nil {
				t.Fatal(faults)
			}
			q := newAsked(db)
			keys, err := p.Find(t.Context(), "contract", plan.Asking{Querier: q, Now: today}, c.text)
			if c.refused != "" {
				if !errors.Is(err, plan.ErrNotFindable) || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("got %v, want %s", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, key := range keys {
				got = append(got, strings.Join(plan.KeyTexts(key.Row), "/"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
