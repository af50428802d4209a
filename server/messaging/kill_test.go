package messaging_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
	"github.com/dealerbridge/dealerbridge/server/store"
)

var (
	kills = flag.Int("kills", 12, "how often TestNothingIsLostWhenKilled kills the worker")
	seed  = flag.Uint64("seed", 1, "what tests with chance in them draw from")
)

// The environment of a worker that is to be killed.
const (
	workerState = "MESSAGING_TEST_STATE" // a file
	workerDSN   = "MESSAGING_TEST_DSN"   // or a server
	workerCRS   = "MESSAGING_TEST_CRS"
)

// far is CRS and the dealer's system, which outlive the worker.
type far struct {
	mu       sync.Mutex
	draw     *rand.Rand
	seen     map[string]object // by submittedMessageId
	order    map[string][]string
	repeats  int
	handed   map[string]int
	handings map[string][]string
	status   map[string]string // of each request, as CRS has it
	wrong    []string
	kill     func() // kills the worker and returns when it is dead
	armed    bool   // it is killed by one of the next posts
}

func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the worker died while it was sending
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	act := f.post
	if r.URL.Path == "/desk" {
		act = f.desk
	}
	switch fate := f.draw.IntN(8); {
	case f.armed && fate == 0: // dies before anything was done
		f.armed = false
		f.kill()
	case f.armed && fate <= 2: // dies when all was done, before it knows
		f.armed = false
		act(body)
		f.kill()
	case fate == 3:
		w.WriteHeader(http.StatusServiceUnavailable)
	case fate == 4: // done, and the answer is lost
		act(body)
		panic(http.ErrAbortHandler)
	default:
		act(body)
	}
}

// post is a message for CRS.
func (f *far) post(body []byte) {
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		f.wrong = append(f.wrong, "no JSON")
		return
	}
	id := o["submittedMessageId"].(string)
	theirs, _ := at(o, "payload", "request", "remoteId").(string)
	if before, ok := f.seen[id]; ok {
		f.repeats++
		if fmt.Sprint(before) != fmt.Sprint(o) {
			f.wrong = append(f.wrong, "a repeat of "+id+" differs")
		}
		return
	}
	f.seen[id] = o
	f.order[theirs] = append(f.order[theirs], id)
	f.status[theirs], _ = at(o, "payload", "requestUpdate", "status").(string)
}

// desk is a message for the dealer's own system.
func (f *far) desk(body []byte) {
	var h adapters.Handover
	if err := json.Unmarshal(body, &h); err != nil {
		f.wrong = append(f.wrong, "no JSON")
		return
	}
	if f.handed[h.ID]++; f.handed[h.ID] == 1 {
		f.handings[h.RequestID] = append(f.handings[h.RequestID], h.ID)
	}
}

// sender posts to far.
type sender struct{ url string }

func (s sender) post(ctx context.Context, path string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return adapters.ErrUnavailable
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		return adapters.ErrUnavailable
	}
	return nil
}

func (s sender) PostMessage(ctx context.Context, body []byte) (adapters.PostedMessage, error) {
	if err := s.post(ctx, "/message", body); err != nil {
		return adapters.PostedMessage{Ambiguous: true}, callError(adapters.ErrService, 0)
	}
	return adapters.PostedMessage{Status: http.StatusOK}, nil
}

func (s sender) Receive(ctx context.Context, h adapters.Handover) error {
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return s.post(ctx, "/desk", body)
}

// open gives one process's part of the house.
func open(ctx context.Context, where store.Options, owner string) (*store.Store, *queue.Queue, *messaging.Service, error) {
	state, err := store.Open(ctx, where)
	if err != nil {
		return nil, nil, nil, err
	}
	files, err := state.Attachments("")
	if err != nil {
		return nil, nil, nil, err
	}
	q := queue.New(queue.Options{
		Storage: state.Queue(), Owner: owner, Poll: 20 * time.Millisecond, Call: 400 * time.Millisecond, Margin: 200 * time.Millisecond,
		Now: time.Now, Sleep: hurried, Log: quiet(),
	})
	s := messaging.New(messaging.Options{
		Store: state, Queue: q, Files: files, Now: time.Now, Sleep: hurried, Log: quiet(),
		Strikes: 1000, Shortest: 5 * time.Millisecond, Longest: 20 * time.Millisecond,
	})
	return state, q, s, nil
}

// hurried waits no longer than a lane that is tried again needs.
func hurried(ctx context.Context, d time.Duration) error {
	return sleep(ctx, min(d, 30*time.Millisecond))
}

