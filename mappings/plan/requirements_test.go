package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// shownOf are the fields of the elements an endpoint answers customer C1, each
// element as its JSON says, with nothing but what was mapped.
func shownOf(t *testing.T, script, mapping, endpoint string) []string {
	t.Helper()
	p, q := bound(t, script, mapping)
	keysOf := []string{"C1"}
	if endpoint == "dealer-category" || endpoint == "location" {
		keysOf = nil
	}
	var lines []string
	for _, item := range ask(t, p, q, endpoint, keysOf, []string{"C1"}).Items {
		text, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.NewReplacer(`"customerId":"C1"`, ``, `"lines":[]`, ``, `"fees":[]`, ``).Replace(string(text))
		line = regexp.MustCompile(`,+`).ReplaceAllString(line, ",")
		lines = append(lines, strings.ReplaceAll(strings.ReplaceAll(line, "{,", "{"), ",}", "}"))
	}
	return lines
}

func shows(t *testing.T, script, mapping, endpoint string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, shownOf(t, script, mapping, endpoint)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", endpoint, diff)
	}
}

const oneRental = `
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), a TEXT, b TEXT, n DECIMAL(10,2), q INTEGER);
insert into R values ('A1', 'C1', ' north ', '', 1.5, 3);`

// contractOf is a mapping of oneRental with some fields.
func contractOf(fields string) string {
	return "timezone: America/Chicago\ncustomerNumber: r.cus\nmaps: {kinds: {R: Rental, else: Lease}, words: {north: up}}\nchanges: none\n" +
		"define: {place: {text: '{r.a}!'}}\n" +
		"contract:\n  from: R r\n  lines: none\n  fees: none\n  fields: {id: r.id, " + fields + "}\n"
}

