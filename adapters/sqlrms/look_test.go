package sqlrms_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

func TestTheSampleDealersKnowEveryCodeOfTheirTables(t *testing.T) {
	for _, dealer := range adaptertest.Dealers() {
		t.Run(dealer.Name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "books.db")
			documents := dealer.Load(t, openSQL(t, "sqlite", "file:"+file), sqlrms.SQLite)
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: file, Mapping: dealer.Mapping, DocumentsRoot: documents})
			faults, err := a.CheckMapping(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faults {
				if strings.Contains(f.Message, "without a word") || strings.Contains(f.Message, "has no rows") || strings.Contains(f.Message, "could not be looked at") {
					t.Error(f)
				}
			}
		})
	}
}

// TestCheckLooksAtTheData: what only the rows can tell is told when a mapping
// is checked with its database.
func TestCheckLooksAtTheData(t *testing.T) {
	const section = "  from: INV r\n"
	for _, c := range []struct{ name, old, by, script, want string }{
		{
			"CodesThatNobodyMentions", "contract: none\n", "state: {INV: {kind: [R, S]}}\ncontract: none\n",
			"UPDATE INV SET kind = 'Q' WHERE num = 'A2'",
			"rms.yaml:7:15: warning: state.INV.kind: INV.kind also holds Q (1 rows): their rows stay away, and so would those of a new code, without a word; where that is meant, {show: [R, S], hide: [Q]} says so and has new ones reported",
		},
		{
			"AStateThatCannotTellNewCodes", "contract: none\n", "state: {INV: {kind: R}}\ncontract: none\n", "",
			"state.INV.kind: rows with any other code stay away without a word",
		},
		{"NothingWhereAllCodesAreKnown", "contract: none\n", "state: {INV: {kind: {show: R, hide: []}}}\ncontract: none\n", "", ""},
		{
			"CodesOfASectionsCondition", section, section + "  where: {r.kind: X}\n", "",
			"invoice.r.kind: INV.kind also holds R (2 rows)",
		},
		{
			"EmptyCodesAsWell", section, section + "  where: {r.kind: R}\n", "UPDATE INV SET kind = NULL WHERE num = 'A2'",
			"INV.kind also holds '' (1 rows)",
		},
		{
			"NotThoseOfAColumnThatHoldsNoCodes", section, section + "  where: {r.num: A1}\n",
			"INSERT INTO INV WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT 'B' || i, 7, '1', '2026-03-02', 'x', 'R' FROM n", "",
		},
		{
			"AJoinThatFindsSeveralRows", "table: CUST, match: {no: r.cust}", "table: TWICE, match: {no: r.cust}",
			"CREATE TABLE TWICE (no INT, name VARCHAR(40)); INSERT INTO TWICE VALUES (7, 'a'), (7, 'b'), (8, 'c')",
			"invoice.join.cus: this join finds several rows for 1 of its values",
		},
		{
			"AJoinThatIsSaidToFindOne", "table: CUST, match: {no: r.cust}", "table: TWICE, one: true, match: {no: r.cust}",
			"CREATE TABLE TWICE (no INT, name VARCHAR(40)); INSERT INTO TWICE VALUES (7, 'a'), (7, 'b'), (8, 'c')",
			"invoice.join.cus: this join finds several rows for 1 of its values",
		},
		{
			"AKeyThatAddressesSeveralRows", section, section + "  key: r.file\n", "UPDATE INV SET file = 'one'",
			"invoice.key: 1 values of the key stand in several rows of table INV; they are taken for one row, and the others are not sent",
		},
		{
			"RowsThatARequiredJoinTakesAway", "", "", "UPDATE INV SET cust = 99 WHERE num = 'A2'",
			"invoice.join.cus: 1 rows of table INV find no row in table CUST and are not shown",
		},
		{"ARequiredTableWithoutRows", "", "", "DELETE FROM CUST", "invoice.join.cus: table CUST has no rows of this dealer, so nothing is shown that needs this join"},
		{
			"ChildRowsThatAreGone", section, section + "  bits: {table: BITS, match: {inv: r.num}}\n  where: {exists: bits}\n",
			"CREATE TABLE BITS (inv VARCHAR(12))",
			"invoice: table BITS has no rows of this dealer, so this condition lets nothing through",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := yardFile(t)
			fill(t, path, append([]string{"ALTER TABLE INV ADD COLUMN kind VARCHAR(3)", "UPDATE INV SET kind = 'R'"}, strings.Split(c.script, "; ")...)...)
			mapping := folder(yardMapping)
			if c.old != "" {
				mapping = changed(t, c.old, c.by)
			}
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: mapping})
			faults, err := a.CheckMapping(t.Context())
			if err != nil || faults.Err() != nil {
				t.Fatal(err, faults.Err())
			}
			got := faults.Error()
			if c.want != "" && !strings.Contains(got, c.want) || c.want == "" && strings.Contains(got, "INV.kind") || c.want == "" && strings.Contains(got, "INV.num") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestANewStatusCodeIsReported: one row of the demo dealer gets a status that
// did not exist when the mapping was written.
func TestANewStatusCodeIsReported(t *testing.T) {
	dealer := adaptertest.Demo()
	file := filepath.Join(t.TempDir(), "books.db")
	db := openSQL(t, "sqlite", "file:"+file)
	documents := dealer.Load(t, db, sqlrms.SQLite)
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: file, Mapping: dealer.Mapping, DocumentsRoot: documents})
	q := adapters.Query{Customers: []string{"0000412"}}
	keys, err := a.ContractKeys(t.Context(), q)
	if err != nil || len(keys) == 0 {
		t.Fatal(len(keys), err)
	}
	before, left, err := a.Contracts(t.Context(), q, keys)
	if err != nil || len(before) == 0 {
		t.Fatal(len(before), err)
	}
	id := before[0].ContractID
	if _, err := db.ExecContext(t.Context(), "UPDATE `RENTAL` SET `STAT` = 'N' WHERE `CO` = '01' AND `CONNO` = ?", id); err != nil {
		t.Fatal(err)
	}
	again, err := a.ContractKeys(t.Context(), q)
	if err != nil || len(again) != len(keys) {
		t.Fatalf("got %d keys and %v, want the %d there were", len(again), err, len(keys))
	}
	after, leftNow, err := a.Contracts(t.Context(), q, again)
	if err != nil || len(after) != len(before)-1 || len(leftNow) != len(left)+1 {
		t.Fatalf("got %d contracts, %d left out and %v", len(after), len(leftNow), err)
	}
	if !slices.ContainsFunc(leftNow, func(l adapters.LeftOut) bool { return l.Field == "RENTAL.STAT" && l.Reason == adapters.Unmapped }) {
		t.Errorf("got %v left out, want RENTAL.STAT named", leftNow)
	}
}

// TestAnEmptiedTableIsNoEmptyList: the customers of the demo dealer are gone
// over night; every list that is reached through them says so.
func TestAnEmptiedTableIsNoEmptyList(t *testing.T) {
	dealer := adaptertest.Demo()
	file := filepath.Join(t.TempDir(), "books.db")
	db := openSQL(t, "sqlite", "file:"+file)
	documents := dealer.Load(t, db, sqlrms.SQLite)
	if _, err := db.ExecContext(t.Context(), "DELETE FROM `CUSMAS` WHERE `CO` = '01'"); err != nil {
		t.Fatal(err)
	}
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: file, Mapping: dealer.Mapping, DocumentsRoot: documents})
	q := adapters.Query{Customers: []string{"0000412"}}
	for name, keys := range map[string]func(context.Context, adapters.Query) (adapters.Keys, error){
		"contract": a.ContractKeys, "jobsite": a.JobsiteKeys, "invoice": a.InvoiceKeys,
	} {
		got, err := keys(t.Context(), q)
		if !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), "CUSMAS is empty") {
			t.Errorf("%s: got %d keys and %v, want the empty table named", name, len(got), err)
		}
	}
}
