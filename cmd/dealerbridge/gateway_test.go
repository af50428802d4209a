package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/servertest"
	"github.com/dealerbridge/dealerbridge/server/token"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, dir := range []string{booksDir, programDir} {
			if err := os.RemoveAll(dir); err != nil && code == 0 {
				code = 1
			}
		}
		os.Exit(code)
	}))
}

// booksDir and programDir are the folders of books and of the program, removed
// with the test process.
var booksDir, programDir string

// discard is a log nobody reads.
var discard = slog.New(slog.DiscardHandler)

// patience bounds every wait of these tests. What is waited for ends it, so that it
// costs nothing to be ready for a machine on which all takes long.
const patience = time.Minute

// gateway is a running gateway, reached over TCP like by anybody else.
type gateway struct {
	t     testing.TB
	app   *app.App
	cfg   config.Config
	base  string
	http  *http.Client
	log   *journal
	ticks *ticks
	clock *clock
	stop  func() error // ends it gracefully; may be called again
}

// clock is the machine's, moved by the test.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// ticks hands out tickers and lets the test make them tick.
type ticks struct {
	mu  sync.Mutex
	all []chan time.Time
}

func (k *ticks) make(time.Duration) (<-chan time.Time, func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := make(chan time.Time, 1)
	k.all = append(k.all, c)
	return c, func() {}
}

// tick lets every ticker tick once, as far as the tick before was taken.
func (k *ticks) tick() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.all {
		select {
		case c <- time.Now():
		default:
		}
	}
}

// journal collects log lines and lets a test wait for one.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{}
}

func newJournal() *journal { return &journal{grown: make(chan struct{})} }

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.grown)
	j.grown = make(chan struct{})
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// wait returns when all parts stand in the text.
func (j *journal) wait(t testing.TB, parts ...string) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		j.mu.Lock()
		text, grown := j.text.String(), j.grown
		j.mu.Unlock()
		missing := ""
		for _, p := range parts {
			if !strings.Contains(text, p) {
				missing = p
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-grown:
		case <-late.C:
			t.Fatalf("%q was never said; this was:\n%s", missing, text)
		}
	}
}

