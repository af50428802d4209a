package store_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// exercise is what every engine must do alike.
func exercise(t *testing.T, open func(t *testing.T) *store.Store) {
	alpha := token.Client{
		ID: "alpha", Note: "pull, naïve café 東", SecretHash: []byte(strings.Repeat("\x00\xff", 16)), Generation: 3,
		Dealers: []string{"D100", "D200"}, Scopes: []string{"crs.read"},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Rotated: time.Date(2026, 2, 2, 3, 4, 5, 0, time.UTC),
	}
	t.Run("AClientComesBackAsItWas", func(t *testing.T) {
		s := open(t)
		if err := s.AddClient(t.Context(), alpha); err != nil {
			t.Fatal(err)
		}
		got, err := s.Client(t.Context(), "alpha")
		if diff := cmp.Diff(alpha, got); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		changed := alpha
		changed.Revoked = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		changed.Note, changed.Generation = "", 4
		for range 2 { // the second changes nothing and is no error
			if err := s.UpdateClient(t.Context(), changed); err != nil {
				t.Fatal(err)
			}
		}
		got, err = s.Client(t.Context(), "alpha")
		if diff := cmp.Diff(changed, got); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
	t.Run("AnUnknownOrAlmostEqualIdIsErrUnknownClient", func(t *testing.T) {
		s := open(t)
		if err := s.AddClient(t.Context(), alpha); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"beta", "ALPHA", "alpha ", "", "alpha' or '1'='1", "alphä"} {
			if _, err := s.Client(t.Context(), id); !errors.Is(err, token.ErrUnknownClient) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if err := s.UpdateClient(t.Context(), token.Client{ID: "beta", SecretHash: []byte{1}}); !errors.Is(err, token.ErrUnknownClient) {
			t.Errorf("updating: %v", err)
		}
	})
	t.Run("AnIdIsTakenOnce", func(t *testing.T) {
		s := open(t)
		if err := s.AddClient(t.Context(), alpha); err != nil {
			t.Fatal(err)
		}
		if err := s.AddClient(t.Context(), alpha); !errors.Is(err, token.ErrClientExists) {
			t.Errorf("got %v", err)
		}
		list, err := s.Clients(t.Context())
		if err != nil || len(list) != 1 {
			t.Errorf("%d clients, %v", len(list), err)
		}
	})
	t.Run("KeysComeNewestFirstAndOldOnesGo", func(t *testing.T) {
		s := open(t)
		day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
		for i, id := range []string{"k1", "k3", "k2"} {
			at := []int{1, 3, 2}[i]
			if err := s.AddSigningKey(t.Context(), token.SigningKey{ID: id, Seed: make([]byte, 32), Created: day(at)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.DropSigningKeys(t.Context(), day(2)); err != nil {
			t.Fatal(err)
		}
		keys, err := s.SigningKeys(t.Context())
		if err != nil || len(keys) != 2 || keys[0].ID != "k3" || keys[1].ID != "k2" || !keys[0].Created.Equal(day(3)) {
			t.Fatalf("%+v %v", keys, err)
		}
	})
	t.Run("CheckSaysItAnswers", func(t *testing.T) {
		if err := open(t).Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// startTogether opens one state from many starters at once.
func startTogether(t *testing.T, o store.Options) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), o)
			if err == nil {
				err = s.Close()
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func openAt(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) {
	exercise(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	})
	t.Run("EightStartersMigrateOnce", func(t *testing.T) {
		startTogether(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	})
	t.Run("TheFileIsItsOwnersAlone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "deep", "odd ?#% name.db")
		openAt(t, store.Options{Path: path})
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
	})
	t.Run("ClientsSurviveARestart", func(t *testing.T) {
		o := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}
		first, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.AddClient(t.Context(), token.Client{ID: "a", SecretHash: []byte{1}, Dealers: []string{"D1"}}); err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := openAt(t, o).Client(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	})
	t.Run("AStateFromANewerVersionIsRefused", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		openAt(t, store.Options{Path: path})
		alter(t, path, "INSERT INTO schema_migrations (name) VALUES ('9999_future.sql')")
		if _, err := store.Open(t.Context(), store.Options{Path: path}); err == nil || !strings.Contains(err.Error(), "newer version") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("AFullDiskIsAnErrorAndReadingGoesOn", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		s := openAt(t, store.Options{Path: path})
		if err := s.AddClient(t.Context(), token.Client{ID: "a", SecretHash: []byte{1}, Dealers: []string{"D1"}}); err != nil {
			t.Fatal(err)
		}
		// SQLite reports the same error for a page limit as for a full disk.
		if err := store.LimitPages(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		var err error
		for i := 0; err == nil && i < 2000; i++ {
			err = s.AddClient(t.Context(), token.Client{ID: "b" + strings.Repeat("x", i%70) + string(rune('a'+i%26)), Note: strings.Repeat("n", 400), SecretHash: []byte{1}})
			if errors.Is(err, token.ErrClientExists) {
				err = nil
			}
		}
		if err == nil || !strings.Contains(err.Error(), "full") {
			t.Fatalf("got %v", err)
		}
		if _, err := s.Client(t.Context(), "a"); err != nil {
			t.Errorf("reading: %v", err)
		}
	})
	t.Run("ALockedFileIsAnErrorInTimeAndItRecovers", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		s := openAt(t, store.Options{Path: path})
		release := lock(t, path)
		if err := s.AddClient(t.Context(), token.Client{ID: "a", SecretHash: []byte{1}}); err == nil {
			t.Fatal("wrote through a lock")
		}
		release()
		if err := s.AddClient(t.Context(), token.Client{ID: "a", SecretHash: []byte{1}}); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	const password = "hush-hush"
	for name, o := range map[string]store.Options{
		"Nothing":      {},
		"Both":         {Path: "x", DSN: "y"},
		"AnUnreadable": {DSN: "user:" + password + "@nonsense"},
		"ServerAway":   {DSN: "user:" + password + "@tcp(127.0.0.1:1)/state"},
		"ADirectory":   {Path: t.TempDir()},
		"NoSQLiteFile": {Path: garbage(t)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Open(t.Context(), o)
			if err == nil {
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
}

func garbage(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func connect(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(2000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func alter(t *testing.T, path, statement string) {
	t.Helper()
	if _, err := connect(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// lock takes the write lock from another connection until released.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	conn, err := connect(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
