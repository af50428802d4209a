//go:build server

package main_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// halt is a process that stands still in the middle of something.
type halt struct {
	life   *life
	moment string
	goesOn chan struct{}
}

// TestTwoGatewaysNeverWriteALeadTwice runs two gateways on one state and one CRM.
// Again and again the one that works is halted in the middle of a call or a
// statement for longer than its lease lasts; the other takes over, and the first
// goes on where it stood, with what it had under way still to arrive.
func TestTwoGatewaysNeverWriteALeadTwice(t *testing.T) {
	for i, engine := range []string{"InnoDB", "MyISAM"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			state := dbtest.MySQL(t)
			w := newLeadWorld(t, uint64(killSeed+20+i), prairieCRM(engine), fmt.Sprintf("state: {dsn: '%s'}\n", state.DSN()))
			s, rest := startSales(t, w, uint64(killSeed+20+i), 60*time.Millisecond)
			defer rest()
			kept, err := sql.Open("mysql", state.DSN()+"?innodb_lock_wait_timeout=2")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := kept.Close(); err != nil {
					t.Error(err)
				}
			})
			halts := make(chan halt, 1)
			ending, end := context.WithCancel(context.Background())
			t.Cleanup(end)
			w.fate.strike = func(l *life, moment string) bool {
				if err := l.run.Process.Signal(syscall.SIGSTOP); err != nil {
					return true
				}
				h := halt{l, moment, make(chan struct{})}
				halts <- h
				select {
				case <-h.goesOn:
				case <-ending.Done():
				}
				return false
			}
			for range 6 {
				w.tooLate(s, halts, kept)
			}
			rest()
			l := w.begin(death{})
			w.settled(s)
			l.stop(t)
			w.leadsStand()
			w.updatesStand(s)
			w.quietLogs()
			for moment, n := range w.deaths {
				t.Logf("halted %s: %d", moment, n)
			}
		})
	}
}

// tooLate is one round: a gateway works and is halted, another takes over, the
// first goes on and finds out.
func (w *leadWorld) tooLate(s *sales, halts chan halt, kept *sql.DB) {
	w.t.Helper()
	moments := []death{
		{beforeWriting, 1 + w.chance.IntN(25)},
		{unheardWriting, 1 + w.chance.IntN(25)},
		{beforeWriting, 1 + w.chance.IntN(25)},
		{unheardWriting, 1 + w.chance.IntN(25)},
		{unansweredCall, 1 + w.chance.IntN(4)},
		{beforeCall, 2},
	}
	if _, err := w.box.MakeLeads(sandbox.Make{Count: 4}); err != nil {
		w.t.Fatal(err)
	}
	first := w.begin(moments[w.chance.IntN(len(moments))])
	var h halt
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case h = <-halts:
	case <-first.ended:
		w.t.Fatalf("it ended:\n%s", first.log)
	case <-late.C:
		w.t.Fatalf("it was never at such a moment:\n%s", first.log)
	}
	w.deaths[h.moment]++
	// What a halted process still has under way may arrive when it goes on. An
	// update of an older state would then follow a later one, which nobody can tell
	// it from; so nobody changes anything meanwhile.
	s.turn.Lock()
	defer s.turn.Unlock()
	switch _, err := kept.ExecContext(context.Background(), "UPDATE leases SET until_ms = 0, owner = 'nobody'"); {
	case isLocked(err):
		// It stands inside a transaction of the state, and its session keeps the lease
		// from everybody else: nobody can take over, and nothing is done twice.
		w.deaths["inside a transaction of the state"]++
		if err := first.run.Process.Signal(syscall.SIGCONT); err != nil {
			w.t.Fatal(err)
		}
		close(h.goesOn)
		first.stop(w.t)
		return
	case err != nil:
		w.t.Fatal(err)
	}
	if _, err := w.box.MakeLeads(sandbox.Make{Count: 2}); err != nil {
		w.t.Fatal(err)
	}
	second := w.begin(death{})
	within(w.t, patience, "the other takes over", func() error {
		var owner string
		switch err := kept.QueryRowContext(context.Background(), "SELECT owner FROM leases WHERE name = 'leads/D100'").Scan(&owner); {
		case errors.Is(err, sql.ErrNoRows): // it has had it, and rests
		case err != nil:
			return err
		case owner == "nobody":
			return errors.New("nobody has the lease")
		}
		// In the middle of a statement the first holds the CRM's lock, and the other
		// can write nothing. Else it does all there is to do.
		if n := w.box.State().Waiting; n > 0 && (h.moment == beforeCall || h.moment == unansweredCall) {
			return fmt.Errorf("%d leads wait; it was halted %s:\n%s\nand then:\n%s", n, h.moment, first.log, second.log)
		}
		return nil
	})
	if h.moment == beforeCall { // what the late call is answered with is handed out for good
		if _, err := w.box.MakeLeads(sandbox.Make{Count: 2}); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := first.run.Process.Signal(syscall.SIGCONT); err != nil {
		w.t.Fatal(err)
	}
	close(h.goesOn)
	within(w.t, patience, "the first finds out", func() error {
		if !strings.Contains(first.log.String(), "another process works on the leads of this dealer") {
			return errors.New(first.log.String())
		}
		return nil
	})
	first.stop(w.t)
	second.stop(w.t)
}

// isLocked says that another session holds a row.
func isLocked(err error) bool {
	var refused *mysql.MySQLError
	return errors.As(err, &refused) && refused.Number == 1205
}
