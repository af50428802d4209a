package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/token"
)

func TestClientSeenBefore(t *testing.T) {
	o := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}
	here, there := openAt(t, o), openAt(t, o)
	c := token.Client{ID: "alpha", SecretHash: []byte{1}, Generation: 1, Dealers: []string{"D100"}, Scopes: []string{"crs.read"}}
	if err := there.AddClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	// settle lets the last write have been a while ago.
	settle := func(ago time.Duration) {
		t.Helper()
		at := time.Now().Add(-ago)
		if err := os.Chtimes(o.Path+"-wal", at, at); err != nil {
			t.Fatal(err)
		}
	}
	generation := func(want int64) {
		t.Helper()
		got, err := here.Client(t.Context(), "alpha")
		if err != nil || got.Generation != want {
			t.Errorf("generation %d, %v, want %d", got.Generation, err, want)
		}
	}
	settle(time.Hour)
	generation(1)
	t.Run("IsNotAskedForAgainWhileNobodyWrites", func(t *testing.T) {
		if !store.RemembersClient(here, "alpha") {
			t.Fatal("it is not remembered")
		}
		generation(1)
	})
	t.Run("IsAskedForAtOnceWhenAnotherProcessWrites", func(t *testing.T) {
		c.Generation = 2
		if err := there.UpdateClient(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		generation(2)
	})
	t.Run("IsNotRememberedWhileTheLastWriteIsFresh", func(t *testing.T) {
		settle(-time.Hour)
		generation(2)
		if store.RemembersClient(here, "alpha") {
			t.Error("it is remembered, though a write may be under way")
		}
		settle(time.Minute)
		generation(2)
		if !store.RemembersClient(here, "alpha") {
			t.Error("it is not remembered a minute after the last write")
		}
	})
	t.Run("WhoIsUnknownIsNotRemembered", func(t *testing.T) {
		if _, err := here.Client(t.Context(), "beta"); err == nil || store.RemembersClient(here, "beta") {
			t.Errorf("got %v", err)
		}
	})
}
