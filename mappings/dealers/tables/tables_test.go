package tables

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables/tablestest"
)

var odd = []Table{{
	Name: "odd `table`", Primary: []string{"no#"}, Indexes: [][]string{{"Größe"}},
	Columns: []Column{Col("no#", Integer), Code("Größe", 4), Text("from", 10)},
}}

func TestLoad(t *testing.T) {
	t.Run("FillsTablesOfAnyNameAndPadsCodes", func(t *testing.T) {
		db := tablestest.Open(t)
		rows := map[string][]Row{"odd `table`": {{"no#": 1, "Größe": "XL"}, {"no#": 2, "from": "here"}}}
		if err := Load(t.Context(), db, SQLite, odd, rows); err != nil {
			t.Fatal(err)
		}
		var size, from sql.NullString
		if err := db.QueryRowContext(t.Context(), "SELECT `Größe`, `from` FROM `odd ``table``` WHERE `no#` = 1").Scan(&size, &from); err != nil {
			t.Fatal(err)
		}
		if size.String != "XL  " || from.Valid {
			t.Errorf("got %q and %v, want a padded code and nothing", size.String, from)
		}
	})
	for name, test := range map[string]struct {
		rows map[string][]Row
		want string
	}{
		"RefusesAColumnThatIsNotThere": {map[string][]Row{"odd `table`": {{"no": 1}}}, `names the column "no"`},
		"RefusesATableThatIsNotThere":  {map[string][]Row{"even": {{}}}, `a table "even"`},
		"UndoesEverythingAfterAFault":  {map[string][]Row{"odd `table`": {{"no#": 1}, {"no#": 1}}}, "inserting 2 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Load(t.Context(), tablestest.Open(t), SQLite, odd, test.rows)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	t.Run("MakesLatin1TablesUnlessToldOtherwise", func(t *testing.T) {
		got := strings.Join(Schema(MySQL, []Table{{Name: "A", Columns: odd[0].Columns}, {Name: "B", Charset: "utf8mb4", Columns: odd[0].Columns}}), "\n")
		if strings.Count(got, "CHARSET=latin1") != 1 || strings.Count(got, "CHARSET=utf8mb4") != 1 {
			t.Errorf("got %s", got)
		}
	})
}
