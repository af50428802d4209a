package main_test

import (
	"database/sql"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/token"
)

// TestState: while the gateway's own state cannot be written or read, callers
// get a 5xx in time, and all is well again when it can.
func TestState(t *testing.T) {
	t.Run("FullDisk", func(t *testing.T) {
		g := start(t, serving(prairie(t, "D100")))
		secret := g.addClient("crs", "D100")
		file := filepath.Join(g.cfg.State.Path, "dealerbridge.db")
		// No file may grow from here on, which is what a full disk is to its writer.
		signal.Ignore(syscall.SIGXFSZ)
		t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		tight := syscall.Rlimit{Cur: 1, Max: limit.Max}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
			t.Fatal(err)
		}
		a := g.askToken("crs", secret, grant) // the first token needs a signing key to be stored
		status, _ := g.ready()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		if a.Status != http.StatusServiceUnavailable || a.Error != "temporarily_unavailable" || a.Header.Get("Retry-After") == "" {
			t.Errorf("on a full disk: %+v", a)
		}
		if status != http.StatusOK {
			t.Errorf("readiness is %d; what stands can still be read", status)
		}
		if a := g.askToken("crs", secret, grant); a.Status != http.StatusOK {
			t.Errorf("with room again: %+v", a)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the state's file: %v, %v", info, err)
		}
	})
	t.Run("Locked", func(t *testing.T) {
		g := start(t, serving(prairie(t, "D100")))
		secret := g.addClient("crs", "D100")
		unlock := lock(t, filepath.Join(g.cfg.State.Path, "dealerbridge.db"))
		began := time.Now()
		if a := g.askToken("crs", secret, grant); a.Status != http.StatusServiceUnavailable || a.Error != "temporarily_unavailable" {
			t.Errorf("while it is locked: %+v", a)
		}
		if took := time.Since(began); took > g.cfg.RequestTimeout {
			t.Errorf("it took %s", took)
		}
		unlock()
		bearer := g.token("crs", secret)
		// With a key there, tokens need no writing.
		unlock = lock(t, filepath.Join(g.cfg.State.Path, "dealerbridge.db"))
		if got := g.with(bearer).Get("/api/v1/location"); got.Status != http.StatusOK {
			t.Errorf("a token that stands is answered %d", got.Status)
		}
		unlock()
	})
	t.Run("GoneAndBack", func(t *testing.T) {
		g := start(t, serving(prairie(t, "D100")))
		secret := g.addClient("crs", "D100")
		bearer := g.token("crs", secret)
		// A table that is away stands for any state that cannot be read.
		alter(t, g, "ALTER TABLE clients RENAME TO clients_away", "ALTER TABLE schema_migrations RENAME TO migrations_away")
		g.with(bearer).Get("/api/v1/location").Problem(http.StatusServiceUnavailable)
		if a := g.askToken("crs", secret, grant); a.Status != http.StatusServiceUnavailable {
			t.Errorf("got %+v", a)
		}
		if status, _ := g.ready(); status != http.StatusServiceUnavailable {
			t.Errorf("readiness is %d", status)
		}
		alter(t, g, "ALTER TABLE clients_away RENAME TO clients", "ALTER TABLE migrations_away RENAME TO schema_migrations")
		if got := g.with(bearer).Get("/api/v1/location"); got.Status != http.StatusOK {
			t.Errorf("afterwards it is answered %d", got.Status)
		}
		g.clients(func(r token.Registry) {
			if _, err := r.List(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

// lock holds a write lock on the state's file, from another connection.
func lock(t *testing.T, file string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func alter(t *testing.T, g *gateway, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.cfg.State.Path, "dealerbridge.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
