package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/webhook"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// The moments at which a process that exchanges messages is killed, beside any.
const (
	beforeMessage  = "before a customer's message"
	amidMessage    = "amid a customer's message"
	unheardMessage = "after a customer's message, before its answer"
	beforePost     = "before a message for CRS"
	unheardPost    = "after a message for CRS, before its answer"
	answeredPost   = "after the answer to a message for CRS"
	beforeHook     = "before a handover"
	unheardHook    = "after a handover, before its answer"
)

var killMoments = []string{
	anyTime, anyTime, anyTime, beforeMessage, amidMessage, unheardMessage, beforePost, unheardPost, answeredPost, beforeHook, unheardHook,
}

// reaper lets one process die at its moment.
type reaper struct {
	mu    sync.Mutex
	life  *life
	at    string
	after int // how often the moment comes before it counts
}

func (r *reaper) set(l *life, at string, after int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.life, r.at, r.after = l, at, after
}

// comes says whether this is the moment, and kills the process if the caller
// says so by calling what it gets.
func (r *reaper) comes(moments ...string) (moment string, kill func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life == nil || !slices.Contains(moments, r.at) {
		return "", nil
	}
	if r.after--; r.after > 0 {
		return "", nil
	}
	l, at := r.life, r.at
	r.life = nil
	return at, func() { l.kill(at) }
}

// mailWorld is two dealers with one gateway, the Cat Rental Store and the system
// of one dealer in this process, and the gateway as processes that come and go.
type mailWorld struct {
	t      testing.TB
	seed   uint64
	chance *rand.Rand
	box    *sandbox.Sandbox
	hook   *hookWitness
	reaper *reaper
	config string
	listen string   // where the gateway is
	others []string // and where there are more of it
	state  config.State
	// quicken does by hand what takes minutes by the clock: it ends the leases of
	// processes that are gone, and the pauses before further tries. An item that
	// was begun so often without an answer is parked, since it may be what ends the
	// processes; here it is the test that ends them, so none of that counts.
	quicken func()
	hurry   func() // ends only the pauses
	db      *sql.DB
	desk    *app.MessageDesk
	client  *http.Client

	deskSecret string // of the client that uses the operator's API

	turns   atomic.Int64
	born    int
	deaths  map[string]int
	current *life
	logs    []*journal
}

// newMailWorld makes everything but the processes; settings say where the state
// is, and quicken gets its database.
func newMailWorld(t testing.TB, seed uint64, state config.State, settings string, db *sql.DB) *mailWorld {
	t.Helper()
	w := &mailWorld{
		t: t, db: db, seed: seed, chance: rand.New(rand.NewPCG(seed, 11)), reaper: &reaper{}, state: state, deaths: map[string]int{},
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience},
	}
	var err error
	if w.box, err = sandbox.New(sandbox.Options{Seed: seed, Clients: []sandbox.Client{
		{ID: "prairie", Secret: "prairie-secret", Dealer: "D100"}, {ID: "coast", Secret: "coast-secret", Dealer: "D200"},
	}}); err != nil {
		t.Fatal(err)
	}
	far := httptest.NewServer(w.witnessed(w.box, sandbox.MessagePath, beforePost, unheardPost, answeredPost))
	t.Cleanup(far.Close)
	secret := webhook.NewSecret()
	w.hook = &hookWitness{handed: map[string]int{}, order: map[string][]string{}}
	system := httptest.NewServer(w.witnessed(w.hook, "/desk", beforeHook, unheardHook, ""))
	t.Cleanup(system.Close)
	w.listen = freeAddress(t)

	dir := t.TempDir()
	w.config = filepath.Join(dir, "dealerbridge.yaml")
	text := "publicURL: http://" + w.listen + "\nlog: {format: json, level: debug}\n" + settings + "dealers:\n"
	for code, id := range map[string]string{"D100": "prairie", "D200": "coast"} {
		d := prairie(t, code)
		text += fmt.Sprintf(`  - code: %s
    mapping: %s
    documents: %s
    database: {driver: sqlite, path: %s}
    messages:
      service: %s
      tokenService: %s
      clientId: %s
      clientSecret: %s-secret
`, code, d.Mapping, d.Documents, d.Database.Path, far.URL+sandbox.MessagePath, far.URL+sandbox.TokenPath, id, id)
		if code == "D100" {
			text += fmt.Sprintf("      webhook: {url: %s/desk, secrets: ['%s']}\n", system.URL, secret)
		}
	}
	if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.desk, err = app.OpenMessageDesk(t.Context(), state, time.Now, discard); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.desk.Close(); err != nil {
			t.Error(err)
		}
	})
	near := httptest.NewServer(w.door())
	t.Cleanup(near.Close)
	w.connect(near.URL)
	w.quicken = func() {
		t.Helper()
		w.exec(db, "UPDATE queue_lanes SET until_ms = 0")
		w.exec(db, "UPDATE queue_places SET strikes = 0, blamed_ms = 0 WHERE strikes <> 0 AND settled_ms = 0")
		w.hurry()
	}
	w.hurry = func() {
		t.Helper()
		w.exec(db, "UPDATE queue_places SET next_ms = 0 WHERE next_ms <> 0")
	}
	return w
}

// endLanes ends the leases of all lanes; false where one of them is locked.
func (w *mailWorld) endLanes() bool {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := w.db.ExecContext(ctx, "UPDATE queue_lanes SET until_ms = 0")
	return err == nil
}

