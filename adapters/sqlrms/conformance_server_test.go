//go:build server

package sqlrms_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestConformanceOnMySQL runs the suite on the tables of every sample dealer in
// MySQL or MariaDB, with an account that may only read.
func TestConformanceOnMySQL(t *testing.T) {
	for _, dealer := range adaptertest.Dealers() {
		t.Run(dealer.Name, func(t *testing.T) {
			dealer.Run(t, adaptertest.All().WithNotes(), func(t *testing.T, env adapters.Env) adaptertest.Subject {
				server := dbtest.MySQL(t)
				db := openSQL(t, "mysql", server.DSN()+"?charset=utf8mb4")
				documents := dealer.Load(t, db, sqlrms.MySQL)
				return subject(t, env, dealer, sqlrms.Config{
					Driver: sqlrms.MySQL, DSN: server.CreateUser("SELECT"), Mapping: dealer.Mapping, MappingName: dealer.Name, DocumentsRoot: documents,
				}, db)
			})
		})
	}
}
