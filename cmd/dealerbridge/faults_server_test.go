//go:build server

package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/faultproxy"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// frail is a gateway over a real server that can be made to fail in every way,
// and what it answers when all is well.
type frail struct {
	*gateway
	server *dbtest.PrivateServer
	proxy  *faultproxy.Proxy
	user   *mysql.Config // the gateway's account
	bearer string
	paths  []string
	well   map[string]string // path to body
}

func newFrail(t *testing.T) *frail {
	t.Helper()
	f := &frail{server: dbtest.Private(t, "--max-connections=12"), well: map[string]string{}}
	db, err := sql.Open("mysql", f.server.DSN()+"?charset=utf8mb4")
	if err != nil {
		t.Fatal(err)
	}
	documents := adaptertest.LoadDemo(t, db, demo.MySQL)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// Tables that were filled in one go have no statistics yet; those of a real system do.
	f.server.Exec("ANALYZE TABLE RENTAL, RENTLN, CUSMAS, SITES, INVHDR, INVLN, EQPMAS, CLSMAS, CODES, PRICES, SCANS, TAXES")
	f.proxy = faultproxy.New(t, f.server.Addr())
	if f.user, err = mysql.ParseDSN(f.server.CreateUser("SELECT")); err != nil {
		t.Fatal(err)
	}
	f.user.Addr = f.proxy.Addr()
	mapping := filepath.Join(t.TempDir(), "mapping")
	if err := os.CopyFS(mapping, demo.Mapping()); err != nil {
		t.Fatal(err)
	}
	c := serving(config.Dealer{
		Code: "D100", Mapping: mapping, Documents: documents,
		Database: config.Database{Driver: config.MySQL, DSN: config.NewSecret(f.user.FormatDSN()), MaxConnections: 6, StatementTimeout: 2 * time.Second},
	})
	c.RequestTimeout = 4 * time.Second
	f.gateway = start(t, c)
	pull := f.as("crs", "D100")
	f.bearer = pull.Token
	var invoices model.InvoicePage
	pull.Get("/api/v1/invoice?customer=0000211&items=50").Into(&invoices)
	at := slices.IndexFunc(invoices.Items, func(i model.Invoice) bool { return i.PdfURL != nil })
	if at < 0 {
		t.Fatal("no invoice has a document")
	}
	f.paths = []string{
		"/api/v1/contract?customer=0000412,0000088&items=100", "/api/v1/jobsite?customer=0000412,0001007", "/api/v1/invoice?customer=0000088&items=100",
		"/api/v1/dealer-category?customer=0000214", "/api/v1/customer?customer=0000412", "/api/v1/location",
		"/api/v1/incremental?since=2026-01-01T00:00:00Z", strings.TrimPrefix(*invoices.Items[at].PdfURL, f.base),
	}
	for _, path := range f.paths {
		a := pull.Get(path)
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d, %s", path, a.Status, a.Body)
		}
		f.well[path] = string(a.Body)
	}
	return f
}

// outcome is how one request ended.
type outcome struct {
	path   string
	status int // 0: the connection broke, which is no answer
	body   string
	took   time.Duration
}

// askAll asks for everything at once.
func (f *frail) askAll(paths ...string) []outcome {
	f.t.Helper()
	if len(paths) == 0 {
		paths = f.paths
	}
	out := make([]outcome, len(paths))
	var asking sync.WaitGroup
	for i, path := range paths {
		asking.Go(func() { out[i] = f.ask(path) })
	}
	asking.Wait()
	return out
}

func (f *frail) ask(path string) outcome {
	o := outcome{path: path}
	began := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, f.base+path, nil)
	if err != nil {
		f.t.Error(err)
		return o
	}
	req.Header.Set("Authorization", "Bearer "+f.bearer)
	res, err := f.checked().Do(req)
	o.took = time.Since(began)
	if err != nil {
		return o
	}
	body, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil {
		return o
	}
	o.status, o.body = res.StatusCode, string(body)
	return o
}

