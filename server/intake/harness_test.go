package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// door is an intake behind a real address, with everything it needs.
type door struct {
	*httptest.Server
	t     testing.TB
	state *store.Store
	queue *queue.Queue
	files *store.Attachments
	dir   string // where files are kept

	mu     sync.Mutex
	clock  *handclock.Clock
	sender intake.Sender
	events map[intake.Event]int
	failed []error
}

func open(t testing.TB, change ...func(*intake.Options)) *door {
	t.Helper()
	return openOn(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, change...)
}

func openOn(t testing.TB, state store.Options, change ...func(*intake.Options)) *door {
	t.Helper()
	d := &door{
		t: t, dir: t.TempDir(), clock: handclock.At(time.Date(2026, 3, 2, 8, 15, 1, 250e6, time.UTC)), events: map[intake.Event]int{},
		sender: intake.Sender{Client: "crs-1", Dealers: []string{"D100", "D101"}},
	}
	var err error
	if d.state, err = store.Open(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.state.Close(); err != nil {
			t.Error(err)
		}
	})
	if d.files, err = d.state.Attachments(d.dir); err != nil {
		t.Fatal(err)
	}
	d.queue = queue.New(queue.Options{
		Storage: d.state.Queue(), Owner: "test", Now: d.clock.Now, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() },
	})
	o := intake.Options{
		Queue: d.queue, Files: d.files, Now: d.clock.Now,
		Known: func(dealer string) bool { return dealer == "D100" || dealer == "D101" || dealer == "D900" },
		Happens: func(_ string, what intake.Event) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.events[what]++
		},
	}
	for _, c := range change {
		c(&o)
	}
	in, err := intake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		sender := d.sender
		d.mu.Unlock()
		if _, err := in.Receive(w, r, sender); err != nil {
			d.mu.Lock()
			d.failed = append(d.failed, err)
			d.mu.Unlock()
			problem.Write(w, r, slog.New(slog.DiscardHandler), err)
		}
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *door) happened(what intake.Event) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events[what]
}

// answer is one answer.
type answer struct {
	status int
	header http.Header
	body   string
}

// post posts a body; headers are pairs.
func (d *door) post(body string, headers ...string) answer {
	d.t.Helper()
	return d.send(strings.NewReader(body), headers...)
}

func (d *door) send(body io.Reader, headers ...string) answer {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.URL, body)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := d.Client().Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := io.Copy(&text, resp.Body); err != nil {
		d.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		d.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, text.String()}
}

// items are what waits for a dealer, with their bodies put together again.
func (d *door) items(dealer string) []queue.Item {
	d.t.Helper()
	list, err := d.queue.List(d.t.Context(), queue.Filter{Lane: queue.Lane{Dealer: dealer, Direction: queue.In}})
	if err != nil {
		d.t.Fatal(err)
	}
	for n := range list {
		if list[n], err = d.queue.Show(d.t.Context(), list[n].Number); err != nil {
			d.t.Fatal(err)
		}
	}
	return list
}

func (d *door) joined(i queue.Item) string {
	d.t.Helper()
	whole, err := attachment.Join(d.t.Context(), d.files, i.Lane.Dealer, i.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(whole)
}

// kept are the names of files that are kept or being received.
func (d *door) kept() []string {
	d.t.Helper()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// failingQueue fails or answers as it is told.
type failingQueue struct {
	intake.Queue
	push func(items []queue.Item) error
}

func (f failingQueue) Push(ctx context.Context, items ...queue.Item) ([]queue.Receipt, error) {
	if err := f.push(items); err != nil {
		return nil, err
	}
	return f.Queue.Push(ctx, items...)
}

var errDisk = errors.New("the disk is full")

// service is a service request, with a photo where contents says so.
func service(id, contents string) string {
	return `{ "dealerCode":"D100","customerNumber":"0001007", "submittedMessageId":"` + id + `","submittedTime":"2026-03-02T08:15:00Z",
 "messageType":"request","payload":{"request":{"localId":5512,"requestType":"service","status":"submitted","createdDate":"2026-03-02T08:14:00Z",
 "text":"<b>It does not start</b> – caf\u00e9","properties":{"isWorking":true,"someday":{"new":[1,2.50,null]},
 "images":[{"filename":"../../etc/photo.jpg","mimetype":"image/jpeg","contents":"` + contents + `"}]},"assets":[{"serialNumber":"SN1"}]}}}
`
}
