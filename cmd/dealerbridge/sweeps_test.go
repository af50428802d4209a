package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/servertest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// crowd are customers with enough contracts for a sweep of many pages.
const crowd = "0000412,0000088,0001007"

// till is the dealer's own program, which writes while contracts are pulled.
type till struct {
	t    testing.TB
	db   *sql.DB
	mu   sync.Mutex
	next int
	gone map[string]bool
}

func openTill(t testing.TB, d config.Dealer) *till {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+d.Database.Path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &till{t: t, db: db, gone: map[string]bool{}}
}

func (k *till) run(statements ...string) {
	k.t.Helper()
	tx, err := k.db.BeginTx(context.Background(), nil)
	if err != nil {
		k.t.Error(err)
		return
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(context.Background(), s); err != nil {
			k.t.Error(err)
		}
	}
	if err := tx.Commit(); err != nil {
		k.t.Error(err)
	}
}

// rent writes a new contract that stands before all others, like one that stands.
func (k *till) rent(like string) {
	k.t.Helper()
	k.mu.Lock()
	k.next++
	id := fmt.Sprintf(" 0NEW%04d", 9999-k.next)
	k.mu.Unlock()
	for _, table := range []string{"RENTAL", "RENTLN"} {
		k.run("CREATE TEMP TABLE fresh AS SELECT * FROM "+table+" WHERE CONNO = '"+like+"'",
			"UPDATE fresh SET CONNO = '"+id+"'", "INSERT INTO "+table+" SELECT * FROM fresh", "DROP TABLE fresh")
	}
}

// remove deletes a contract.
func (k *till) remove(id string) {
	k.t.Helper()
	k.mu.Lock()
	k.gone[id] = true
	k.mu.Unlock()
	k.run("DELETE FROM RENTAL WHERE CONNO = '" + id + "'")
}

// alter changes a contract that stands.
func (k *till) alter(id string) {
	k.t.Helper()
	k.run("UPDATE RENTAL SET \"ORDER\" = 'PO ' || abs(random() % 100000) WHERE CONNO = '" + id + "'")
}

// pull is one sweep over contracts.
type pull struct {
	t         testing.TB
	customers string
	items     int
	total     int64
	pages     int64
	next      int64
	ids       []string
}

func newPull(t testing.TB) *pull { return &pull{t: t, customers: crowd, items: 15} }

// page asks for the next page; false after the last one.
func (p *pull) page(by *servertest.Client) bool {
	p.t.Helper()
	var a model.ContractPage
	by.Get(fmt.Sprintf("/api/v1/contract?customer=%s&items=%d&page=%d", p.customers, p.items, p.next)).Into(&a)
	if p.next == 0 {
		p.total, p.pages = a.TotalElements, a.TotalPages
	}
	if a.TotalElements != p.total || a.TotalPages != p.pages {
		p.t.Errorf("page %d says %d rows on %d pages, page 0 said %d on %d", p.next, a.TotalElements, a.TotalPages, p.total, p.pages)
	}
	for _, c := range a.Items {
		p.ids = append(p.ids, c.ContractID)
	}
	p.next++
	return p.next < p.pages
}

func (p *pull) rest(by ...*servertest.Client) *pull {
	p.t.Helper()
	for more := true; more; {
		more = p.page(by[int(p.next)%len(by)])
	}
	return p
}

// holds says that what stood throughout was sent once each, and nothing twice.
func (p *pull) holds(stood []string, gone map[string]bool) {
	p.t.Helper()
	if len(stood) < 5*p.items {
		p.t.Fatalf("%d contracts are too few for a test", len(stood))
	}
	count := map[string]int{}
	for _, id := range p.ids {
		count[id]++
		if count[id] == 2 {
			p.t.Errorf("contract %s was sent twice", id)
		}
	}
	for _, id := range stood {
		if count[id] == 0 && !gone[id] {
			p.t.Errorf("contract %s stood throughout and was not sent", id)
		}
	}
}

