//go:build server

package sqlrms_test

import (
	"context"
	"database/sql"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/naive"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// filling is how drawn tables are filled: with whatever old systems keep, zero
// dates included.
const filling = "?charset=utf8mb4&sql_mode=''"

// The ways tables keep texts. Only under the exact ones may keys differ in
// letter case alone; only those of latin1 lack characters.
var (
	exactTexts = []string{"CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "CHARACTER SET utf8mb3 COLLATE utf8mb3_bin"}
	looseTexts = []string{
		"CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
		"CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci",
	}
	latinTexts = []string{
		"CHARACTER SET latin1 COLLATE latin1_swedish_ci", "CHARACTER SET latin1 COLLATE latin1_german1_ci",
	}
)

// TestDrawnDealersOnMySQL holds the adapter against loops over rows, on tables
// of every character set.
func TestDrawnDealersOnMySQL(t *testing.T) {
	server := dbtest.MySQL(t)
	for name, c := range map[string]struct {
		options naive.Options
		texts   []string
	}{
		"ExactTexts": {naive.Options{Twins: true, ZeroDates: true}, exactTexts[:1]},
		"LooseTexts": {naive.Options{ZeroDates: true, Latin: true}, append(looseTexts, latinTexts...)},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, 40, func(rt *rapid.T) {
				w := naive.Draw(rt, c.options)
				texts := rapid.SampledFrom(c.texts).Draw(rt, "texts")
				defer drop(rt, server.DSN(), w)
				create(rt, "mysql", server.DSN()+filling, w, naive.Dialect{MySQL: true, Options: texts})
				compare(rt, w, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSN()})
			})
		})
	}
}

// TestOddServers: the same dealers on servers that were set up in odd ways, with
// tables that keep their texts each in another way.
func TestOddServers(t *testing.T) {
	for name, c := range map[string]struct{ args, settings []string }{
		"StrictAndFarEast": {settings: []string{
			"SET GLOBAL time_zone = '+05:45'",
			"SET GLOBAL sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY,PAD_CHAR_TO_FULL_LENGTH'",
		}},
		"LaxAndSmallNames": {
			args:     []string{"--lower-case-table-names=1", "--character-set-server=latin1", "--collation-server=latin1_swedish_ci"},
			settings: []string{"SET GLOBAL time_zone = '-09:30'", "SET GLOBAL sql_mode = ''", "SET GLOBAL sql_auto_is_null = 1", "SET GLOBAL sql_select_limit = 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := dbtest.Private(t, c.args...)
			server.ExecAdmin(c.settings...)
			check(t, 25, func(rt *rapid.T) {
				w := naive.Draw(rt, naive.Options{ZeroDates: true, Latin: true})
				var dialects []naive.Dialect
				for _, texts := range rapid.Permutation(append(latinTexts, looseTexts...)).Draw(rt, "texts") {
					dialects = append(dialects, naive.Dialect{MySQL: true, Options: texts})
				}
				defer drop(rt, server.DSN(), w)
				create(rt, "mysql", server.DSN()+filling, w, dialects...)
				compare(rt, w, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSN()})
			})
		})
	}
}

// TestForeignRowsNeverShowOnMySQL is TestForeignRowsNeverShow where the server
// compares loosely: 100 is '100abc' to it, and 'a' is 'A'.
func TestForeignRowsNeverShowOnMySQL(t *testing.T) {
	for _, number := range numberTypes {
		t.Run(number, func(t *testing.T) {
			server := dbtest.MySQL(t)
			server.Exec(sharedBooks(number)...)
			papers, reader := papersRoot(t), server.CreateUser("SELECT")
			check(t, 15, func(rt *rapid.T) {
				nothingForeign(rt, sqlrms.Config{Driver: sqlrms.MySQL, DSN: reader, DocumentsRoot: papers})
			})
		})
	}
}

// drop takes a dealer's tables away again.
func drop(t *rapid.T, dsn string, w *naive.World) {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range w.Tables {
		if _, err := db.ExecContext(context.Background(), "DROP TABLE IF EXISTS "+naive.Quote(table.Name)); err != nil {
			t.Error(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
