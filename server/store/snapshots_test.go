package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/store"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

const life = time.Minute

func lease(owner string) changes.Lease {
	return changes.Lease{Name: "changes/D100", Owner: owner, Until: noon.Add(life)}
}

// keep takes the lease and saves entries.
func keep(t *testing.T, s *store.Store, kind adapters.ChangeKind, p changes.Progress, entries ...changes.Entry) {
	t.Helper()
	if got, err := s.TakeLease(t.Context(), lease("one"), noon); err != nil || !got {
		t.Fatalf("the lease: %v %v", got, err)
	}
	err := s.Save(t.Context(), lease("one"), noon, changes.Batch{Dealer: "D100", Kind: kind, Entries: entries, Progress: p})
	if err != nil {
		t.Fatal(err)
	}
}

func entry(customer string, first byte, seen time.Time) changes.Entry {
	return changes.Entry{Customer: customer, Digest: changes.Digest{first, 0, 0xff, '\\', '\''}, Seen: seen}
}

// exerciseSnapshots is what every engine must do alike for package changes.
func exerciseSnapshots(t *testing.T, open func(t *testing.T) *store.Store) {
	progress := changes.Progress{
		Round: 3, Started: noon, Finished: noon.Add(-time.Hour), Baseline: noon.Add(-24 * time.Hour), Walking: true,
		Cursor: "Ä b ", Compared: 5, Changed: 2, Unread: 1,
	}
	// Numbers that a friendly collation takes for each other.
	numbers := []string{"0", "00", "A", "A ", "a", "a' or '1'='1", "Ä", "東"}
	var all []changes.Entry
	for i, n := range numbers {
		all = append(all, entry(n, byte(i+1), noon.Add(time.Duration(i)*time.Second)))
	}
	t.Run("ACustomerIsErased", func(t *testing.T) {
		s := open(t)
		keep(t, s, adapters.ContractChange, progress, all...)
		if err := s.EraseSnapshots(t.Context(), "D100", "A "); err != nil {
			t.Fatal(err)
		}
		got, err := s.Digests(t.Context(), "D100", adapters.ContractChange, "", "", 100)
		want := slices.DeleteFunc(slices.Clone(all), func(e changes.Entry) bool { return e.Customer == "A " })
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("WhatIsKeptComesBackAsItWas", func(t *testing.T) {
		s := open(t)
		keep(t, s, adapters.ContractChange, progress, all...)
		got, err := s.Progress(t.Context(), "D100")
		if diff := cmp.Diff(map[adapters.ChangeKind]changes.Progress{adapters.ContractChange: progress}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		digests, err := s.Digests(t.Context(), "D100", adapters.ContractChange, "", "", 100)
		if diff := cmp.Diff(all, digests); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		digests, err = s.Digests(t.Context(), "D100", adapters.ContractChange, "A", "a", 100)
		if diff := cmp.Diff(all[3:5], digests); err != nil || diff != "" {
			t.Errorf("behind A up to a: %v %s", err, diff)
		}
		digests, err = s.Digests(t.Context(), "D100", adapters.ContractChange, "A ", "", 2)
		if diff := cmp.Diff(all[4:6], digests); err != nil || diff != "" {
			t.Errorf("two behind 'A ': %v %s", err, diff)
		}
		if digests, err := s.Digests(t.Context(), "D200", adapters.ContractChange, "", "", 100); err != nil || len(digests) > 0 {
			t.Errorf("another dealer has %v %v", digests, err)
		}
	})
	t.Run("ALaterDigestReplacesTheOneBefore", func(t *testing.T) {
		s := open(t)
		keep(t, s, adapters.ContractChange, progress, all...)
		again := entry("a", 99, noon.Add(time.Hour))
		progress := progress
		progress.Walking, progress.Cursor = false, ""
		keep(t, s, adapters.ContractChange, progress, again)
		digests, err := s.Digests(t.Context(), "D100", adapters.ContractChange, "A ", "a", 10)
		if diff := cmp.Diff([]changes.Entry{again}, digests); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		got, err := s.Progress(t.Context(), "D100")
		if diff := cmp.Diff(progress, got[adapters.ContractChange]); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("FoundTellsWhatWasSeenSince", func(t *testing.T) {
		s := open(t)
		keep(t, s, adapters.ContractChange, progress, entry("A", 1, time.Time{}), entry("B", 1, noon), entry("C", 1, noon.Add(-time.Millisecond)))
		keep(t, s, adapters.InvoiceChange, progress, entry("B", 1, noon.Add(time.Hour)), entry("A", 1, noon))
		keep(t, s, adapters.CatalogChange, progress, entry("B", 1, noon))
		kinds := []adapters.ChangeKind{adapters.InvoiceChange, adapters.ContractChange}
		for name, c := range map[string]struct {
			since time.Time
			want  string
		}{
			"AtTheMoment":   {noon, "A invoice, B contract, B invoice"},
			"Later":         {noon.Add(time.Millisecond), "B invoice"},
			"Before":        {noon.Add(-time.Hour), "A invoice, B contract, B invoice, C contract"},
			"FromBeginning": {time.Time{}, "A contract, A invoice, B contract, B invoice, C contract"},
			"LongAgo":       {time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), "A invoice, B contract, B invoice, C contract"},
		} {
			found, err := s.Found(t.Context(), "D100", kinds, c.since)
			var got []string
			for _, f := range found {
				got = append(got, f.Customer+" "+string(f.Kind))
			}
			if text := strings.Join(got, ", "); err != nil || text != c.want {
				t.Errorf("%s: got %s (%v), want %s", name, text, err, c.want)
			}
		}
	})
	t.Run("WhoeverIsLongGoneIsForgotten", func(t *testing.T) {
		s := open(t)
		gone := changes.Entry{Customer: "A", Seen: noon}
		later := changes.Entry{Customer: "B", Seen: noon.Add(time.Hour)}
		here := entry("C", 1, noon)
		keep(t, s, adapters.ContractChange, progress, gone, later, here)
		if err := s.Forget(t.Context(), "D100", adapters.ContractChange, noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		digests, err := s.Digests(t.Context(), "D100", adapters.ContractChange, "", "", 10)
		if diff := cmp.Diff([]changes.Entry{later, here}, digests); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("ALeaseIsHeldByOne", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		got := make(chan string, 8)
		for i := range 8 {
			wg.Go(func() {
				owner := fmt.Sprint("process-", i)
				ok, err := s.TakeLease(t.Context(), lease(owner), noon)
				if err != nil {
					t.Error(err)
				}
				if ok {
					got <- owner
				}
			})
		}
		wg.Wait()
		close(got)
		var owners []string
		for o := range got {
			owners = append(owners, o)
		}
		if len(owners) != 1 {
			t.Fatalf("held by %v", owners)
		}
		later := lease("other")
		later.Until = noon.Add(2 * life)
		if ok, err := s.TakeLease(t.Context(), later, noon.Add(life-time.Second)); ok || err != nil {
			t.Errorf("taken before its end: %v %v", ok, err)
		}
		if ok, err := s.TakeLease(t.Context(), lease(owners[0]), noon); !ok || err != nil {
			t.Errorf("not prolonged: %v %v", ok, err)
		}
		if ok, err := s.TakeLease(t.Context(), later, noon.Add(life)); !ok || err != nil {
			t.Errorf("not taken at its end: %v %v", ok, err)
		}
		if err := s.DropLease(t.Context(), lease(owners[0])); err != nil { // lost already
			t.Error(err)
		}
		if ok, err := s.TakeLease(t.Context(), lease(owners[0]), noon.Add(life)); ok || err != nil {
			t.Errorf("taken from its owner: %v %v", ok, err)
		}
		if err := s.DropLease(t.Context(), later); err != nil {
			t.Error(err)
		}
		if ok, err := s.TakeLease(t.Context(), lease(owners[0]), noon); !ok || err != nil {
			t.Errorf("not taken when given back: %v %v", ok, err)
		}
	})
	t.Run("WithoutTheLeaseNothingIsKept", func(t *testing.T) {
		s := open(t)
		batch := changes.Batch{Dealer: "D100", Kind: adapters.ContractChange, Entries: all, Progress: progress}
		if err := s.Save(t.Context(), lease("one"), noon, batch); !errors.Is(err, changes.ErrLeaseLost) {
			t.Errorf("got %v without a lease", err)
		}
		if ok, err := s.TakeLease(t.Context(), lease("one"), noon); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for name, at := range map[string]struct {
			owner string
			now   time.Time
		}{"Other": {"two", noon}, "Over": {"one", noon.Add(life)}} {
			if err := s.Save(t.Context(), lease(at.owner), at.now, batch); !errors.Is(err, changes.ErrLeaseLost) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if digests, err := s.Digests(t.Context(), "D100", adapters.ContractChange, "", "", 10); err != nil || len(digests) > 0 {
			t.Errorf("kept %v %v", digests, err)
		}
	})
	t.Run("ManyAtOnce", func(t *testing.T) {
		s := open(t)
		var many []changes.Entry
		for i := range 700 {
			many = append(many, entry(fmt.Sprintf("K%05d", i), 1, noon))
		}
		keep(t, s, adapters.ContractChange, progress, many...)
		digests, err := s.Digests(t.Context(), "D100", adapters.ContractChange, "", "", 1000)
		if diff := cmp.Diff(many, digests); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestSnapshotsSQLite(t *testing.T) {
	exerciseSnapshots(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	})
}
