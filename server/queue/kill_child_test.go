//go:build unix

package queue_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

const childEnv = "DEALERBRIDGE_TEST_QUEUE_PROCESS"

func TestMain(m *testing.M) {
	if said := os.Getenv(childEnv); said != "" {
		if err := gateway(said); err != nil {
			fmt.Fprintln(os.Stderr, "the process failed:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// gatewayOptions are what a process of the test is told.
type gatewayOptions struct {
	State  store.Options
	Owner  string
	Lanes  []queue.Lane
	Sink   string // where items are delivered, by POST
	Call   time.Duration
	Margin time.Duration
}

// delivery is what the other side is sent of an item.
type delivery struct {
	Process string
	Lane    queue.Lane
	ID      string
	Key     string
	Tries   int
}

// gateway is a process of the test: it takes items by POST /push, answers when
// they are durable, and delivers them. Its first line says where it listens.
// SIGTERM ends it in good order.
func gateway(said string) error {
	var o gatewayOptions
	if err := json.Unmarshal([]byte(said), &o); err != nil {
		return fmt.Errorf("reading what to do: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := store.Open(ctx, o.State)
	if err != nil {
		return fmt.Errorf("opening the state: %w", err)
	}
	q := queue.New(queue.Options{
		Storage: s.Queue(), Owner: o.Owner, Poll: 50 * time.Millisecond, Call: o.Call, Margin: o.Margin,
		Now: time.Now, Sleep: sleep, Log: slog.New(slog.DiscardHandler),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: takes(q), ReadHeaderTimeout: time.Minute}
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			stop()
		}
	})
	running.Go(func() {
		if err := q.Run(ctx); err != nil {
			stop()
		}
	})
	policy := queue.Policy{Shortest: 10 * time.Millisecond, Longest: 100 * time.Millisecond}
	for _, l := range o.Lanes {
		running.Go(func() {
			if err := q.Work(ctx, l, delivers(o), policy); err != nil {
				stop()
			}
		})
	}
	if _, err := fmt.Println(listener.Addr()); err != nil {
		return fmt.Errorf("saying where it listens: %w", err)
	}
	<-ctx.Done()
	err = server.Close()
	running.Wait()
	return errors.Join(err, s.Close())
}

func takes(q *queue.Queue) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var item queue.Item
		if err := json.NewDecoder(r.Body).Decode(&item); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		receipts, err := q.Push(r.Context(), item)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, receipts[0])
	})
}

// delivers posts an item to the other side.
func delivers(o gatewayOptions) queue.HandlerFunc {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(ctx context.Context, i queue.Item, still func(context.Context) error) queue.Outcome {
		body, err := json.Marshal(delivery{Process: o.Owner, Lane: i.Lane, ID: i.ID, Key: i.OrderKey, Tries: i.Tries})
		if err != nil {
			return queue.SetAside(err.Error())
		}
		if err := still(ctx); err != nil {
			return queue.Again("the lane is lost").Blameless()
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Sink, bytes.NewReader(body))
		if err != nil {
			return queue.SetAside(err.Error())
		}
		resp, err := client.Do(req)
		if err != nil {
			return queue.Again("no answer")
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
			return queue.Again("not taken")
		}
		return queue.Finish()
	}
}
