//go:build server

package store_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/queue/queuetest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestQueueOnAServer(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Storage {
		s := openAt(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
		return queued{s.Queue(), s}
	})
}

// TestACrowdedLaneOnAServer counts the rows the server reads for the traffic of
// one lane, without and with a crowd in another.
func TestACrowdedLaneOnAServer(t *testing.T) {
	private := dbtest.Private(t)
	s := openAt(t, store.Options{DSN: private.DSN()})
	q := s.Queue()
	read := rowsRead(t, private)
	blocked, flowing := queue.Lane{Dealer: "D1", Direction: queue.Out}, queue.Lane{Dealer: "D2", Direction: queue.Out}
	const rounds = 50
	measure := func(l queue.Lane) int64 {
		before := read()
		traffic(t, q, l, []queue.Lane{blocked, l}, rounds)
		return read() - before
	}
	measure(flowing)
	alone := measure(queue.Lane{Dealer: "D3", Direction: queue.Out})
	const crowd = 50_000
	crowded(t, q, blocked, crowd)
	beside := measure(queue.Lane{Dealer: "D4", Direction: queue.Out})
	t.Logf("rows read for %d rounds: %d alone, %d beside %d that wait", rounds, alone, beside, crowd)
	if beside > alone+alone/2+rounds {
		t.Errorf("%d rows were read beside the crowd, %d without it", beside, alone)
	}
	before := read()
	for n := range int64(rounds) {
		at := noon.Add(time.Hour)
		c := queue.Claim{Lane: blocked, Owner: "one", Until: at.Add(life)}
		turn, err := q.Turn(t.Context(), c, at, nil)
		if err != nil || turn.Item == nil {
			t.Fatalf("turn %d: %+v %v", n, turn, err)
		}
		last := &queue.Settlement{Number: turn.Item.Number, State: queue.Done, Last: true}
		if _, err := q.Turn(t.Context(), turn.Claim, at, last); err != nil {
			t.Fatal(err)
		}
	}
	crowdRows := read() - before
	t.Logf("rows read for %d turns of the crowded lane: %d", rounds, crowdRows)
	if crowdRows > rounds*40 {
		t.Errorf("%d rows were read for %d turns of the crowded lane", crowdRows, rounds)
	}
}

// rowsRead gives the rows a server has read, of all sessions, since it started.
func rowsRead(t *testing.T, s *dbtest.PrivateServer) func() int64 {
	t.Helper()
	db, err := sql.Open("mysql", s.AdminDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() (sum int64) {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Handler_read%'")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Error(err)
			}
		}()
		for rows.Next() {
			var name string
			var n int64
			if err := rows.Scan(&name, &n); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		return sum
	}
}

func TestAnOlderQueueIsTakenOverOnAServer(t *testing.T) {
	movedQueue(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
}

func TestVeryManyNewItemsFindTheirOrderOnAServer(t *testing.T) {
	manyNew(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
}
