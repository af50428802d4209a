package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// benchmarkPages serves the later pages of a sweep over 100,000 keys whose rows
// cost nothing, so that what is left is the cost of the list. keep is nil where
// nothing is kept.
func benchmarkPages(b *testing.B, keep sweep.Store) {
	keys := make(adapters.Keys, 100_000)
	for i := range keys {
		keys[i] = adapters.Key{Row: fmt.Sprintf("R%07d", i*7), Customer: fmt.Sprintf("%07d", i/500)}
	}
	src := sweep.Source[string]{
		Keys: func(context.Context, adapters.Query) (adapters.Keys, error) { return keys, nil },
		Rows: func(_ context.Context, _ adapters.Query, k adapters.Keys) ([]string, []adapters.LeftOut, error) {
			return make([]string, len(k)), nil, nil
		},
	}
	packed := sweep.Pack(keys)
	s := sweep.New(sweep.Options{Store: keep})
	ask := func(page int64) {
		if _, err := sweep.Get(b.Context(), s, sweep.Request{Dealer: "D1", Client: "crs", Endpoint: "contract", Page: page, Size: 20}, src); err != nil {
			b.Fatal(err)
		}
	}
	ask(0)
	page := int64(0)
	for b.Loop() {
		if page++; page == 5000 {
			page = 1
		}
		ask(page)
	}
	b.ReportMetric(float64(len(packed)), "packed-bytes")
}

func BenchmarkPageOfASweep(b *testing.B) {
	b.Run("InMemory", func(b *testing.B) { benchmarkPages(b, nil) })
	b.Run("KeptInSQLite", func(b *testing.B) {
		s, err := store.Open(b.Context(), store.Options{Path: filepath.Join(b.TempDir(), "state.db")})
		if err != nil {
			b.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		}()
		k, err := s.KeyLists(store.KeyListOptions{})
		if err != nil {
			b.Fatal(err)
		}
		benchmarkPages(b, k)
	})
}
