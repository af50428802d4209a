//go:build server

package sqlrms_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

func TestArithmeticIsExactOnMySQL(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(yardTables...)
	server.Exec(sums...)
	for _, suffix := range []string{"", "?interpolateParams=true"} {
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSN() + suffix, Mapping: folder(sumsMapping(t))})
		wantSums(t, a)
	}
}
