package main_test

import (
	"database/sql"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

var (
	messageKills = flag.Int("messagekills", 15, "how often TestKilledWithMessages kills the gateway")
	messageSeed  = flag.Uint64("messageseed", 1, "what the tests that kill a gateway with messages draw from")
)

// TestKilledWithMessages kills the program again and again while customers and
// two desks write to each other, calls fail and answers get lost. In the end
// everything arrived once and in order, and both sides think the same.
func TestKilledWithMessages(t *testing.T) {
	state, settings, db := sqliteState(t)
	killedWithMessages(t, newMailWorld(t, *messageSeed, state, settings, db), *messageKills, nil)
}

// sqliteState is a state in a folder of the test's, and a way into its database.
func sqliteState(t testing.TB) (config.State, string, *sql.DB) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, app.StateFile)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return config.State{Path: dir}, "state: {path: " + dir + "}\n", db
}

// killedWithMessages kills so often; between is called now and then while a
// process lives.
func killedWithMessages(t *testing.T, w *mailWorld, kills int, between func(killed int)) {
	t.Logf("seed %d", w.seed)
	p := &parties{mailWorld: w, repeats: map[string]int{}}
	stop := carry(t, w.box, 10*time.Millisecond)
	defer stop()
	look := time.NewTicker(8 * time.Millisecond)
	defer look.Stop()
	began := time.Now()
	for killed := 0; killed < kills; {
		at := killMoments[p.chance.IntN(len(killMoments))]
		l := w.begin(at, 1+p.chance.IntN(3))
		limit := time.Duration(50+p.chance.IntN(400)) * time.Millisecond
		if at != anyTime {
			limit = 700 * time.Millisecond
		}
		if at != anyTime || p.chance.IntN(4) > 0 { // else it may die while it begins
			if w.serves(l) && between != nil {
				between(killed)
			}
		}
		end := time.NewTimer(limit)
	living:
		for {
			p.act()
			select {
			case <-l.ended:
				break living
			case <-end.C:
				break living
			case <-look.C:
			}
		}
		end.Stop()
		w.ends(l, 0)
		if l.how != "" {
			killed++
		}
	}
	took := time.Since(began)
	w.box.ClearFaults()
	l := w.begin(anyTime, 0) // nobody kills it
	w.serves(l)
	p.settles(2*time.Minute, w.hurry)
	for _, talk := range w.box.Talks() { // so that the dealers hear when their words arrived
		if _, err := w.box.Tell(sandbox.Say{ID: talk.ID, Text: "talk-" + talk.Dealer + "-last-" + talk.ID}); err != nil {
			t.Fatal(err)
		}
	}
	p.settles(2*time.Minute, w.hurry)
	p.agree()
	l.stop(t)
	p.tell()
	t.Logf("%d kills in %s", kills, took.Round(time.Second))
}