// honest: an answer is the whole one or a 5xx, and it comes in time.
func (f *frail) honest(o outcome) error {
	switch {
	case o.took > f.cfg.RequestTimeout+2*time.Second:
		return fmt.Errorf("%s took %s", o.path, o.took)
	case o.status == http.StatusOK && o.body != f.well[o.path]:
		return fmt.Errorf("%s is answered 200 with something else: %.300s", o.path, o.body)
	case o.status == http.StatusOK, o.status >= 500:
		return nil
	case o.status == 0 && strings.Contains(o.path, "/document/"):
		return nil // begun before the fault; a broken connection is no whole file
	}
	return fmt.Errorf("%s is answered %d: %.300s", o.path, o.status, o.body)
}

// fails: everything is answered 5xx.
func (f *frail) fails(t *testing.T, paths ...string) {
	t.Helper()
	for _, o := range f.askAll(paths...) {
		if err := f.honest(o); err != nil {
			t.Error(err)
		}
		if o.status < 500 {
			t.Errorf("%s is answered %d", o.path, o.status)
		}
		for _, secret := range []string{f.user.Passwd, f.user.User, f.user.Addr, "RENTAL", "mysql"} {
			if strings.Contains(o.body, secret) {
				t.Errorf("%s tells %q", o.path, secret)
			}
		}
	}
}

// recovers: by itself, everything is answered as it was.
func (f *frail) recovers(t *testing.T) {
	t.Helper()
	eventually(t, "it recovers", func() error {
		for _, o := range f.askAll() {
			if err := f.honest(o); err != nil {
				t.Error(err)
			}
			if o.status != http.StatusOK {
				return fmt.Errorf("%s is answered %d", o.path, o.status)
			}
		}
		return nil
	})
}

