//go:build server

package sqlrms_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/faultproxy"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

const (
	// patience is the limit of one statement in these tests.
	patience = 2 * time.Second
	// slack is how much longer a call may take on a machine that has other work.
	slack = 20 * time.Second
)

// wantAway calls until the adapter has failed once, and sees to it that every
// call ends in time and that none answers with a part of the truth.
func wantAway(t *testing.T, a *sqlrms.RMS, reasons ...string) {
	t.Helper()
	began := time.Now()
	got, err := yards(t.Context(), a)
	if took := time.Since(began); took > patience+slack {
		t.Errorf("it took %v", took)
	}
	if err == nil {
		t.Errorf("got %d rows, want ErrUnavailable", len(got))
		return
	}
	if !errors.Is(err, adapters.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	for _, reason := range reasons {
		if strings.Contains(err.Error(), reason) {
			return
		}
	}
	t.Errorf("got %v, want a reason out of %q", err, reasons)
}

// wantBack sees to it that the adapter recovers by itself, at the latest with
// the second call.
func wantBack(t *testing.T, a *sqlrms.RMS, now *handclock.Clock, rows int) {
	t.Helper()
	now.Pass(2 * time.Second)
	got, err := yards(t.Context(), a)
	if err != nil {
		got, err = yards(t.Context(), a)
	}
	if err != nil || len(got) != rows {
		t.Errorf("got %d rows and %v, want %d again", len(got), err, rows)
	}
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

const manyYards = 400

// manyRows makes answers long enough to break in the middle.
func manyRows() []string {
	statements := append([]string{}, yardTables...)
	statements = append(statements, "DELETE FROM YARD")
	var values []string
	for i := range manyYards {
		values = append(values, fmt.Sprintf("('%04d', '%s')", i, strings.Repeat("y", 50)))
	}
	return append(statements, "INSERT INTO YARD VALUES "+strings.Join(values, ", "))
}

func TestFaultsOnTheWay(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(manyRows()...)
	for name, suffix := range map[string]string{"Prepared": "", "Interpolated": "?interpolateParams=true"} {
		t.Run(name, func(t *testing.T) {
			proxy := faultproxy.New(t, server.Addr())
			a, now := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSNAt(proxy.Addr()) + suffix, StatementTimeout: patience})
			wantBack(t, a, now, manyYards)
			for fault, c := range map[string]struct {
				mode    faultproxy.Mode
				reasons []string
			}{
				"Refused":      {faultproxy.Refuse(), []string{"broke", "refuses"}},
				"ResetInRows":  {faultproxy.ResetAfter(9000), []string{"broke"}},
				"CutInRows":    {faultproxy.CutAfter(9000), []string{"broke"}},
				"StalledInRow": {faultproxy.StallAfter(9000), []string{"time"}},
				"Stalled":      {faultproxy.Stall(), []string{"time"}},
				"Slow":         {faultproxy.Slow(400), []string{"time"}},
			} {
				t.Run(fault, func(t *testing.T) {
					proxy.Set(c.mode)
					wantAway(t, a, c.reasons...)
					proxy.Set(faultproxy.Pass())
					wantBack(t, a, now, manyYards)
				})
			}
		})
	}
}

func TestFaultsBeforeTheFirstAnswer(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(manyRows()...)
	proxy := faultproxy.New(t, server.Addr())
	proxy.Set(faultproxy.Stall())
	began := time.Now()
	a, now := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSNAt(proxy.Addr()), StatementTimeout: patience})
	wantAway(t, a, "time")
	if took := time.Since(began); took > 2*patience+slack {
		t.Errorf("it took %v", took)
	}
	proxy.Set(faultproxy.Pass())
	wantBack(t, a, now, manyYards)
}

func TestFaultsOfTheServer(t *testing.T) {
	t.Run("Restarted", func(t *testing.T) {
		server := dbtest.Private(t)
		server.Exec(manyRows()...)
		a, now := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSN(), StatementTimeout: patience})
		wantBack(t, a, now, manyYards)
		server.Stop()
		wantAway(t, a, "refuses", "broke", "shutting down", "ended")
		if err := a.Check(t.Context()); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		server.Start()
		wantBack(t, a, now, manyYards)
		server.Restart()
		wantBack(t, a, now, manyYards)
	})

	t.Run("WrongPassword", func(t *testing.T) {
		server := dbtest.MySQL(t)
		server.Exec(manyRows()...)
		dsn := server.CreateUser("SELECT")
		account, rest, _ := strings.Cut(dsn, "@")
		user, _, _ := strings.Cut(account, ":")
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: user + ":wrong@" + rest, StatementTimeout: patience})
		wantAway(t, a, "access denied")
		err := a.Check(t.Context())
		if err == nil || strings.Contains(err.Error(), user) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("got %v, want nothing about the account", err)
		}
	})

	t.Run("TableDropped", func(t *testing.T) {
		server := dbtest.MySQL(t)
		server.Exec(manyRows()...)
		a, now := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.CreateUser("SELECT"), StatementTimeout: patience})
		wantBack(t, a, now, manyYards)
		server.Exec("RENAME TABLE YARD TO AWAY")
		wantAway(t, a, `table "YARD" does not exist`)
		wantFault(t, a.Check(t.Context()), `unknown table "YARD"`)
		wantAway(t, a, `table "YARD" does not exist`)
		server.Exec("RENAME TABLE AWAY TO YARD")
		wantBack(t, a, now, manyYards)
	})

	t.Run("SQLItRefusesIsAFaultInItsWords", func(t *testing.T) {
		server := dbtest.MySQL(t)
		server.Exec(yardTables...)
		for _, suffix := range []string{"", "?interpolateParams=true"} {
			mapping := changed(t, "properties.name: y.name", `properties.name: {sql: "upper(y.nmae)"}`)
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSN() + suffix, Mapping: mapping})
			wantFault(t, a.Check(t.Context()), "Unknown column 'y.nmae'")
		}
	})

	t.Run("TooManyConnections", func(t *testing.T) {
		server := dbtest.MySQL(t)
		server.Exec(manyRows()...)
		dsn := server.CreateUser("SELECT")
		account, _, _ := strings.Cut(dsn, ":")
		server.ExecAdmin("ALTER USER '" + account + "'@'%' WITH MAX_USER_CONNECTIONS 1")
		first, now := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: dsn, StatementTimeout: patience, MaxConnections: 1})
		wantBack(t, first, now, manyYards)
		second, later := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: dsn, StatementTimeout: patience, MaxConnections: 1})
		wantAway(t, second, "too many connections", "used up")
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for second.Check(deadline) != nil && deadline.Err() == nil { // the server notices the end of a session a little later
			later.Pass(2 * time.Second)
		}
		wantBack(t, second, later, manyYards)
	})
}

func TestManyCallersShareFewConnections(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(manyRows()...)
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.DSN(), MaxConnections: 2})
	var callers sync.WaitGroup
	for i := range 24 {
		callers.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				cancel() // whoever gives up must not spoil it for others
			}
			got, err := yards(ctx, a)
			if i%3 != 0 && (err != nil || len(got) != manyYards) {
				t.Errorf("got %d rows and %v, want all", len(got), err)
			}
		})
	}
	callers.Wait()
	if s := a.PoolStats(); s.OpenConnections > 2 || s.InUse > 0 {
		t.Errorf("got %+v, want at most two connections, none in use", s)
	}
}
