package messaging_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// counting takes everything at once and says when enough came.
type counting struct {
	mu   sync.Mutex
	left int
	done chan struct{}
}

func (c *counting) one() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
}

func (c *counting) Receive(context.Context, adapters.Handover) error {
	c.one()
	return nil
}

func (c *counting) PostMessage(context.Context, []byte) (adapters.PostedMessage, error) {
	c.one()
	return adapters.PostedMessage{Status: 200}, nil
}

// BenchmarkInbound measures a request from the queue to the dealer's system, on
// disk at every step.
func BenchmarkInbound(b *testing.B) {
	state, q, s, err := open(b.Context(), store.Options{Path: b.TempDir() + "/state.db"}, "p1")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := state.Close(); err != nil {
			b.Error(err)
		}
	})
	var items []queue.Item
	for i := range b.N {
		m := first()
		at(m, "payload", "request").(object)["localId"] = fmt.Sprint(i)
		body, err := json.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		items = append(items, queue.Item{
			Lane: queue.Lane{Dealer: "D100", Direction: queue.In}, ID: fmt.Sprint("in-", i), Kind: "request", Priority: 1, Customer: "0001007", Body: body,
		})
	}
	for len(items) > 0 {
		n := min(len(items), 500)
		if _, err := q.Push(b.Context(), items[:n]...); err != nil {
			b.Fatal(err)
		}
		items = items[n:]
	}
	c := &counting{left: b.N, done: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	b.ResetTimer()
	all.Go(func() {
		if err := s.Work(ctx, messaging.Dealer{Code: "D100", Poster: c, Receiver: c}); err != nil {
			b.Error(err)
		}
	})
	<-c.done
	b.StopTimer()
	stop()
	all.Wait()
}
