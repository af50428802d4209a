//go:build server

package sqlrms_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestBlanksAreEmptyInAnyCollation: servers compare texts of blanks with the
// empty text in two ways, and a filter must not depend on which.
func TestBlanksAreEmptyInAnyCollation(t *testing.T) {
	for _, collation := range []string{
		"utf8mb4_general_ci", "utf8mb4_bin", "latin1_german1_ci",
		"utf8mb4_unicode_520_nopad_ci", "latin1_swedish_nopad_ci", // MariaDB's
		"utf8mb4_0900_ai_ci", // MySQL's
	} {
		t.Run(collation, func(t *testing.T) {
			server := dbtest.MySQL(t)
			var known int
			err := openSQL(t, "mysql", server.DSN()).QueryRowContext(t.Context(),
				"select count(*) from information_schema.collations where collation_name = ?", collation).Scan(&known)
			if err != nil {
				t.Fatal(err)
			}
			if known == 0 {
				return // the other maker's
			}
			server.Exec(yardTables...)
			server.Exec("CREATE TABLE HOF (no INT NOT NULL PRIMARY KEY, name VARCHAR(40), closed VARCHAR(8), KEY closed (closed)) COLLATE "+collation,
				"INSERT INTO HOF VALUES (1, 'a', NULL), (2, 'b', ''), (3, 'c', '   '), (4, 'd', ' x'), (5, 'e', '\t'), (6, 'f', 'x ')")
			for empty, want := range map[string]string{"true": "a, b, c", "false": "d, e, f"} {
				mapping := strings.Replace(strings.Replace(yardMapping,
					"from: YARD y\n  order: y.code", "from: HOF y\n  order: y.no\n  where: {y.closed: {empty: "+empty+"}}", 1), "y.code", "y.no", 1)
				a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.AdminDSN(), Mapping: folder(mapping)})
				got, err := yards(t.Context(), a)
				if err != nil || strings.Join(got, ", ") != want {
					t.Errorf("empty: %s: got %q and %v, want %s", empty, got, err, want)
				}
			}
		})
	}
}
