package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// benchSize is the body of a usual message, in bytes.
const benchSize = 3000

// byHand takes a message as a handler does that somebody writes in an hour: one
// insert, and its answer when the server has it on disk.
type byHand func(ctx context.Context, id string, body []byte) error

// benchmarkTaking measures how fast messages become durable: clients at once,
// each waiting for its answer. Both ways run in turns, in one run.
func benchmarkTaking(b *testing.B, q *store.Queue, hand byHand) {
	body := make([]byte, benchSize)
	var n atomic.Int64
	ways := []struct {
		name string
		take func(ctx context.Context, id string) error
	}{
		{"ByHand", func(ctx context.Context, id string) error { return hand(ctx, id, body) }},
		{"Queue", func(ctx context.Context, id string) error {
			item := queue.Item{Lane: queue.Lane{Dealer: "D" + id[len(id)-1:], Direction: queue.In}, ID: id, Kind: "request", OrderKey: id[len(id)-2:], Customer: "C", Body: body}
			_, err := q.Push(ctx, []queue.Item{item}, noon)
			return err
		}},
	}
	for _, clients := range []int{1, 8, 32} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%s/clients=%d", way.name, clients), func(b *testing.B) {
				took := make([][]time.Duration, clients)
				var left atomic.Int64
				left.Store(int64(b.N))
				b.ResetTimer()
				var all sync.WaitGroup
				for c := range clients {
					all.Go(func() {
						for left.Add(-1) >= 0 {
							began := time.Now()
							if err := way.take(b.Context(), fmt.Sprintf("%012d", n.Add(1))); err != nil {
								b.Error(err)
								return
							}
							took[c] = append(took[c], time.Since(began))
						}
					})
				}
				all.Wait()
				b.StopTimer()
				each := slices.Concat(took...)
				slices.Sort(each)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
				b.ReportMetric(float64(each[len(each)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
}

// benchmarkGoing measures how fast items of so many lanes go through turns: one
// worker to a lane, whose handler does nothing.
func benchmarkGoing(b *testing.B, q *store.Queue) {
	for round, lanes := range []int{1, 8} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			var all sync.WaitGroup
			per := b.N/lanes + 1
			work := make([]func(), lanes)
			for l := range lanes {
				lane := queue.Lane{Dealer: fmt.Sprint("going ", round, " ", b.N, " ", l), Direction: queue.Out}
				for from := 0; from < per; from += 200 {
					items := make([]queue.Item, min(200, per-from))
					for i := range items {
						items[i] = queue.Item{Lane: lane, ID: fmt.Sprint(from + i), Kind: "request", OrderKey: fmt.Sprint(i % 10), Body: make([]byte, benchSize)}
					}
					if _, err := q.Push(b.Context(), items, noon); err != nil {
						b.Fatal(err)
					}
				}
				work[l] = func() {
					c := queue.Claim{Lane: lane, Owner: "one", Until: noon.Add(life)}
					var before *queue.Settlement
					for {
						turn, err := q.Turn(b.Context(), c, noon, before)
						if err != nil {
							b.Error(err)
							return
						}
						if turn.Item == nil {
							return
						}
						if err := q.Holds(b.Context(), turn.Claim, false); err != nil {
							b.Error(err)
							return
						}
						c, before = turn.Claim, &queue.Settlement{Number: turn.Item.Number, State: queue.Done}
					}
				}
			}
			b.ResetTimer()
			for _, do := range work {
				all.Go(do)
			}
			all.Wait()
			b.ReportMetric(float64(per*lanes)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

func BenchmarkQueueOnSQLite(b *testing.B) {
	dir := b.TempDir()
	s, err := store.Open(b.Context(), store.Options{Path: filepath.Join(dir, "state.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	db := handOnSQLite(b, filepath.Join(dir, "hand.db"))
	b.Run("Taking", func(b *testing.B) {
		benchmarkTaking(b, s.Queue(), func(ctx context.Context, id string, body []byte) error {
			_, err := db.ExecContext(ctx, "INSERT INTO messages (id, dealer, received, body) VALUES (?, ?, ?, ?)", id, "D1", noon.UnixMilli(), body)
			return err
		})
	})
	b.Run("Going", func(b *testing.B) { benchmarkGoing(b, s.Queue()) })
}
