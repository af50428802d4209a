package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// TestKeyListsApart: on SQLite key lists stand in a file of their own.
func TestKeyListsApart(t *testing.T) {
	t.Run("TheFileIsItsOwnersAlone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "odd ?#% name.db")
		keyLists(t, openAt(t, store.Options{Path: path}), store.KeyListOptions{})
		info, err := os.Stat(store.SweepsPath(path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
	})
	t.Run("AClientStaysRememberedWhileListsAreWritten", func(t *testing.T) {
		o, h := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, newHand()
		s := openAt(t, o)
		if err := s.AddClient(t.Context(), token.Client{ID: "alpha", SecretHash: []byte{1}, Dealers: []string{"D100"}}); err != nil {
			t.Fatal(err)
		}
		k := keyLists(t, s, store.KeyListOptions{Now: h.Now})
		long := time.Now().Add(-time.Hour)
		if err := os.Chtimes(o.Path+"-wal", long, long); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Client(t.Context(), "alpha"); err != nil {
			t.Fatal(err)
		}
		kept(t, k, listOf("a", h.Now()), "keys")
		saved(t, k, serve(listOf("a", h.Now()), 0, h.Now()), true)
		if !store.RemembersClient(s, "alpha") {
			t.Error("it is not remembered after a page")
		}
	})
	t.Run("EightStartersOnANewStateHaveLostNothing", func(t *testing.T) {
		o, h := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, newHand()
		var wg sync.WaitGroup
		for range 8 {
			s := openAt(t, o)
			wg.Go(func() {
				k, err := s.KeyLists(store.KeyListOptions{Now: h.Now})
				if err != nil {
					t.Error(err)
					return
				}
				if lists, err := k.Lists(t.Context(), "g"); err != nil || len(lists) != 0 {
					t.Errorf("got %v and %v, want no lists", lists, err)
				}
			})
		}
		wg.Wait()
	})
	t.Run("AFileThatIsGoneHasLostItsLists", func(t *testing.T) {
		o, h := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, newHand()
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		k := keyLists(t, s, store.KeyListOptions{Now: h.Now})
		kept(t, k, listOf("a", h.Now()), "keys")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(store.SweepsPath(o.Path)); err != nil {
			t.Fatal(err)
		}
		lostForADay(t, o)
	})
	t.Run("ListsOfTheTimeWhenTheyStoodInTheStateAreLost", func(t *testing.T) {
		for name, boot := range map[string]string{
			"AfterAStart":      "INSERT INTO state_boots (id, boot, since_ms) VALUES (1, 'b', 0)",
			"BeforeAnyNotedIt": "",
		} {
			t.Run(name, func(t *testing.T) {
				o := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}
				before, err := store.OpenBefore(t.Context(), o, "0014")
				if err != nil {
					t.Fatal(err)
				}
				_, err = before.ExecContext(t.Context(), "INSERT INTO sweep_lists (grp, id, birth_us, total, size, version, used_ms, "+
					"unfinished, lost_ms, bytes, progress) VALUES ('g', 'a', 0, 9, 3, 1, 0, 1, 0, 4, '{}');"+boot)
				if err != nil {
					t.Fatal(err)
				}
				if err := before.Close(); err != nil {
					t.Fatal(err)
				}
				lostForADay(t, o)
			})
		}
	})
	t.Run("AFileFromANewerVersionIsRefused", func(t *testing.T) {
		o := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}
		s := openAt(t, o)
		keyLists(t, s, store.KeyListOptions{})
		alter(t, store.SweepsPath(o.Path), "INSERT INTO schema_migrations (name) VALUES ('9999_future.sql')")
		if _, err := s.KeyLists(store.KeyListOptions{}); err == nil || !strings.Contains(err.Error(), "newer version") {
			t.Errorf("got %v", err)
		}
	})
}

// lostForADay says that every group of a state may have lost a list, for a day
// and however often the state is opened.
func lostForADay(t *testing.T, o store.Options) {
	t.Helper()
	h := newHand()
	at := h.Now().Truncate(time.Millisecond)
	for range 2 {
		lists := groupOf(t, keyLists(t, openAt(t, o), store.KeyListOptions{Now: h.Now}))
		if len(lists) != 1 || !lists[0].Lost.Truncate(time.Millisecond).Equal(at) {
			t.Errorf("got %v, want one list lost at %v", lists, at)
		}
		h.Pass(time.Hour)
	}
	h.Pass(24 * time.Hour)
	if lists := groupOf(t, keyLists(t, openAt(t, o), store.KeyListOptions{Now: h.Now})); len(lists) != 0 {
		t.Errorf("a day later: got %v, want none", lists)
	}
}
