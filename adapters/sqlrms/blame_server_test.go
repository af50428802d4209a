//go:build server

package sqlrms_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestRefusedSQLIsToldAtItsPlaceByAServer is the same with the words of a
// server. The name of the test's own database is taken out of them; what the
// servers call the parts of a statement is made the same.
func TestRefusedSQLIsToldAtItsPlaceByAServer(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(yardTables...)
	got := refusals(t, "mysql", sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.AdminDSN()})
	got = strings.ReplaceAll(got, server.Database, "yard")
	for _, word := range [][2]string{{"field list", "SELECT"}, {"where clause", "WHERE"}, {"on clause", "ON"}} {
		got = strings.ReplaceAll(got, word[0], word[1])
	}
	golden(t, "testdata/refused/mysql.txt", got)
}
