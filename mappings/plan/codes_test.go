package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// codeTables are rentals whose states are on rent (R), quoted (Q) and, in one
// row, a code that came in with the vendor's last update.
const codeTables = `
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), stat VARCHAR(3), n INTEGER, eq VARCHAR(3));
insert into R values ('A1', 'C1', 'R', 1, 'E1'), ('A2', 'C1', 'Q', 2, 'E1'), ('A3', 'C1', 'NEW', 3, 'E1'), ('A4', 'C1', 'R ', 1, 'E1'), ('A5', 'C1', NULL, 1, NULL);
create table L (rental VARCHAR(10), seq INTEGER, kind VARCHAR(3), total TEXT);
insert into L values ('A1', 1, 'RI', '1'), ('A1', 2, 'CM', '5'), ('A4', 1, 'XX', '2');
create table EQ (no VARCHAR(3) primary key, stat VARCHAR(1), name TEXT);
insert into EQ values ('E1', 'A', 'mast');`

func TestCodesThatAreShownAndCodesThatAreHidden(t *testing.T) {
	const mapping = "customerNumber: r.cus\nchanges: none\n%state%contract:\n  from: R r\n%section%  fees: none\n  lines: %lines%\n  fields:\n    id: r.id\n%fields%"
	for _, c := range []struct {
		name, state, section, lines, fields, script string
		want                                        outcome
	}{
		{
			name: "ANewCodeInTheStateIsLeftOutAndNamedWithItsRow", state: "state: {R: {stat: {show: R, hide: Q}}}\n",
			want: outcome{
				IDs: []string{"A1", "A4"}, Left: []string{"R.stat unmapped A3", "R.stat missing A5"},
				Notes: []string{"R.stat unmapped A3", "R.stat missing A5"},
			},
		},
		{
			name: "ANewCodeInTheSectionsConditionIsLeftOutAsWell", section: "  where: {r.stat: {show: R, hide: [Q, '']}}\n",
			want: outcome{IDs: []string{"A1", "A4"}, Left: []string{"R.stat unmapped A3"}, Notes: []string{"R.stat unmapped A3"}},
		},
		{
			name: "AnEmptyTextStandsForAnEmptyColumn", section: "  where: {r.stat: {show: [R, ''], hide: [Q, NEW]}}\n",
			want: outcome{IDs: []string{"A1", "A4", "A5"}},
		},
		{
			name: "NothingNeedsToBeHidden", section: "  where: {r.n: {show: [1, 2], hide: []}}\n",
			want: outcome{IDs: []string{"A1", "A2", "A4", "A5"}, Left: []string{"R.n unmapped A3"}, Notes: []string{"R.n unmapped A3"}},
		},
		{
			name: "NumbersAreTheSameHoweverTheyAreWritten", section: "  where: {r.n: {show: '01', hide: [2.0, 3]}}\n",
			want: outcome{IDs: []string{"A1", "A4", "A5"}},
		},
		{
			name: "AStrictSectionFailsThePage", state: "onBadRow: fail\nstate: {R: {stat: {show: R, hide: [Q, '']}}}\n",
			want: outcome{Failed: true, Notes: []string{"R.stat unmapped A3"}},
		},
		{
			name: "ANewCodeOfAChildTakesItsParentOut", section: "  where: {r.stat: [R]}\n",
			lines: "{from: L d, parent: {rental: r.id}, where: {d.kind: {show: RI, hide: CM}}, fields: {id: d.seq}}",
			want:  outcome{IDs: []string{"A1"}, Left: []string{"L.kind unmapped A4"}, Notes: []string{"L.kind unmapped A4"}},
		},
		{
			name: "ANewCodeOfAChildGoesAloneWhereItsListSaysSo", section: "  where: {r.stat: [R]}\n",
			lines: "{from: L d, parent: {rental: r.id}, keepParent: true, where: {d.kind: {show: RI, hide: CM}}, fields: {id: d.seq}}",
			want:  outcome{IDs: []string{"A1", "A4"}, Notes: []string{"L.kind unmapped A4"}},
		},
		{
			name: "TheStateOfAChildsTableCountsWhereverItIsListed", state: "state: {L: {kind: {show: [RI, FE], hide: CM}}}\n", section: "  where: {r.stat: [R]}\n",
			lines: "{from: L d, parent: {rental: r.id}, order: d.seq, fields: {id: d.seq}}",
			want:  outcome{IDs: []string{"A1"}, Left: []string{"L.kind unmapped A4"}, Notes: []string{"L.kind unmapped A4"}},
		},
		{
			name: "AJoinedRowInDoubtTakesTheRowOutThatUsesIt", state: "state: {EQ: {stat: {show: A, hide: X}}}\n",
			section: "  join: [{e: {table: EQ, match: {no: r.eq}}}]\n", fields: "    note: e.name\n",
			script: "update EQ set stat = 'N'; delete from R where id not in ('A1', 'A5');",
			want:   outcome{IDs: []string{"A5"}, Left: []string{"EQ.stat unmapped A1"}, Notes: []string{"EQ.stat unmapped A1"}},
		},
		{
			name: "AJoinedRowThatIsPickedIsLookedAtAsWell", state: "state: {EQ: {stat: {show: A, hide: X}}}\n",
			section: "  join: [{e: {table: EQ, match: {no: r.eq}, pick: name}}]\n", fields: "    note: e.name\n",
			script: "update EQ set stat = 'N'; delete from R where id not in ('A1', 'A5');",
			want:   outcome{IDs: []string{"A5"}, Left: []string{"EQ.stat unmapped A1"}, Notes: []string{"EQ.stat unmapped A1"}},
		},
		{
			name: "TheCodeOfAJoinedRowCanDecideAboutTheList", section: "  join: [{e: {table: EQ, match: {no: r.eq}, required: true}}]\n  where: {e.stat: {show: A, hide: X}}\n",
			script: "update EQ set stat = 'N'; delete from R where id not in ('A1', 'A5');",
			want:   outcome{Left: []string{"EQ.stat unmapped A1"}, Notes: []string{"EQ.stat unmapped A1"}},
		},
		{
			name: "AFilterOnChildRowsHidesNothingForANewCode", section: "  out: {table: L, match: {rental: r.id}}\n  where: {exists: out, where: {kind: {show: RI, hide: CM}}}\n",
			want: outcome{IDs: []string{"A1", "A4"}},
		},
		{
			name: "ASumOverANewCodeIsNoSum", section: "  out: {table: L, match: {rental: r.id}, where: {kind: {show: RI, hide: CM}}}\n  where: {r.stat: [R]}\n", fields: "    total: {sum: out.total}\n",
			want: outcome{IDs: []string{"A1"}, Left: []string{"total unmapped A4"}, Notes: []string{"total unmapped A4"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.lines == "" {
				c.lines = "none"
			}
			text := strings.NewReplacer("%state%", c.state, "%section%", c.section, "%lines%", c.lines, "%fields%", c.fields).Replace(mapping)
			p, q := bound(t, codeTables+c.script, text)
			if diff := cmp.Diff(c.want, outcomeOf(t, p, q, "contract", "C1")); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("ARowThatIsHiddenSinceIsAGap", func(t *testing.T) {
		p, q := bound(t, codeTables, strings.NewReplacer("%state%", "", "%section%", "  where: {r.stat: {show: R, hide: [Q, NEW, '']}}\n", "%lines%", "none", "%fields%", "").Replace(mapping))
		keys := keysOf(t, p, q, "contract")
		if _, err := q.db.Exec("update R set stat = 'Q' where id = 'A1'"); err != nil {
			t.Fatal(err)
		}
		if ids := idsOf(t, p, q, "contract", keys); !cmp.Equal(ids, []string{"A4"}) {
			t.Errorf("got %q", ids)
		}
	})
}
