package plan_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const catalogMapping = `
timezone: America/Chicago
currency: USD
customerNumber: cus.no
dealer-category:
  from: C c
  where: {c.shown: 1}
  order: c.code
  fields: {id: c.code}
  groups:
    from: G g
    parent: {cat: c.code}
    order: g.code
    fields: {id: g.code}
`

// remembered keeps the texts of the statements a Querier runs, and their values.
type remembered struct {
	plan.Querier
	texts []string
	args  [][]any
}

func (r *remembered) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	r.texts, r.args = append(r.texts, text), append(r.args, args)
	return r.Querier.Query(ctx, name, text, args, next)
}

// catalogOf makes a catalog of so many categories, of which the first few are
// shown, with some groups each, and a program for it.
func catalogOf(t *testing.T, categories, shown, groups int, odd string, rows int64) (*plan.Program, *remembered) {
	t.Helper()
	var script strings.Builder
	script.WriteString("create table C (code varchar(8) primary key, shown int); create table G (code varchar(8) primary key, cat varchar(8));")
	for c := range categories {
		isShown := 0
		if c < shown {
			isShown = 1
		}
		fmt.Fprintf(&script, "insert into C values ('C%03d%s', %d);", c, odd, isShown)
		for g := range groups {
			fmt.Fprintf(&script, "insert into G values ('G%03d%02d', 'C%03d%s');", c, g, c, odd)
		}
	}
	script.WriteString("insert into G values ('lost', 'nobody'), ('none', null);")
	db := database(t, script.String())
	set, faults := mapfile.LoadFS(fstest.MapFS{"rms.yaml": {Data: []byte(catalogMapping)}}, ".")
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	compiled, faults := plan.Compile(set.RMS, targetOf(t, set.RMS))
	if compiled == nil {
		t.Fatal(faults)
	}
	schema := describe(t, db, compiled.Tables())
	for _, table := range schema {
		table.Rows = rows
	}
	program, faults := compiled.Bind(plan.SQLite, schema)
	if program == nil {
		t.Fatal(faults)
	}
	return program, &remembered{Querier: newAsked(db)}
}

func TestChildRowsOfAWholeListAreReadWithoutNamingTheirOwners(t *testing.T) {
	read := func(t *testing.T, p *plan.Program, q plan.Querier) []any {
		t.Helper()
		var items []any
		var notes []string
		if _, _, ok, err := p.Whole(t.Context(), "dealer-category", asking(q, nil, &notes), 1000, func(v reflect.Value) {
			items = append(items, v.Interface())
		}); err != nil || !ok {
			t.Fatalf("got %t and %v, want the whole list", ok, err)
		}
		return items
	}
	for _, c := range []struct {
		name                      string
		categories, shown, groups int
		odd                       string
		rows                      int64
		want                      string // of each reading: f freely, n by name, fn both
	}{
		{"WhereNearlyAllAreAskedFor", 40, 40, 5, "", 1000, "f f"},
		{"OfSomeOwnersToo", 16, 16, 5, "", 1000, "f f"},
		{"NotOfAFewOwners", 15, 15, 5, "", 1000, "n n"},
		{"NotOfALargeTable", 40, 40, 5, "", 200_000, "n n"},
		{"NotWhereNobodyKnowsHowLargeItIs", 40, 40, 5, "", 0, "n n"},
		{"NotAgainWhereMostBelongToNobody", 200, 40, 4, "", 10_000, "fn n"},
		{"NotAgainWhereHalfBelongsToNobody", 100, 40, 5, "", 1000, "f n"},
		{"NotWhereTheServerDecidesWhatIsTheSame", 40, 40, 5, "é", 1000, "n n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, q := catalogOf(t, c.categories, c.shown, c.groups, c.odd, c.rows)
			var how []string
			for range 2 {
				q.texts = nil
				items := read(t, p, q)
				var once strings.Builder
				for _, text := range q.texts[1:] {
					if strings.Contains(text, " in (") {
						once.WriteString("n")
					} else {
						once.WriteString("f")
					}
				}
				how = append(how, once.String())
				named, byName := catalogOf(t, c.categories, c.shown, c.groups, c.odd, 0)
				if diff := cmp.Diff(read(t, named, byName), items); diff != "" {
					t.Errorf("(-by name +got):\n%s", diff)
				}
			}
			if got := strings.Join(how, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestATableThatIsNotMuchLongerIsReadWithoutALimitThatWouldHoldItBack(t *testing.T) {
	for _, c := range []struct {
		name string
		rows int64 // as the server thinks
		want int64 // rows that are read at most, for 40 owners
	}{
		{"AShortOne", 300, 640},
		{"AsLongAsTheLimit", 640, 1280},
		{"AFewTimesAsLong", 2560, 5120},
		{"AMuchLongerOne", 2561, 640},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, q := catalogOf(t, 40, 40, 5, "", c.rows)
			var notes []string
			if _, _, ok, err := p.Whole(t.Context(), "dealer-category", asking(q, nil, &notes), 1000, func(reflect.Value) {}); err != nil || !ok {
				t.Fatalf("got %t and %v, want the whole list", ok, err)
			}
			last := q.args[len(q.args)-1]
			if got := last[len(last)-1]; got != c.want {
				t.Errorf("got %v rows at most, want %d", got, c.want)
			}
		})
	}
}
