package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const lostTables = `
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), grp VARCHAR(3));
insert into R values ('A1', 'C1', 'G1'), ('A2', 'C1', 'G9'), ('A3', 'C1', 'G2'), ('A4', 'C1', NULL), ('A5', 'C1', ''), ('A6', 'C1', 'G3');
create table GRP (co CHAR(2), no VARCHAR(3), stat CHAR(1), up VARCHAR(3), primary key (co, no));
insert into GRP values ('01', 'G1', 'A', 'T1'), ('02', 'G9', 'A', 'T1'), ('01', 'G2', 'X', 'T1'), ('01', 'G3', 'A', 'T9');
create table TOP (no VARCHAR(3) primary key, kind CHAR(1));
insert into TOP values ('T1', 'K');`

// TestRowsThatARequiredJoinFindsNothingFor are not shown and noted, those that
// its conditions keep out are only not shown.
func TestRowsThatARequiredJoinFindsNothingFor(t *testing.T) {
	const mapping = `
customerNumber: r.cus
owner: {GRP: {co: '01'}}
changes: none
state: STATE
joins:
  g: {table: GRP, match: {no: r.grp}, required: true WHERE}
  top: {table: TOP, match: {no: g.up}, required: true}
contract:
  from: R r
  join: JOIN
  SECTION
  fields: {id: r.id}
  lines: none
  fees: none`
	for _, c := range []struct {
		name, state, where, join, section string
		want                              outcome
	}{
		{
			name: "AreNotedByTheJoin", join: "[g]",
			want: outcome{IDs: []string{"A1", "A3", "A6"}, Notes: []string{"g missing A2"}},
		},
		{
			name: "NotWhereItsOwnConditionKeepsThemOut", join: "[g]", where: ", where: {stat: A}",
			want: outcome{IDs: []string{"A1", "A6"}, Notes: []string{"g missing A2"}},
		},
		{
			name: "NotWhereTheStateKeepsThemOut", join: "[g]", state: "{GRP: {stat: {not: X}}}",
			want: outcome{IDs: []string{"A1", "A6"}, Notes: []string{"g missing A2"}},
		},
		{
			name: "AlsoWhereTheSectionsConditionSpeaksOfIt", join: "[g]", section: "where: {g.stat: A}",
			want: outcome{IDs: []string{"A1", "A6"}, Notes: []string{"g missing A2"}},
		},
		{
			name: "AlsoBehindAnotherJoin", join: "[g, top]", section: "where: [{top.kind: K}, {not: {g.stat: X}}]",
			want: outcome{IDs: []string{"A1"}, Notes: []string{"g missing A2", "top missing A6"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.state == "" {
				c.state = "{R: {id: {not: none}}}"
			}
			p, q := bound(t, lostTables, strings.NewReplacer("STATE", c.state, "WHERE", c.where, "JOIN", c.join, "SECTION", c.section).Replace(mapping))
			if diff := cmp.Diff(c.want, outcomeOf(t, p, q, "contract", "C1")); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}
