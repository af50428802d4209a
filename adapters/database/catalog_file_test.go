package database

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

func TestInspectSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE TABLE `odd ``table` (a INTEGER, b VARCHAR(12) COLLATE NOCASE NOT NULL, c TEXT, d, PRIMARY KEY (b, a))",
		"CREATE UNIQUE INDEX partly ON `odd ``table` (c) WHERE c <> ''",
		"CREATE UNIQUE INDEX computed ON `odd ``table` (lower(c))",
		"CREATE UNIQUE INDEX pair ON `odd ``table` (d, c)",
		"CREATE TABLE bare (x BIGINT, y DECIMAL(10,2), z DATETIME)",
		"CREATE VIEW seen AS SELECT x, y + 1 AS y1 FROM bare",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := Way{Driver: SQLite, Path: path, Connections: 2}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	odd, bare := plan.TableRef{Table: "odd `table"}, plan.TableRef{Table: "BARE"}
	seen, wrong := plan.TableRef{Database: "main", Table: "seen"}, plan.TableRef{Table: "baer"}
	inline, refused := plan.TableRef{Select: "select x, @dealer as d from bare"}, plan.TableRef{Select: "select absent from bare"}
	known, err := p.Inspect(t.Context(), []plan.TableRef{odd, bare, seen, wrong, inline, refused})
	if err != nil {
		t.Fatal(err)
	}
	want := plan.Schema{
		odd: {
			Columns: []plan.Column{
				{Name: "a", Kind: convert.ColumnInteger, Nullable: true},
				{Name: "b", Kind: convert.ColumnText, Collation: plan.CaseOff},
				{Name: "c", Kind: convert.ColumnText, Nullable: true},
				{Name: "d", Nullable: true},
			},
			Unique: [][]string{{"b", "a"}, {"d", "c"}}, Primary: true, Leading: []string{"b", "d", "c"},
		},
		bare: {Columns: []plan.Column{
			{Name: "x", Kind: convert.ColumnInteger, Nullable: true},
			{Name: "y", Kind: convert.ColumnDecimal, Nullable: true},
			{Name: "z", Kind: convert.ColumnDateTime, Nullable: true},
		}},
		seen:    {Columns: []plan.Column{{Name: "x", Kind: convert.ColumnInteger, Nullable: true}, {Name: "y1", Nullable: true}}},
		inline:  {Columns: []plan.Column{{Name: "x", Kind: convert.ColumnInteger, Nullable: true}, {Name: "d", Nullable: true}}},
		refused: {Refused: "no such column: absent", RefusedAt: 7},
		// What might have been meant instead of the table that is not there.
		{Table: "bare"}: {}, {Table: "seen"}: {},
	}
	if diff := cmp.Diff(want, known.Schema); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"bare", "seen"}, slices.DeleteFunc(known.Names(""), func(name string) bool { return known.Tables[plan.TableRef{Table: name}] != nil })); diff != "" {
		t.Errorf("names beside the tables asked for (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b", "a"}, known.Tables[odd].Primary()); diff != "" {
		t.Errorf("primary key (-want +got):\n%s", diff)
	}
}