// exec changes the state by hand; a server that is away comes back.
func (w *mailWorld) exec(db *sql.DB, statement string) {
	w.t.Helper()
	for tries := 0; ; tries++ {
		_, err := db.ExecContext(context.Background(), statement)
		if err == nil {
			return
		}
		if tries > 100 {
			w.t.Fatal(err)
		}
		<-time.After(100 * time.Millisecond)
	}
}

// freeAddress is one nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// connect makes a client for each dealer and tells the sandbox.
func (w *mailWorld) connect(near string) {
	w.t.Helper()
	state, err := app.OpenState(w.t.Context(), w.state, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := state.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	r := token.Registry{Store: state, Now: time.Now}
	scopes := []string{token.ScopeOperate, token.ScopeOperateWrite}
	if w.deskSecret, err = r.Add(w.t.Context(), "desk", "", []string{"D100", "D200"}, scopes, ""); err != nil {
		w.t.Fatal(err)
	}
	for _, code := range []string{"D100", "D200"} {
		secret, err := r.Add(w.t.Context(), "crs-"+code, "", []string{code}, nil, "")
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.box.Connect(sandbox.Dealer{Code: code, URL: near, ClientID: "crs-" + code, Secret: secret}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// witnessed lets processes die at calls of a path.
func (w *mailWorld) witnessed(next http.Handler, path, before, unheard, answered string) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			next.ServeHTTP(out, r)
			return
		}
		moment, kill := w.reaper.comes(before, unheard, answered)
		switch {
		case kill == nil:
			next.ServeHTTP(out, r)
		case moment == before:
			kill()
			panic(http.ErrAbortHandler)
		case moment == unheard:
			next.ServeHTTP(httptest.NewRecorder(), r)
			kill()
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(out, r)
			_ = http.NewResponseController(out).Flush() // who does not take it is dead
			kill()
		}
	})
}

// door is the way of customers' messages to the gateway, on which processes die.
func (w *mailWorld) door() http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		var moment string
		var kill func()
		if r.URL.Path == "/api/v1/message" {
			moment, kill = w.reaper.comes(beforeMessage, amidMessage, unheardMessage)
		}
		sent := io.Reader(bytes.NewReader(body))
		switch moment {
		case beforeMessage:
			kill()
			panic(http.ErrAbortHandler)
		case amidMessage:
			sent = io.MultiReader(bytes.NewReader(body[:len(body)/2]), &killing{kill: kill, rest: bytes.NewReader(body[len(body)/2:])})
		}
		target := url.URL{Scheme: "http", Host: w.anyGateway(), Path: r.URL.Path, RawQuery: r.URL.RawQuery}
		on, err := http.NewRequestWithContext(r.Context(), r.Method, target.String(), sent)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		on.Header, on.ContentLength = r.Header.Clone(), int64(len(body))
		res, err := w.client.Do(on)
		if err != nil {
			out.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = res.Body.Close() }()
		if moment == unheardMessage {
			_, _ = io.Copy(io.Discard, res.Body)
			kill()
			panic(http.ErrAbortHandler)
		}
		out.WriteHeader(res.StatusCode)
		_, _ = io.Copy(out, res.Body)
	})
}

// anyGateway is one of them, by turns.
func (w *mailWorld) anyGateway() string {
	all := append([]string{w.listen}, w.others...)
	return all[int(w.turns.Add(1))%len(all)]
}

// killing kills when it is read.
type killing struct {
	kill func()
	rest io.Reader
}

func (k *killing) Read(p []byte) (int, error) {
	if k.kill != nil {
		k.kill()
		k.kill = nil
	}
	return k.rest.Read(p)
}

// hookWitness is the system of a dealer: it notes what is handed over.
type hookWitness struct {
	mu     sync.Mutex
	handed map[string]int      // times, by id
	order  map[string][]string // ids at first sight, by request
	busy   int                 // calls still to be answered 503
}

// ServeHTTP implements http.Handler.
func (h *hookWitness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var event struct {
		Data struct {
			RequestID string `json:"requestId"`
		} `json:"data"`
	}
	if err != nil || json.Unmarshal(body, &event) != nil {
		out.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy > 0 {
		h.busy--
		out.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	id := r.Header.Get("Webhook-Id")
	if h.handed[id]++; h.handed[id] == 1 {
		h.order[event.Data.RequestID] = append(h.order[event.Data.RequestID], id)
	}
	out.WriteHeader(http.StatusNoContent)
}

// begin starts a process.
func (w *mailWorld) begin(at string, after int) *life {
	w.t.Helper()
	w.born++
	l := born(w.t, w.born, "serve", "--config", w.config, "--listen", w.listen)
	w.logs = append(w.logs, l.log)
	w.current = l
	w.reaper.set(l, at, after)
	return l
}

// ends lets a process live until its moment, or for so long.
func (w *mailWorld) ends(l *life, limit time.Duration) {
	w.t.Helper()
	l.passes(limit)
	w.reaper.set(nil, "", 0)
	how := l.how
	if how == "" {
		how = "by itself"
		w.t.Logf("process %d ended by itself with %d:\n%s", l.number, l.run.ProcessState.ExitCode(), l.log)
	}
	w.deaths[how]++
	w.quicken()
}

// serves waits until the process answers; false when it died before.
func (w *mailWorld) serves(l *life) bool {
	w.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		l.log.mu.Lock()
		text, grown := l.log.text.String(), l.log.grown
		l.log.mu.Unlock()
		if strings.Contains(text, `"msg":"serving"`) {
			return true
		}
		select {
		case <-grown:
		case <-l.ended:
			return false
		case <-late.C:
			w.t.Fatalf("process %d does not serve:\n%s", l.number, text)
		}
	}
}
