//go:build server

package main_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// killsOfEach is how often the gateway is killed over each kind of state.
const killsOfEach = 160

// TestKilledWithMessagesOften is TestKilledWithMessages for as long as it takes.
func TestKilledWithMessagesOften(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		state, settings, db := sqliteState(t)
		killedWithMessages(t, newMailWorld(t, *messageSeed+1, state, settings, db), killsOfEach, nil)
	})
	t.Run("MariaDB", func(t *testing.T) {
		server := dbtest.Private(t)
		db, err := sql.Open("mysql", server.DSN())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		state := config.State{DSN: config.NewSecret(server.DSN())}
		w := newMailWorld(t, *messageSeed+2, state, "state: {dsn: '"+server.DSN()+"'}\n", db)
		restarts := 0
		killedWithMessages(t, w, killsOfEach, func(killed int) {
			if killed < (restarts+1)*killsOfEach/5 {
				return
			}
			server.Stop()
			<-time.After(time.Second) // customers write meanwhile, and the gateway has to say no
			server.Start()
			restarts++
		})
		t.Logf("the database was restarted %d times", restarts)
	})
}