// start opens and runs a gateway; change may alter the options before.
func start(t testing.TB, cfg config.Config, change ...func(*app.Options)) *gateway {
	t.Helper()
	g := &gateway{t: t, log: newJournal(), ticks: &ticks{}, clock: &clock{}}
	if cfg.Listen == config.DefaultListen {
		cfg.Listen = "127.0.0.1:0"
	}
	listener, err := app.Listen(t.Context(), cfg.Listen)
	if err != nil {
		t.Fatal(err)
	}
	scheme := "http://"
	if cfg.TLS != nil {
		scheme = "https://"
	}
	g.base = scheme + listener.Addr().String()
	if cfg.PublicURL == "" {
		cfg.PublicURL = g.base
	}
	if cfg.State == (config.State{Path: config.DefaultState}) {
		cfg.State.Path = filepath.Join(t.TempDir(), "state")
	}
	g.cfg = cfg
	o := app.Options{
		Config: cfg, File: "dealerbridge.yaml", Version: "test", Now: g.clock.Now, Listener: listener, Tick: g.ticks.make,
		Log: slog.New(slog.NewTextHandler(g.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	if g.app, err = app.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.app.Run(ctx) }()
	g.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	g.http = &http.Client{Transport: &http.Transport{}, Timeout: 2 * patience}
	t.Cleanup(func() {
		g.http.CloseIdleConnections()
		if err := g.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
		if t.Failed() {
			text := g.log.String()
			t.Logf("the end of the gateway's log:\n%s", text[max(0, len(text)-6000):])
		}
	})
	return g
}

// clients opens the registry of clients beside the running gateway, as the
// command does.
func (g *gateway) clients(use func(token.Registry)) {
	g.t.Helper()
	state, err := app.OpenState(g.t.Context(), g.cfg.State, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	use(token.Registry{Store: state, Now: g.clock.Now})
	if err := state.Close(); err != nil {
		g.t.Fatal(err)
	}
}

// addClient makes a client of some dealers and returns its secret.
func (g *gateway) addClient(id string, dealers ...string) (secret string) {
	g.t.Helper()
	g.clients(func(r token.Registry) {
		var err error
		if secret, err = r.Add(g.t.Context(), id, "", dealers, nil, ""); err != nil {
			g.t.Fatal(err)
		}
	})
	return secret
}

// tokenAnswer is what the token endpoint said.
type tokenAnswer struct {
	Status      int
	Header      http.Header
	AccessToken string `json:"access_token"`
	Scope       string `json:"scope"`
	ExpiresIn   int    `json:"expires_in"`
	Error       string `json:"error"`
}

// askToken posts a form; id and secret go into the Basic header unless empty.
func (g *gateway) askToken(id, secret string, form url.Values) tokenAnswer {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	res, err := g.checked().Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	a := tokenAnswer{Status: res.StatusCode, Header: res.Header}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		g.t.Fatal(err)
	}
	return a
}

var grant = url.Values{"grant_type": {"client_credentials"}}

// token gets a token for a client.
func (g *gateway) token(id, secret string) string {
	g.t.Helper()
	a := g.askToken(id, secret, grant)
	if a.Status != http.StatusOK || a.AccessToken == "" {
		g.t.Fatalf("no token: %+v", a)
	}
	return a.AccessToken
}

// as makes a client, gets a token and returns whoever asks with it.
func (g *gateway) as(id string, dealers ...string) *servertest.Client {
	g.t.Helper()
	return g.with(g.token(id, g.addClient(id, dealers...)))
}

func (g *gateway) with(bearer string) *servertest.Client {
	return &servertest.Client{TB: g.t, Base: g.base, Token: bearer, HTTP: g.http}
}

// checked is an HTTP client that holds every answer against the specification.
func (g *gateway) checked() *http.Client {
	return &http.Client{Transport: conforming{g.t, g.http.Transport}, Timeout: g.http.Timeout}
}

type conforming struct {
	t    testing.TB
	next http.RoundTripper
}

func (c conforming) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	if err := servertest.Conforms(r, servertest.Answer{Status: res.StatusCode, Header: res.Header, Body: body}); err != nil {
		c.t.Errorf("%s %s: the answer breaks the specification: %v\n%.2000s", r.Method, r.URL, err, body)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// ready asks /readyz.
func (g *gateway) ready() (status int, states map[string]string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.base+"/readyz", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	res, err := g.http.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var body struct {
		Dealers []struct{ Dealer, State string } `json:"dealers"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		g.t.Fatal(err)
	}
	states = map[string]string{}
	for _, d := range body.Dealers {
		states[d.Dealer] = d.State
	}
	return res.StatusCode, states
}

// metrics reads /metrics.
func (g *gateway) metrics() string {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.base+"/metrics", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	res, err := g.http.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil {
		g.t.Fatal(err, cerr)
	}
	return string(raw)
}

// books are the demo dealer's tables in a SQLite file, filled once for all
// tests of the process.
var books = sync.OnceValues(func() (b struct{ rental, documents string }, err error) {
	dir, err := os.MkdirTemp("", "dealerbridge-books-")
	if err != nil {
		return b, err
	}
	booksDir = dir
	b.rental, b.documents = filepath.Join(dir, "rental.db"), filepath.Join(dir, "documents")
	db, err := sql.Open("sqlite", "file:"+b.rental+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)")
	if err != nil {
		return b, err
	}
	if err := demo.Load(context.Background(), db, demo.SQLite, adaptertest.Options()); err != nil {
		return b, err
	}
	if err := demo.WriteDocuments(context.Background(), db, b.documents); err != nil {
		return b, err
	}
	return b, db.Close()
})

// prairie is the demo dealer under any code, with tables and mapping of the
// test's own.
func prairie(t testing.TB, code string) config.Dealer {
	t.Helper()
	filled, err := books()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	raw, err := os.ReadFile(filled.rental)
	if err != nil {
		t.Fatal(err)
	}
	rental := filepath.Join(dir, "rental.db")
	if err := os.WriteFile(rental, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	mapping := filepath.Join(dir, "mapping")
	if err := os.CopyFS(mapping, demo.Mapping()); err != nil {
		t.Fatal(err)
	}
	return config.Dealer{
		Code: code, Mapping: mapping, Documents: filled.documents,
		Database: config.Database{
			Driver: config.SQLite, Path: rental, MaxConnections: config.DefaultConnections, StatementTimeout: config.DefaultStatement,
		},
	}
}

// serving is a configuration of some dealers.
func serving(dealers ...config.Dealer) config.Config {
	c := config.Default()
	c.Dealers = dealers
	return c
}

// replaceIn changes a text in a file; the text must be there.
func replaceIn(t testing.TB, file, before, after string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), before) {
		t.Fatalf("%s does not hold %q", file, before)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(raw), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually asks until the answer is the one wanted.
func eventually(t testing.TB, what string, ask func() error) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-pause.C:
		case <-late.C:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

func wantStatus(got, want int) error {
	if got != want {
		return fmt.Errorf("status %d, want %d", got, want)
	}
	return nil
}
