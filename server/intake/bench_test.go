package intake_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // what the store uses, too

	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// The bench posts messages to the intake, and to a handler as a
// competent engineer writes it: insert, then 200. Both wait for the disk.

func BenchmarkPostSQLite(b *testing.B) {
	clients(b, func(b *testing.B) (intakeURL, plainURL string) {
		plain, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "plain.db")+
			"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_txlock=immediate")
		if err != nil {
			b.Fatal(err)
		}
		// One writer at a time is all there is; more connections would only wait
		// for each other's lock.
		plain.SetMaxOpenConns(1)
		const table = `CREATE TABLE messages (id INTEGER PRIMARY KEY, dealer TEXT NOT NULL, client TEXT NOT NULL, message_id TEXT NOT NULL,
			enqueued TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (dealer, client, message_id))`
		return serveIntake(b, store.Options{Path: filepath.Join(b.TempDir(), "state.db")}), servePlain(b, plain, table)
	})
}

func serveIntake(b *testing.B, o store.Options) string {
	b.Helper()
	state, err := store.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	files, err := state.Attachments(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	in, err := intake.New(intake.Options{
		Queue: queue.New(queue.Options{
			Storage: state.Queue(), Owner: "bench", Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Sleep: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() },
		}),
		Files: files, Known: func(dealer string) bool { return dealer == "D100" }, Most: 100,
	})
	if err != nil {
		b.Fatal(err)
	}
	sender := intake.Sender{Client: "crs-1", Dealers: []string{"D100"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := in.Receive(w, r, sender); err != nil {
			problem.Write(w, r, slog.New(slog.DiscardHandler), err)
		}
	}))
	b.Cleanup(func() {
		server.Close()
		if err := state.Close(); err != nil {
			b.Error(err)
		}
	})
	return server.URL
}

// servePlain is the hand-written handler on a table of its own.
func servePlain(b *testing.B, db *sql.DB, table string) string {
	b.Helper()
	if _, err := db.ExecContext(b.Context(), table); err != nil {
		b.Fatal(err)
	}
	insert, err := db.PrepareContext(b.Context(), "INSERT INTO messages (dealer, client, message_id, enqueued, body) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 25<<20))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		var m map[string]any
		if err := json.Unmarshal(body, &m); err != nil {
			w.WriteHeader(http.StatusPaymentRequired)
			return
		}
		dealer, _ := m["dealerCode"].(string)
		id, _ := m["submittedMessageId"].(string)
		if dealer == "" || id == "" || m["submittedTime"] == nil || m["messageType"] == nil {
			w.WriteHeader(http.StatusPaymentRequired)
			return
		}
		now := time.Now().UTC().Format(time.RFC3339)
		if _, err := insert.ExecContext(r.Context(), dealer, "crs-1", id, now, body); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		m["enqueuedTime"], m["enqueuedClientId"] = now, "crs-1"
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(m); err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
	b.Cleanup(func() {
		server.Close()
		if err := insert.Close(); err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return server.URL
}

// clients runs both with one and with several posting at once, in turns, so that
// whatever else the machine does slows both alike.
func clients(b *testing.B, serve func(b *testing.B) (intakeURL, plainURL string)) {
	// An extension of a contract, and a quote with a full cart.
	for _, size := range []int{1000, 4000} {
		for _, n := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("bytes=%d/clients=%d", size, n), func(b *testing.B) { compare(b, serve, size, n) })
		}
	}
}

func compare(b *testing.B, serve func(b *testing.B) (intakeURL, plainURL string), size, clients int) {
	intakeURL, plainURL := serve(b)
	ours, plain := &side{url: intakeURL, size: size}, &side{url: plainURL, size: size}
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	b.ResetTimer()
	var pairs []float64 // of each turn, how many times as fast
	for done, turn := 0, turn*clients; done < b.N; done += turn {
		n := min(turn, b.N-done)
		one := ours.post(b, client, clients, n)
		other := plain.post(b, client, clients, n)
		pairs = append(pairs, other.Seconds()/one.Seconds())
	}
	slices.Sort(pairs)
	b.ReportMetric(ours.rate(), "intake/s")
	b.ReportMetric(plain.rate(), "plain/s")
	b.ReportMetric(pairs[len(pairs)/2], "times-plain")
	b.ReportMetric(ours.p99(), "intake-p99-ms")
	b.ReportMetric(plain.p99(), "plain-p99-ms")
	b.ReportMetric(ours.cpu(), "intake-cpu-us")
	b.ReportMetric(plain.cpu(), "plain-cpu-us")
}

// turn is how many messages of each client one side gets before the other has its
// turn: few, so that what else the machine does meets both. What is told is the
// median of all turns.
const turn = 20

// side is one of the two that are compared.
type side struct {
	url   string
	size  int // about how many bytes a message has
	whole time.Duration
	spent time.Duration // processor time, that of the clients included
	took  []time.Duration
}

func (s *side) rate() float64 { return float64(len(s.took)) / s.whole.Seconds() }

func (s *side) cpu() float64 { return float64(s.spent.Microseconds()) / float64(len(s.took)) }

func (s *side) p99() float64 {
	slices.Sort(s.took)
	if len(s.took) == 0 {
		return 0
	}
	return float64(s.took[len(s.took)*99/100].Microseconds()) / 1000
}

var posted atomic.Int64

// post posts so many messages from so many clients, and says how long that took.
func (s *side) post(b *testing.B, client *http.Client, clients, messages int) time.Duration {
	b.Helper()
	head, tail, _ := strings.Cut(service("@", ""), "@")
	tail = strings.Replace(tail, "It does not start", strings.Repeat("x", s.size-len(head)-len(tail)), 1)
	var (
		wait sync.WaitGroup
		left atomic.Int64
		mu   sync.Mutex
	)
	left.Store(int64(messages))
	begun, before := time.Now(), spent()
	for range clients {
		wait.Go(func() {
			var own []time.Duration
			for left.Add(-1) >= 0 {
				start := time.Now()
				resp, err := client.Post(s.url, "application/json", strings.NewReader(fmt.Sprintf("%sm-%d%s", head, posted.Add(1), tail)))
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, resp.Body)
				if err := resp.Body.Close(); err != nil {
					b.Error(err)
				}
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%d %v", resp.StatusCode, err)
					return
				}
				own = append(own, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			s.took = append(s.took, own...)
		})
	}
	wait.Wait()
	took := time.Since(begun)
	s.whole += took
	s.spent += spent() - before
	return took
}
