//go:build server

package main_test

import (
	"database/sql"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
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
		w := newMailWorldOn(t, *messageSeed+2, server.Server)
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

// newMailWorldOn is newMailWorld with its state on a server.
func newMailWorldOn(t *testing.T, seed uint64, server *dbtest.Server) *mailWorld {
	t.Helper()
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
	return newMailWorld(t, seed, state, "state: {dsn: '"+server.DSN()+"'}\n", db)
}

// TestThreeGatewaysOnOneState: three processes work on the same lanes. One after
// the other is stopped, its leases end, the others take over, and it goes on as
// if nothing had been. Nothing is lost or overtaken; what arrives twice has one id.
func TestThreeGatewaysOnOneState(t *testing.T) {
	w := newMailWorldOn(t, *messageSeed+3, dbtest.MySQL(t))
	t.Logf("seed %d", w.seed)
	p := &parties{mailWorld: w, repeats: map[string]int{}}
	var lives []*life
	for range 3 {
		l := w.begin(anyTime, 0) // nobody kills it
		w.serves(l)
		lives = append(lives, l)
		if len(lives) < 3 {
			w.others = append(w.others, w.listen)
			w.listen = freeAddress(t)
		}
	}
	stop := carry(t, w.box, 10*time.Millisecond)
	defer stop()
	look := time.NewTicker(8 * time.Millisecond)
	defer look.Stop()
	taken := 0
	for round := range 30 {
		l := lives[round%3]
		for range 5 + p.chance.IntN(20) {
			p.act()
			<-look.C
		}
		w.hurry()
		if err := l.run.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		// One that is stopped amid a transaction keeps its locks: nobody can take
		// its lanes over until the server ends it, or it goes on.
		if w.endLanes() {
			taken++
			<-time.After(time.Duration(p.chance.IntN(300)) * time.Millisecond)
		}
		if err := l.run.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	w.box.ClearFaults()
	p.settles(2*time.Minute, w.hurry)
	for _, talk := range w.box.Talks() {
		if _, err := w.box.Tell(sandbox.Say{ID: talk.ID, Text: "talk-" + talk.Dealer + "-last-" + talk.ID}); err != nil {
			t.Fatal(err)
		}
	}
	p.settles(2*time.Minute, w.hurry)
	p.agree()
	lost := 0
	for _, l := range lives {
		lost += strings.Count(l.log.String(), "a lane was lost")
		l.stop(t)
	}
	p.tell()
	t.Logf("30 times a process was stopped, %d times the others took over; %d times it lost a lane while it was at work", taken, lost)
	if taken < 10 {
		t.Error("hardly anything was taken over")
	}
}
