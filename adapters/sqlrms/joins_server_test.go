//go:build server

package sqlrms_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

func TestATextIsJoinedToANumberByWhatItIsOnAServer(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(yardTables...)
	server.Exec(mixedKeys...)
	if got := towns(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.AdminDSN()}); got != rightTowns {
		t.Errorf("got  %s\nwant %s", got, rightTowns)
	}
}

// TestRowsOfTwoKeyColumnsAreFoundInAnyCharacterSet: in a list of several rows
// MariaDB leaves bound texts in the session's character set.
func TestRowsOfTwoKeyColumnsAreFoundInAnyCharacterSet(t *testing.T) {
	for _, letters := range []string{"CHARACTER SET latin1 COLLATE latin1_german1_ci", "CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"} {
		server := dbtest.MySQL(t)
		server.Exec(yardTables...)
		server.Exec("CREATE TABLE HOF (co CHAR(2) NOT NULL, no VARCHAR(10) NOT NULL, name VARCHAR(40), PRIMARY KEY (co, no)) "+letters,
			"INSERT INTO HOF VALUES ('Ö1', 'ä', 'Mühle'), ('Ö1', 'b', 'Bahnhof'), ('N1', 'ß', 'Straße')")
		mapping := strings.Replace(strings.Replace(yardMapping, "from: YARD y\n  order: y.code", "from: HOF y", 1), "y.code", "{text: '{y.co}-{y.no}'}", 1)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.AdminDSN(), Mapping: folder(mapping)})
		got, err := yards(t.Context(), a)
		if err != nil || strings.Join(got, ", ") != "Straße, Bahnhof, Mühle" {
			t.Errorf("%s: got %q and %v, want all three", letters, got, err)
		}
	}
}