// TestDatabaseFaults breaks the way to a dealer's database, and the database.
// Answers are 5xx in time, never an empty or partial 200, and all is well again
// afterwards without anybody's help.
func TestDatabaseFaults(t *testing.T) {
	f := newFrail(t)
	mend := func(t *testing.T) {
		t.Helper()
		f.proxy.Set(faultproxy.Pass())
		f.recovers(t)
	}
	t.Run("Refused", func(t *testing.T) {
		f.proxy.Set(faultproxy.Refuse())
		f.fails(t)
		f.clock.advance(5 * time.Second)
		if status, states := f.ready(); status != http.StatusServiceUnavailable || states["D100"] != "unavailable" {
			t.Errorf("readiness is %d, %v", status, states)
		}
		mend(t)
	})
	for name, mode := range map[string]func(int64) faultproxy.Mode{"Reset": faultproxy.ResetAfter, "Cut": faultproxy.CutAfter} {
		t.Run(name+"InTheMiddleOfRows", func(t *testing.T) {
			failed := 0
			for _, after := range []int64{0, 40, 300, 1500, 5000, 20000, 60000, 150000} {
				f.proxy.Set(mode(after))
				for _, o := range f.askAll() {
					if err := f.honest(o); err != nil {
						t.Errorf("after %d bytes: %v", after, err)
					}
					if o.status != http.StatusOK {
						failed++
					}
				}
			}
			if failed < 10 {
				t.Errorf("only %d requests met the fault", failed)
			}
			mend(t)
		})
	}
	t.Run("Stalled", func(t *testing.T) {
		for _, after := range []int64{0, 2000} {
			f.proxy.Set(faultproxy.StallAfter(after))
			for _, o := range f.askAll() {
				if err := f.honest(o); err != nil {
					t.Errorf("after %d bytes: %v", after, err)
				}
				if after == 0 && o.status < 500 {
					t.Errorf("%s is answered %d", o.path, o.status)
				}
			}
		}
		mend(t)
	})
	t.Run("Slow", func(t *testing.T) {
		f.proxy.Set(faultproxy.Slow(4000))
		for _, o := range f.askAll() {
			if err := f.honest(o); err != nil {
				t.Error(err)
			}
		}
		mend(t)
	})
	t.Run("TableGone", func(t *testing.T) {
		f.server.Exec("RENAME TABLE RENTLN TO RENTLN_GONE")
		f.fails(t, "/api/v1/contract?customer=0000412,0000088&items=100")
		f.server.Exec("RENAME TABLE RENTLN_GONE TO RENTLN")
		eventually(t, "it recovers", func() error {
			f.clock.advance(5 * time.Second) // the mapping is held against the tables again by and by
			f.ticks.tick()
			o := f.ask("/api/v1/contract?customer=0000412,0000088&items=100")
			if err := f.honest(o); err != nil {
				t.Error(err)
			}
			return wantStatus(o.status, http.StatusOK)
		})
		f.recovers(t)
	})
	t.Run("WrongPassword", func(t *testing.T) {
		password := func(p string) {
			f.server.ExecAdmin("ALTER USER '" + f.user.User + "'@'%' IDENTIFIED BY '" + p + "'")
		}
		password("changed-by-somebody")
		f.proxy.Set(faultproxy.Refuse()) // connections that stand know nothing of it
		f.proxy.Set(faultproxy.Pass())
		f.fails(t)
		password(f.user.Passwd)
		mend(t)
	})
	t.Run("ConnectionLimit", func(t *testing.T) {
		f.proxy.Set(faultproxy.Refuse())
		free := occupy(t, f.server)
		f.proxy.Set(faultproxy.Pass())
		f.fails(t)
		free()
		mend(t)
	})
	t.Run("Restarted", func(t *testing.T) {
		f.server.Stop()
		f.fails(t)
		f.server.Start()
		f.recovers(t)
		// Once more, while everybody is asking.
		over := make(chan struct{})
		var asking sync.WaitGroup
		for _, path := range f.paths {
			asking.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					if err := f.honest(f.ask(path)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		f.server.Restart()
		close(over)
		asking.Wait()
		f.recovers(t)
	})
	t.Run("NothingOfItIsInTheLog", func(t *testing.T) {
		for _, secret := range []string{f.user.Passwd, "0000412", "Thornbury", "changed-by-somebody"} {
			if strings.Contains(f.log.String(), secret) {
				t.Errorf("%q stands in the log", secret)
			}
		}
	})
}

// occupy takes every connection the server has left.
func occupy(t *testing.T, server *dbtest.PrivateServer) (free func()) {
	t.Helper()
	db, err := sql.Open("mysql", server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	var held []*sql.Conn
	eventually(t, "the server has no connection left", func() error {
		conn, err := db.Conn(t.Context())
		if err != nil {
			return nil //nolint:nilerr // this is what is waited for
		}
		held = append(held, conn)
		return fmt.Errorf("%d connections are taken", len(held))
	})
	return func() {
		t.Helper()
		for _, conn := range held {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTwoDealersOnServers: the database of one is away; the other is served
// from its own server throughout.
func TestTwoDealersOnServers(t *testing.T) {
	f := newFrail(t)
	c := serving(f.cfg.Dealers[0], prairie(t, "D200"))
	c.RequestTimeout = f.cfg.RequestTimeout
	g := start(t, c)
	pull := g.as("crs", "D100", "D200")
	f.proxy.Set(faultproxy.Refuse())
	pull.Get("/api/v1/contract?customer=0000412&dealer=D100").Problem(http.StatusServiceUnavailable)
	if got := serves(pull, "D200"); got != http.StatusOK {
		t.Errorf("the other dealer is answered %d", got)
	}
	g.clock.advance(5 * time.Second)
	if status, states := g.ready(); status != http.StatusOK || states["D100"] != "unavailable" || states["D200"] != "ready" {
		t.Errorf("readiness is %d, %v", status, states)
	}
	f.proxy.Set(faultproxy.Pass())
	eventually(t, "it recovers", func() error { return wantStatus(serves(pull, "D100"), http.StatusOK) })
}
