package sqltext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// reading is what a reading says, in one line.
func reading(text string, dialect sqltext.Dialect, statement bool) string {
	r, fault := sqltext.Read(text, dialect, statement)
	if fault != nil {
		return fmt.Sprintf("%d: %s", fault.Offset, fault.Message)
	}
	var columns []string
	for _, c := range r.Columns {
		columns = append(columns, fmt.Sprintf("%s.%s@%d", c.Qualifier, c.Name, c.Offset))
	}
	return fmt.Sprintf("%v from %v, reads %v", columns, r.Sources, r.Reads)
}

func TestRead(t *testing.T) {
	both := []sqltext.Dialect{sqltext.MySQL, sqltext.SQLite}
	mysql, sqlite := both[:1], both[1:]
	const offline = "this SQL cannot be read offline, from %s on; whether the database reads it is told by `mapping check --db`"
	for name, c := range map[string]struct {
		text      string
		dialects  []sqltext.Dialect
		statement bool
		want      string
	}{
		"ColumnsWithTheirPlaces": {"h.a = 1 and\n lower(`k x`.`b #`) = 'é' or b = h.c", both, false, "[h.a@0 k x.b #@19 h.c@46] from [], reads true"},
		"NamesThatAreBound":      {"h.a = @customer and h.b in (@parents)", both, false, "[h.a@0 h.b@20] from [], reads true"},
		"OwnTables":              {"exists (select 1 from L l, M join db.N on l.a = M.b where l.c = h.d)", both, false, "[l.a@42 M.b@48 l.c@58 h.d@64] from [l M N], reads true"},
		"Statement":              {"with w as (select x.a from X x) select w.a from w union select b.c from B b", both, true, "[x.a@18 w.a@39 b.c@63] from [w x w b], reads true"},
		"ColumnOfADatabase":      {"select d.t.c from d.t", both, true, "[] from [t], reads true"},
		"StatementThatDeletes":   {"with w as (select 1) delete from T where 1 = 1", mysql, true, "[] from [w T], reads false"},
		"SQLiteDeletes":          {"with w as (select 1) delete from T where 1 = 1", sqlite, true, "[] from [w], reads false"},
		"TwoColumns":             {"h.a, h.b", sqlite, false, "3: " + fmt.Sprintf(offline, `","`)},
		"AliasBehindExpression":  {"h.a as b", both, false, "4: " + fmt.Sprintf(offline, `"as"`)},
		"MisspeltWord":           {"select a frm T where b = 1", both, true, "13: " + fmt.Sprintf(offline, `"T"`)},
		"EndsTooEarly":           {"h.a = ", both, false, "5: " + fmt.Sprintf(offline, "its end")},
		"OperatorTwice":          {"h.a = = 1", both, false, "6: " + fmt.Sprintf(offline, `"="`)},
		"SecondLine":             {"h.a = 1\n and and h.b", both, false, "13: " + fmt.Sprintf(offline, `"and"`)},
		"FormsOfMySQL":           {"if(h.a, group_concat(distinct h.b order by h.c separator ','), h.d regexp '^x')", mysql, false, "[h.a@3 h.b@30 h.c@43 h.d@63] from [], reads true"},
		"IntervalsAndJSON":       {"h.a > date_sub(@today, interval 3 day) and h.j->>'$.x' = convert(h.b using utf8mb4)", mysql, false, "[h.a@0 h.j@43 h.b@65] from [], reads true"},
		"FormsOfSQLite":          {`h.a glob 'x*' and "h"."b c" is not h.[d] and json_extract(h.e, '$.x') = 1`, sqlite, false, "[h.a@0 h.b c@18 h.d@35 h.e@58] from [], reads true"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dialect := range c.dialects {
				if diff := cmp.Diff(c.want, reading(c.text, dialect, c.statement)); diff != "" {
					t.Errorf("%s reads %q differently (-want +got):\n%s", dialect, c.text, diff)
				}
			}
		})
	}
}

func TestReadPlacesWhatIsFarFromTheEnd(t *testing.T) {
	text := "h.a = = 1 and h.b in (" + strings.Repeat("'x',\n", 1000) + "'y')"
	for _, dialect := range []sqltext.Dialect{sqltext.MySQL, sqltext.SQLite} {
		_, fault := sqltext.Read(text, dialect, false)
		if fault == nil || fault.Offset < 6 || fault.Offset > 7 {
			t.Errorf("%s: got %v, want a fault at the second sign", dialect, fault)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"h.a = 1", "select a from T t where t.b in (@parents)", "case when x then 'y'", "a as b", "with w as (select 1) select * from w"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, statement bool) {
		for _, dialect := range []sqltext.Dialect{sqltext.MySQL, sqltext.SQLite} {
			if len(sqltext.Check(text, dialect, sqltext.Place{Statement: statement})) > 0 {
				continue
			}
			r, fault := sqltext.Read(text, dialect, statement)
			switch {
			case fault != nil && (fault.Offset < 0 || fault.Offset > len(text)):
				t.Errorf("%s: the fault lies at %d, outside of the text", dialect, fault.Offset)
			case fault == nil:
				for _, c := range r.Columns {
					if c.Offset < 0 || c.Offset >= len(text) {
						t.Errorf("%s: %s.%s lies at %d, outside of the text", dialect, c.Qualifier, c.Name, c.Offset)
					}
				}
			}
		}
	})
}
