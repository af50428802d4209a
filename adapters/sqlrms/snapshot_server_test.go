//go:build server

package sqlrms_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

func TestComparingOnMySQL(t *testing.T) {
	s := dbtest.MySQL(t)
	s.Exec(yardTables...)
	compareYard(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: s.DSN()}, func(statements ...string) { s.Exec(statements...) })
}
