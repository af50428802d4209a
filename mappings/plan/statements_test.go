package plan_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTheNumberOfStatementsDoesNotGrowWithRows counts what one answer asks of
// the database with one row and with many, for lists of every kind: children,
// aggregates, joins of their own, elements inside a column, several sources,
// trees and rates.
func TestTheNumberOfStatementsDoesNotGrowWithRows(t *testing.T) {
	for _, c := range []struct{ folder, endpoint, clear, grow string }{
		{
			"children_and_unpivot", "contract", "delete from R; delete from L",
			"insert into R select 'K' || i, 'C1', '1', '2' from counted; insert into L select 'K' || i, 1, 'RI', 'x', '1' from counted",
		},
		{
			"filters_of_every_kind", "contract", "delete from R; delete from L",
			"insert into R select '01', 'K' || i, 'C1', 'R', 1, 'a', NULL from counted; insert into L select '01', 'K' || i, 'RI', '1', 0 from counted",
		},
		{
			"filters_on_fetched_children", "contract", "delete from R; delete from L; delete from N",
			"insert into R select 'K' || i, 'C1', i from counted; insert into L select 'K' || i, 5, '1', 'a' from counted; insert into N select substr('000000' || i, -6), 'x' from counted",
		},
		{
			"joins_picked_and_chained", "contract", "delete from R; delete from EQ",
			"insert into R select 'K' || i, 'C1', 'U' || i, 7 from counted; insert into EQ select 'U' || i, 'M1', 'm', NULL from counted",
		},
		{
			"selects_ladders_and_chains", "contract", "delete from OPEN_R; delete from OLD_R; delete from EQ; delete from PART",
			"insert into OPEN_R select 'K' || i, 'C1', 'U' || i from counted; insert into EQ select 'U' || i, 'K' || i, 's' from counted; insert into PART select 'K' || i, 1, 'arm' from counted",
		},
		{
			"elements_inside_a_column", "contract", "delete from R; delete from P; delete from X",
			"insert into R select 'K' || i, 'C1', i || ';' || (i + 1000), 'X' || i || ':1', '[{\"text\":\"a\",\"amount\":1}]' from counted; insert into P select i, 'p', 0 from counted; insert into X select 'X' || i, 'x' from counted",
		},
		{
			"lists_of_several_sources", "contract", "delete from R; delete from Q; delete from L; delete from M",
			"insert into R select 'K' || i, 'C1', NULL from counted; insert into Q select 'K' || i, 'C1', NULL from counted; insert into L select 'K' || i, 1, 'l' from counted; insert into M select 'K' || i, 1, 'm' from counted",
		},
		{
			"trees_and_one_table", "contract", "delete from R; delete from D; delete from K",
			"insert into R select 'K' || i, NULL, 'C1', 'U', '1', 'street', 'town' from counted; insert into D select 'K' || i, 1, 0 from counted; insert into K select 'K' || i, 1, NULL from counted",
		},
		{
			"trees_and_one_table", "dealer-category", "delete from T; delete from W",
			"insert into T select i, NULL, 'root', 'C' from counted; insert into T select i + 1000, i, 'level', 'C' from counted; insert into T select i + 2000, i + 1000, 'leaf', 'G' from counted; insert into W select i + 2000, i, 1 from counted",
		},
		{
			"rates_by_preference", "dealer-category", "delete from C; delete from G; delete from P",
			"insert into C select 'C' || i, 'CAT' from counted; insert into G select 'G' || i, 'C' || i from counted; insert into P select 'G' || i, '', 1, '1', 'B' from counted",
		},
	} {
		t.Run(c.folder+"/"+c.endpoint, func(t *testing.T) {
			folder := filepath.Join("testdata/forms", c.folder)
			counts := map[string]int{}
			for _, rows := range []string{"1", "300"} {
				db := database(t, read(t, folder, "data.sql")+";"+c.clear+";"+
					"create table counted (i INTEGER); with recursive m(i) as (select 1 union all select i + 1 from m where i < "+rows+") insert into counted select i from m;"+c.grow)
				p := bind(t, folder, db)
				q := newAsked(db)
				keysOf := []string{"C1"}
				if c.endpoint == "dealer-category" {
					keysOf = nil
				}
				got := ask(t, p, q, c.endpoint, keysOf, []string{"C1"})
				if want := map[string]int{"1": 1, "300": 300}[rows]; len(got.Items) < want {
					t.Fatalf("got %d rows, want %d: %s", len(got.Items), want, strings.Join(got.Left, ", "))
				}
				counts[rows] = len(q.names)
			}
			if counts["1"] != counts["300"] || counts["1"] == 0 {
				t.Errorf("got %d statements for one row and %d for 300", counts["1"], counts["300"])
			}
		})
	}
}