// TestWorker is the process that is killed; by itself it does nothing.
func TestWorker(t *testing.T) {
	where := store.Options{Path: os.Getenv(workerState), DSN: os.Getenv(workerDSN)}
	if where == (store.Options{}) {
		return
	}
	state, q, s, err := open(t.Context(), where, fmt.Sprintf("worker-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	to := sender{os.Getenv(workerCRS)}
	go func() { _ = q.Run(t.Context()) }()
	fmt.Println("working")
	if err := s.Work(t.Context(), messaging.Dealer{Code: "D100", Poster: to, Receiver: to}); err != nil {
		t.Error(err)
	}
	if err := state.Close(); err != nil {
		t.Error(err)
	}
}

// TestNothingIsLostWhenKilled kills the process that works on messages again and
// again, while customers write and the dealer moves requests from another
// process: before, after and amid what it does. In the end every message has had
// its effect once, and whatever was sent arrived in order, repeats under one id.
func TestNothingIsLostWhenKilled(t *testing.T) {
	killed(t, store.Options{Path: t.TempDir() + "/state.db"})
}

func killed(t *testing.T, where store.Options) {
	draw := rand.New(rand.NewPCG(*seed, 2))
	f := &far{
		draw: rand.New(rand.NewPCG(*seed, 1)), seen: map[string]object{}, order: map[string][]string{}, handed: map[string]int{},
		handings: map[string][]string{}, status: map[string]string{},
	}
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = nil
	server.Start()
	defer server.Close()

	state, q, s, err := open(t.Context(), where, "desk")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}()

	dead := make(chan struct{}, 1)
	start := func() *exec.Cmd {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWorker$")
		cmd.Env = append(os.Environ(), workerState+"="+where.Path, workerDSN+"="+where.DSN, workerCRS+"="+server.URL)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		f.mu.Lock()
		f.kill = func() {
			if err := cmd.Process.Kill(); err != nil {
				f.wrong = append(f.wrong, "could not be killed")
			}
			dead <- struct{}{}
		}
		f.mu.Unlock()
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		return cmd
	}

	requests := 0
	inbound, said := 0, map[string][]string{} // by the partner's id of the request
	arrive := func(theirs string, body object) {
		t.Helper()
		inbound++
		id := fmt.Sprintf("in-%03d", inbound)
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		item := queue.Item{
			Lane: queue.Lane{Dealer: "D100", Direction: queue.In}, ID: id, OrderKey: "request:" + theirs, Priority: 1, Kind: "request",
			Customer: "0001007", Body: text, Enqueued: time.Now(),
		}
		for range 1 + draw.IntN(2) { // CRS repeats what it had no answer to
			if _, err := q.Push(t.Context(), item); err != nil {
				t.Fatal(err)
			}
		}
		said[theirs] = append(said[theirs], id)
	}
	theirs := func(i int) string { return fmt.Sprintf("%d", 5500+i) }
	about := func(i int, m object) object {
		at(m, "payload", "request").(object)["localId"] = theirs(i)
		return m
	}
	begin := func() {
		arrive(theirs(requests), about(requests, first()))
		requests++
	}
	begin()
	backlog := int64(0)
	waiting := func() (all int64) {
		t.Helper()
		counts, err := q.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			all += c.Waiting + c.Working
		}
		return all
	}
	// something lets a customer write or the dealer move something.
	something := func(n int) {
		t.Helper()
		if n%10 == 0 {
			backlog = waiting()
		}
		i := max(0, requests-6) + draw.IntN(min(requests, 6)) // one of the newest
		what := draw.IntN(6)
		switch {
		case what < 3 && backlog > 150: // or there would be nothing the dealer could move
			return
		case what == 0:
			begin()
			return
		case what < 3:
			arrive(theirs(i), about(i, says(n, "submitted", fmt.Sprintf("word %d", n))))
			return
		}
		kept, err := state.RequestByPartner(t.Context(), "D100", theirs(i))
		if err != nil {
			return // it has not come through yet
		}
		options := kept.Allowed()
		if len(options) == 0 {
			return
		}
		date := time.Now()
		_, err = s.Move(t.Context(), "D100", kept.ID, request.Move{ID: fmt.Sprint("move ", n), To: options[0].To, User: "mlind", Date: &date})
		if err != nil {
			t.Fatal(err)
		}
	}

	n := 0
	for range *kills {
		cmd := start()
		f.mu.Lock()
		f.armed = draw.IntN(3) > 0
		byPost := f.armed
		f.mu.Unlock()
		var at <-chan time.Time
		if !byPost { // amid whatever it is doing then
			at = time.After(time.Duration(draw.IntN(900_000)) * time.Microsecond)
		}
	alive:
		for {
			n++
			something(n)
			select {
			case <-dead:
				break alive
			case <-at:
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				break alive
			case <-time.After(2 * time.Millisecond):
			}
		}
		_ = cmd.Wait() // it was killed
	}
	cmd := start()
	for waiting() > 0 {
		<-time.After(10 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()

	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.wrong {
		t.Error(w)
	}
	page, _, err := s.Requests(t.Context(), messaging.Filter{Most: 100_000})
	if err != nil || len(page) != requests {
		t.Fatalf("%d requests, %v", len(page), err)
	}
	answers := 0
	for _, r := range page {
		var came, sent []string
		for _, u := range r.Updates {
			if u.Side == request.Own {
				sent = append(sent, u.MessageID)
				continue
			}
			came = append(came, u.Source)
		}
		told := said[r.PartnerID][1:]
		var refused []string
		for _, id := range told {
			if _, ok := f.seen[request.AnswerID(id)]; ok {
				refused = append(refused, id)
			}
		}
		answers += len(refused)
		if want := slices.DeleteFunc(slices.Clone(told), func(id string) bool { return slices.Contains(refused, id) }); !slices.Equal(came, want) {
			t.Errorf("request %s: came %v, told %v, refused %v", r.PartnerID, came, told, refused)
		}
		arrived := slices.DeleteFunc(slices.Clone(f.order[r.PartnerID]), func(id string) bool { return strings.HasPrefix(id, "e-") })
		if !slices.Equal(arrived, sent) {
			t.Errorf("request %s: CRS got %v, sent was %v", r.PartnerID, arrived, sent)
		}
		var handed []string
		for _, id := range said[r.PartnerID] {
			if !slices.Contains(refused, id) {
				handed = append(handed, id)
			}
		}
		if !slices.Equal(f.handings[r.ID], handed) {
			t.Errorf("request %s: the dealer's system got %v, not %v", r.PartnerID, f.handings[r.ID], handed)
		}
	}
	again := 0
	for _, times := range f.handed {
		again += times - 1
	}
	t.Logf("%d kills; %d messages in, %d refused, %d out, %d sent again, %d handed over again", *kills, inbound, answers, len(f.seen), f.repeats, again)
}
