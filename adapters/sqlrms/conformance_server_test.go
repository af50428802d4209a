//go:build server

package sqlrms_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// TestConformanceOnMySQL runs the suite on the demo dealer's tables in MySQL or
// MariaDB, with an account that may only read.
func TestConformanceOnMySQL(t *testing.T) {
	adaptertest.Run(t, adaptertest.All().WithNotes(), func(t *testing.T, env adapters.Env) adaptertest.Subject {
		server := dbtest.MySQL(t)
		db := openSQL(t, "mysql", server.DSN()+"?charset=utf8mb4")
		documents := adaptertest.LoadDemo(t, db, demo.MySQL)
		return subject(t, env, sqlrms.Config{
			Driver: sqlrms.MySQL, DSN: server.CreateUser("SELECT"), Mapping: demo.Mapping(), MappingName: "demo", DocumentsRoot: documents,
		}, db)
	})
}
