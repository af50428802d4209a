package sqlrms_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestAShortList counts what the database is asked.
func TestAShortList(t *testing.T) {
	var mu sync.Mutex
	var names []string
	a, clock := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), DocumentsRoot: t.TempDir(), Mapping: folder(yardMapping), Told: func(name, _ string, _ []any) {
		mu.Lock()
		defer mu.Unlock()
		names = append(names, name)
	}})
	asked := func() []string {
		mu.Lock()
		defer mu.Unlock()
		all := names
		names = nil
		return all
	}
	read := func(most int) *adapters.ShortList[string] {
		t.Helper()
		list, err := a.ShortLocations(t.Context(), adapters.Query{}, most)
		if err != nil {
			t.Fatal(err)
		}
		if list == nil {
			return nil
		}
		out := &adapters.ShortList[string]{Keys: list.Keys}
		for _, l := range list.Items {
			out.Items = append(out.Items, l.LocationID)
		}
		return out
	}
	asked()

	t.Run("IsOneStatement", func(t *testing.T) {
		list := read(2)
		if got := asked(); len(got) != 1 {
			t.Errorf("got the statements %q, want one", got)
		}
		if list == nil || len(list.Keys) != 2 || !slices.Equal(list.Items, []string{"EAST", "MAIN"}) {
			t.Errorf("got %v, want both yards", list)
		}
	})
	t.Run("IsNotTriedAgainForAWhileWhereItWasLonger", func(t *testing.T) {
		for n, want := range []int{1, 0, 0} {
			if list := read(1); list != nil {
				t.Errorf("got %v, want nothing in one step", list)
			}
			if got := asked(); len(got) != want {
				t.Errorf("try %d: got the statements %q, want %d", n, got, want)
			}
		}
		clock.Pass(2 * time.Hour)
		if list := read(2); list == nil {
			t.Error("got nothing in one step, want both yards by now")
		}
	})
}
