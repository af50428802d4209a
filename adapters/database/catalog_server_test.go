//go:build server

package database

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

func TestInspectServer(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(
		"CREATE TABLE `odd table` (a INT, b VARCHAR(12) CHARACTER SET latin1 NOT NULL, c TEXT COLLATE utf8mb4_bin, d CHAR(3) COLLATE utf8mb4_unicode_ci, "+
			"PRIMARY KEY (b, a), UNIQUE KEY short (c(4)), UNIQUE KEY pair (d, a), KEY plain (a))",
		"CREATE TABLE bare (x BIGINT)",
		"CREATE VIEW seen AS SELECT x FROM bare",
	)
	p, err := Way{Driver: MySQL, DSN: server.DSN(), Connections: 2}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	refs := []plan.TableRef{
		{Table: "odd table"},
		{Database: server.Database, Table: "bare"},
		{Table: "seen"},
		{Table: "baer"},
		{Select: "select a, concat(b, @today) as ab from `odd table`"},
		{Select: "select a + @dealer as n from `odd table`"},
		{Select: "select absent from bare"},
	}
	known, err := p.Inspect(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	schema := known.Schema
	got := schema[refs[0]]
	for i := range got.Columns {
		if (got.Columns[i].Holds != nil) != (got.Columns[i].Name == "b") {
			t.Errorf("%s: Holds is wrong", got.Columns[i].Name)
		}
		got.Columns[i].Holds = nil
		if letters := got.Columns[i].Letters; (letters.Collation != "") != (got.Columns[i].Kind == convert.ColumnText) || !strings.HasPrefix(letters.Collation, letters.Set) {
			t.Errorf("%s: got the letters %v", got.Columns[i].Name, letters)
		}
		got.Columns[i].Letters = plan.Letters{}
	}
	if diff := cmp.Diff(&plan.Table{
		Columns: []plan.Column{
			{Name: "a", Kind: convert.ColumnInteger},
			{Name: "b", Kind: convert.ColumnText, MaxChars: 12, Collation: plan.MarkOff},
			{Name: "c", Kind: convert.ColumnText, MaxChars: 65535, Nullable: true, Collation: plan.Exact},
			{Name: "d", Kind: convert.ColumnText, MaxChars: 3, Nullable: true, Collation: plan.MarkOff},
		},
		Unique: [][]string{{"b", "a"}, {"d", "a"}, {"c"}}, Primary: true,
		Leading: []string{"b", "d", "a", "c"},
	}, got); diff != "" {
		t.Errorf("odd table (-want +got):\n%s", diff)
	}
	bare := &plan.Table{Columns: []plan.Column{{Name: "x", Kind: convert.ColumnInteger, Nullable: true}}}
	for _, ref := range refs[1:3] {
		if diff := cmp.Diff(bare, schema[ref]); diff != "" {
			t.Errorf("%v (-want +got):\n%s", ref, diff)
		}
	}
	if _, there := schema[plan.TableRef{Table: "seen"}]; !there || schema[refs[3]] != nil || schema[plan.TableRef{Table: "bare"}] == nil {
		t.Errorf("got %v, want no baer, and bare to offer instead", schema)
	}
	if why := schema[refs[6]].Refused; !strings.Contains(why, "absent") {
		t.Errorf("got %q, want why the SELECT is refused", why)
	}
	if inline := schema[refs[5]]; inline == nil || inline.Columns[0].Name != "n" || !inline.Columns[0].Kind.Numeric() {
		t.Errorf("got %v, want one numeric column", inline)
	}
}