// TestTheLanguageCan says in words what mappings of real rental systems need,
// and shows that it is there. Forms with data of their own have theirs in
// testdata/forms.
func TestTheLanguageCan(t *testing.T) {
	t.Run("UseAnInlineSelectWhereverATableMayStand", func(t *testing.T) {
		p, q := bound(t, `
create table R (id VARCHAR(10), cus VARCHAR(10), unit VARCHAR(10), changed INTEGER);
insert into R values ('A1', 'C1', 'U1', 100);
create table EQ (unit VARCHAR(10), name VARCHAR(10));
insert into EQ values ('U1', 'mast'), ('U1', 'mast');
create table L (rental VARCHAR(10), n INTEGER);
insert into L values ('A1', 1), ('A1', 2);`, `
dialect: sqlite
timezone: UTC
customerNumber: r.cus
contract:
  from: {select: "select * from R where id <> 'X'", as: r}
  key: r.id
  join: [{eq: {select: 'select distinct unit as no, name from EQ', match: {no: r.unit}, pick: name}}]
  sums: {select: 'select rental, n * 10 as tens from L', match: {rental: r.id}}
  where: {exists: sums}
  fields: {id: r.id, note: eq.name, total: {sum: sums.tens}}
  lines: {from: {select: 'select rental as up, n from L', as: d}, parent: {up: r.id}, fields: {id: d.n}}
  fees: none
changes: {contract: [{from: {select: 'select cus as c, changed from R', as: s}, stamp: {from: s.changed, date: unix}, customer: s.c}]}`)
		got := pretty(t, ask(t, p, q, "contract", []string{"C1"}, []string{"C1"}).Items)
		for _, part := range []string{`"note": "mast"`, `"total": 30.0`, `"id": "2"`} {
			if !strings.Contains(got, part) {
				t.Errorf("%s is missing in %s", part, got)
			}
		}
		if found, _, err := p.Changes(t.Context(), asking(q, nil, new([]string)), today.AddDate(-60, 0, 0)); err != nil || len(found) != 1 {
			t.Errorf("got the changes %v and %v", found, err)
		}
	})
	t.Run("JoinWithoutForeignKeysOnSeveralColumnsOnAnExpressionAndATableTwice", func(t *testing.T) {
		shows(t, `
create table R (co CHAR(2), id VARCHAR(10), cus VARCHAR(10), out_by INTEGER, in_by INTEGER);
insert into R values ('01', 'A1', 'C1', 1, 2), ('02', 'A1', 'C1', 2, 1);
create table S (co CHAR(2), no INTEGER, name VARCHAR(10), site VARCHAR(10), primary key (co, no));
insert into S values ('01', 1, 'Ann', 'x1'), ('01', 2, 'Bob', 'x2'), ('02', 1, 'Cy', 'y1'), ('02', 2, 'Di', 'y2');
create table T (code VARCHAR(10), town VARCHAR(10));
insert into T values ('X2', 'Ely'), ('Y1', 'Ryde');`, `
dialect: sqlite
customerNumber: r.cus
changes: none
contract:
  from: R r
  key: [r.co, r.id]
  join:
    - {one: {table: S, match: {co: r.co, no: r.out_by}}}
    - {two: {table: S, match: {co: r.co, no: r.in_by}}}
    - {town: {table: T, on: "town.code = upper(two.site)"}}
  lines: none
  fees: none
  fields: {id: r.id, note: {text: '{one.name} {two.name}'}, site: town.town}`,
			"contract", `{"id":"A1","site":"Ely","note":"Ann Bob"}`, `{"id":"A1","site":"Ryde","note":"Di Cy"}`)
	})
	t.Run("NameAJoinOnceForListsAndChanges", func(t *testing.T) {
		p, q := bound(t, oneRental+"create table CUS (no VARCHAR(10) primary key, name TEXT); insert into CUS values ('C1', 'Hay');", `
timezone: UTC
customerNumber: cus.no
joins: {cus: {table: CUS, match: {no: r.cus}, required: true}}
contract: {from: R r, join: [cus], fields: {id: r.id, note: cus.name}, lines: none, fees: none}
changes: {contract: [{from: R r, join: [cus], stamp: {from: r.q, date: unix}}]}`)
		if got := ask(t, p, q, "contract", []string{"C1"}, []string{"C1"}); len(got.Items) != 1 {
			t.Errorf("got %d contracts", len(got.Items))
		}
		if found, _, err := p.Changes(t.Context(), asking(q, nil, new([]string)), today.AddDate(-60, 0, 0)); err != nil || len(found) != 1 || found[0].Customer != "C1" {
			t.Errorf("got the changes %v and %v", found, err)
		}
	})
	t.Run("KeepOtherCompaniesOutWhereverATableIsRead", func(t *testing.T) {
		p, q := bound(t, `
create table R (co CHAR(2), id VARCHAR(10), cus VARCHAR(10), t INTEGER, primary key (co, id));
insert into R values ('D1', 'A1', 'C1', 9), ('D2', 'A2', 'C1', 9), ('D2', 'A1', 'C2', 9);
create table L (co CHAR(2), rental VARCHAR(10), n INTEGER, name VARCHAR(10));
insert into L values ('D1', 'A1', 1, 'ours'), ('D2', 'A1', 10, 'LEAK');`, `
timezone: UTC
customerNumber: r.cus
owner: {R: {co: '@dealer'}, L: {co: '@dealer'}}
contract:
  from: R r
  key: r.id
  join: [{l: {table: L, match: {rental: r.id}, pick: n desc}}]
  sums: {table: L, match: {rental: r.id}}
  where: {sum: sums.n, upTo: 1}
  fields: {id: r.id, note: l.name, total: {sum: sums.n}}
  lines: {from: L d, parent: {rental: r.id}, fields: {id: d.name}}
  fees: none
changes: {contract: [{from: R r, stamp: {from: r.t, date: unix}}]}`)
		got := pretty(t, ask(t, p, q, "contract", []string{"C1"}, []string{"C1"}).Items)
		if strings.Contains(got, "LEAK") || strings.Contains(got, "A2") || !strings.Contains(got, `"total": 1.0`) {
			t.Errorf("got %s", got)
		}
		if found, _, err := p.Changes(t.Context(), asking(q, nil, new([]string)), today.AddDate(-60, 0, 0)); err != nil || len(found) != 1 {
			t.Errorf("got the changes %v and %v, want C1 alone", found, err)
		}
	})
	t.Run("SayOutrightWhatIsFixedAndWhatThereIsNothingOf", func(t *testing.T) {
		mapping := "customerNumber: r.cus\nchanges: none\ncontract: none\nlocation: {list: [{id: MAIN}, {id: TWO, name: Yard two}]}\n"
		shows(t, oneRental, mapping, "location", `{"id":"MAIN"}`, `{"id":"TWO","name":"Yard two"}`)
		if got := shownOf(t, oneRental, mapping, "contract"); len(got) != 0 {
			t.Errorf("got %q", got)
		}
	})
	t.Run("QuoteNamesOfAnyShape", func(t *testing.T) {
		for _, name := range []string{"order", "CON#", "odd name", "a.b", "with`tick", "größe", "SELECT", "1st", `quo"te`} {
			quoted := "`" + strings.ReplaceAll(name, "`", "``") + "`"
			shows(t, fmt.Sprintf("create table %s (id VARCHAR(10) primary key, cus VARCHAR(10), %s TEXT); insert into %s values ('A1', 'C1', 'x');", quoted, "`my "+strings.TrimPrefix(quoted, "`"), quoted),
				fmt.Sprintf("customerNumber: r.cus\nchanges: none\ncontract:\n  from: {table: '%s', as: r}\n  lines: none\n  fees: none\n  order: 'r.my %s desc'\n  fields: {id: r.id, note: 'r.my %s'}\n",
					quotedTable(name), name, name), "contract", `{"id":"A1","note":"x"}`)
		}
	})
	for _, c := range []struct{ name, fields, want string }{
		{"TakeTheFirstThatIsNotEmpty", "note: [r.b, r.a, {value: none}]", `{"id":"A1","note":"north"}`},
		{"SendLiteralsAndAnEmptyText", "note: {value: ''}, site: {value: r.a}", `{"id":"A1","site":"r.a","note":""}`},
		{"LeaveOutWhatIsMissingBetweenBlanksAlone", "note: {text: '{r.b} {r.a}'}, site: {text: '{r.b}-{r.a}'}", `{"id":"A1","note":"north"}`},
		{"MapCodesWithAWordForTheRest", "kind: {from: r.a, map: kinds}, note: {from: r.a, map: words}", `{"id":"A1","kind":"Lease","note":"up"}`},
		{"DecideOnColumnsAndOnFieldsOfTheAnswer", "kind: {when: {r.q: {above: 2}}, then: {value: Lease}}, note: {when: {kind: Lease}, then: r.a}", `{"id":"A1","kind":"Lease","note":"north"}`},
		{"ChainConversionsOfOneColumn", "note: {from: r.a, split: 'r', part: 2, pad: 4, case: upper, replace: {th: TH}}", `{"id":"A1","note":"00TH"}`},
		{"UseSQLAsTheLastResort", `note: {sql: "substr(trim(r.a), 1, 2)"}`, `{"id":"A1","note":"no"}`},
		{"ShareOneDefinitionAmongFields", "note: $place, site: $place", `{"id":"A1","site":"north!","note":"north!"}`},
		{"MultiplyAsDecimals", "total: {product: [r.n, r.q]}", `{"id":"A1","total":4.50}`},
		{"AddTakeOffAndDivideAsDecimals", "total: {plus: [r.n, r.q, r.b, 0.25]}, note: {minus: [r.n, {divide: [r.q, 7], digits: 4}, r.b]}, site: {divide: [r.q, 7], digits: 6}", `{"id":"A1","site":"0.428571","total":4.75,"note":"1.07"}`},
		{"HaveNothingWhereThereIsNothingToReckonWith", "total: {plus: [r.b, r.b]}, note: {minus: [r.b, r.n]}, site: {divide: [r.n, r.b], digits: 2}", `{"id":"A1"}`},
		{"ReadTheTypeFromTheField", "total: r.q, count: r.q, open: r.q", `{"id":"A1","open":true,"count":3,"total":3.0}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			mapping := contractOf(c.fields)
			if strings.Contains(mapping, "sql:") {
				mapping = "dialect: sqlite\n" + mapping
			}
			shows(t, oneRental, mapping, "contract", c.want)
		})
	}
	t.Run("LookAValueUpByItsName", func(t *testing.T) {
		shows(t, oneRental+"create table SET_ (name TEXT, value TEXT, rental TEXT); insert into SET_ values ('colour', 'red', 'A1'), ('size', 'XL', 'A1');",
			strings.Replace(contractOf("note: colour.value, site: size.value"), "  from: R r\n", `  from: R r
  join:
    - {colour: {table: SET_, match: {rental: r.id}, where: {name: colour}}}
    - {size: {table: SET_, match: {rental: r.id}, where: {name: size}}}
`, 1), "contract", `{"id":"A1","site":"XL","note":"red"}`)
	})
	t.Run("DoWithoutNewerSQLAndWithoutColumnsNobodyMapped", func(t *testing.T) {
		folders, err := filepath.Glob("testdata/forms/*")
		if err != nil || len(folders) == 0 {
			t.Fatal(err)
		}
		newer := regexp.MustCompile(`(?i)\bover\s*\(|\bwith\b|json_table|\blateral\b|regexp_|\*`)
		for _, folder := range folders {
			text, err := os.ReadFile(filepath.Join(folder, "rms.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if file, _ := mapfile.Parse("rms.yaml", text); len(mapfile.SQLOf(file)) > 0 {
				continue // the dealer's own SQL may be as new as the server
			}
			for line := range strings.Lines(read(t, folder, "want.sql")) {
				if hit := newer.FindString(strings.ReplaceAll(line, "count(*)", "")); hit != "" {
					t.Errorf("%s: %q in %s", folder, hit, line)
				}
			}
		}
	})
}

// quotedTable writes a table's name so that it is taken whole.
func quotedTable(name string) string {
	if strings.ContainsAny(name, "`") {
		return `"` + name + `"`
	}
	if strings.Contains(name, `"`) {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}
