//go:build server

package sqlrms_test

import (
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