func TestSweeps(t *testing.T) {
	// each starts over with tables of its own.
	begin := func(t *testing.T) (c config.Config, g *gateway, crs *servertest.Client, k *till, stood []string) {
		d := prairie(t, "D100")
		c = serving(d)
		c.State.Path = filepath.Join(t.TempDir(), "state")
		g = start(t, c)
		k, crs = openTill(t, d), g.as("crs", "D100")
		stood = newPull(t).rest(g.as("observer", "D100")).ids
		return c, g, crs, k, stood
	}
	disturb := func(k *till, stood []string, n int) {
		k.rent(stood[0])
		k.remove(stood[1+n*3])
		k.remove(stood[len(stood)-40-n])
		k.alter(stood[len(stood)/2])
	}
	t.Run("RestartInMidSweepContinuesWithTheSameList", func(t *testing.T) {
		c, g, crs, k, stood := begin(t)
		p := newPull(t)
		for n := range 3 {
			p.page(crs)
			disturb(k, stood, n)
		}
		for n := 3; n < 5; n++ {
			if err := g.stop(); err != nil {
				t.Fatal(err)
			}
			g = start(t, c)
			p.page(g.with(crs.Token))
			disturb(k, stood, n)
		}
		p.rest(g.with(crs.Token)).holds(stood, k.gone)
		if m := g.metrics(); !strings.Contains(m, `event="restored"`) || strings.Contains(m, `event="remade"`) {
			t.Errorf("lists should be restored, not remade:\n%s", m)
		}
	})
	t.Run("ReplicasServeAlternatePages", func(t *testing.T) {
		c, _, crs, k, stood := begin(t)
		second := start(t, c).with(crs.Token)
		p := newPull(t)
		for n := range 4 {
			p.page([]*servertest.Client{crs, second}[n%2])
			disturb(k, stood, n)
		}
		p.rest(crs, second).holds(stood, k.gone)
		if fresh := newPull(t).rest(second); !strings.Contains(strings.Join(fresh.ids, " "), "0NEW") {
			t.Error("a sweep begun now does not hold what was rented meanwhile")
		}
	})
	t.Run("TwoSweepsOfOneQueryKeepTheirLists", func(t *testing.T) {
		c, _, crs, k, stood := begin(t)
		second := start(t, c).with(crs.Token)
		by := []*servertest.Client{crs, second}
		a, b := newPull(t), newPull(t)
		a.page(crs)
		disturb(k, stood, 0)
		b.page(second)
		for n, more := 1, true; more; n++ { // in step, each page on the other replica
			more = a.page(by[n%2])
			b.page(by[(n+1)%2])
			if n < 3 {
				disturb(k, stood, n)
			}
		}
		if b.next < b.pages {
			b.rest(by...)
		}
		a.holds(stood, k.gone)
		b.holds(stood, k.gone)
		if a.total == b.total || slices.Equal(a.ids, b.ids) {
			t.Error("both sweeps had one list, which proves nothing")
		}
	})
	t.Run("ManySweepsWhileTheTillIsBusy", func(t *testing.T) {
		c, g, _, k, stood := begin(t)
		second := start(t, c)
		ctx, stop := context.WithCancel(t.Context())
		var busy, pulling sync.WaitGroup
		busy.Go(func() {
			for n := 0; n < 60 && ctx.Err() == nil; n++ {
				if n < len(stood)/3 {
					k.remove(stood[3*n])
				}
				k.rent(stood[1])
				k.alter(stood[2])
			}
		})
		bearers := make([]*servertest.Client, 4)
		for i := range bearers {
			bearers[i] = g.as(fmt.Sprintf("crs%d", i), "D100")
		}
		pulls := make([]*pull, 2*len(bearers))
		for i, one := range bearers {
			pulling.Go(func() {
				for again := range 2 { // one after the other: a client's own sweeps
					pulls[2*i+again] = newPull(t)
					pulls[2*i+again].rest(one, second.with(one.Token))
				}
			})
		}
		pulling.Wait()
		stop()
		busy.Wait()
		for _, p := range pulls {
			p.holds(stood, k.gone)
		}
	})
	t.Run("EverythingAtOnce", func(t *testing.T) {
		// Two sweeps of one client and query on two replicas while the till is
		// busy, and in the middle one of the replicas goes and comes back.
		c, g, crs, k, stood := begin(t)
		second := start(t, c).with(crs.Token)
		ctx, stop := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		busy.Go(func() {
			for n := 0; n < 40 && ctx.Err() == nil; n++ {
				if n < len(stood)/4 {
					k.remove(stood[4*n])
				}
				k.rent(stood[1])
				k.alter(stood[2])
			}
		})
		by := []*servertest.Client{crs, second}
		a, b := newPull(t), newPull(t)
		a.page(by[0])
		b.page(by[1])
		for n := 1; ; n++ {
			more := a.page(by[n%2])
			also := b.next < b.pages && b.page(by[(n+1)%2])
			if n == 2 {
				if err := g.stop(); err != nil {
					t.Fatal(err)
				}
				g = start(t, c)
				by[0] = g.with(crs.Token)
			}
			if !more {
				if also {
					b.rest(by...)
				}
				break
			}
		}
		stop()
		busy.Wait()
		a.holds(stood, k.gone)
		b.holds(stood, k.gone)
	})
	t.Run("AStateThatCannotBeWrittenCostsNoPage", func(t *testing.T) {
		c, g, crs, k, stood := begin(t)
		p := newPull(t)
		p.page(crs)
		unlock := lockState(t, c)
		began := time.Now()
		for n := range 4 {
			p.page(crs)
			disturb(k, stood, n)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("four pages took %s", took)
		}
		unlock()
		if m := g.metrics(); !strings.Contains(m, `event="unkept"`) {
			t.Errorf("what was not kept is not counted:\n%s", m)
		}
		g.clock.advance(time.Minute)
		p.page(crs) // and what was missed is caught up with
		if err := g.stop(); err != nil {
			t.Fatal(err)
		}
		p.rest(start(t, c).with(crs.Token)).holds(stood, k.gone)
	})
}

// lockState keeps everybody else from writing the state, the file of key lists
// included.
func lockState(t *testing.T, c config.Config) (unlock func()) {
	t.Helper()
	state := filepath.Join(c.State.Path, app.StateFile)
	var held []*sql.DB
	for _, file := range []string{state, store.SweepsPath(state)} {
		db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		held = append(held, db)
	}
	return func() {
		for _, db := range held {
			if _, err := db.ExecContext(context.Background(), "ROLLBACK"); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
