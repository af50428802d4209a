package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// stock is a dealer's system whose rows are there already, so that what is left
// of a request is what every request costs.
type stock struct {
	contracts []model.Contract
	sites     []model.Jobsite
	keys      adapters.Keys
	yards     []model.Location
	yardKeys  adapters.Keys
	changes   []adapters.Change
}

const (
	stockRows  = 45
	stockOwner = "0001007"
)

func newStock() *stock {
	s := &stock{}
	for i := range stockRows {
		id := strconv.Itoa(500_000 + i)
		s.keys = append(s.keys, adapters.Key{Row: id, Customer: stockOwner})
		s.contracts = append(s.contracts, model.Contract{
			ContractID: id, CustomerID: stockOwner, JobsiteID: "J7", LocationID: "YARD-1",
			ContractStartDate: "2026-02-02T12:00:00Z", ContractEndDate: "2026-05-29T12:00:00Z",
			AssetDetails: []model.RentedAsset{}, FeeDetails: []model.Charge{}, TaxDetails: []model.Charge{},
		})
		owner := stockOwner
		s.sites = append(s.sites, model.Jobsite{JobsiteID: id, CustomerID: &owner, Name: "Site " + id})
	}
	for i := range 5 {
		id := fmt.Sprintf("YARD-%d", i)
		s.yardKeys = append(s.yardKeys, adapters.Key{Row: id})
		s.yards = append(s.yards, model.Location{LocationID: id})
	}
	for i := range 10 {
		s.changes = append(s.changes, adapters.Change{Customer: strconv.Itoa(1000 + i), Kind: "contract"})
	}
	return s
}

func (s *stock) Open(context.Context, adapters.Env) (adapters.Adapter, error) { return s, nil }
func (s *stock) Check(context.Context) error                                  { return nil }
func (s *stock) Close() error                                                 { return nil }

func (s *stock) ContractKeys(context.Context, adapters.Query) (adapters.Keys, error) {
	return s.keys, nil
}

func (s *stock) Contracts(_ context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	return among(s.keys, s.contracts, keys), nil, nil
}

func (s *stock) JobsiteKeys(context.Context, adapters.Query) (adapters.Keys, error) {
	return s.keys[:9], nil
}

func (s *stock) Jobsites(_ context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Jobsite, []adapters.LeftOut, error) {
	return among(s.keys, s.sites, keys), nil, nil
}

func (s *stock) LocationKeys(context.Context, adapters.Query) (adapters.Keys, error) {
	return s.yardKeys, nil
}

func (s *stock) Locations(_ context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Location, []adapters.LeftOut, error) {
	return among(s.yardKeys, s.yards, keys), nil, nil
}

func (s *stock) Changes(context.Context, time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	return s.changes, nil, nil
}

// among gives the rows of keys that follow each other.
func among[T any](all adapters.Keys, rows []T, keys adapters.Keys) []T {
	for i, k := range all {
		if k.Row == keys[0].Row {
			return rows[i : i+len(keys)]
		}
	}
	return nil
}

// openStock opens a whole gateway before it, with its state in a file, and gives
// it a client's token.
func openStock(tb testing.TB) (a *App, bearer string) {
	tb.Helper()
	cfg := config.Config{
		Listen: "127.0.0.1:0", State: config.State{Path: tb.TempDir()}, RequestTimeout: config.DefaultRequestTimeout,
		PageSize: config.PageSize{Default: 10, Most: 200},
		Sweeps:   config.Sweeps{Idle: config.DefaultSweepIdle, Memory: config.DefaultSweepMemory, Kept: config.DefaultSweepKept},
		Dealers:  []config.Dealer{{Code: "D100", Database: config.Database{Driver: "stock"}, Mapping: tb.TempDir()}},
	}
	a, err := Open(tb.Context(), Options{
		Config: cfg, Log: NewLog(io.Discard, config.Log{Level: slog.LevelInfo}), Now: time.Now,
		Adapters: map[string]Factory{"stock": func(config.Dealer) (adapters.Config, error) { return newStock(), nil }},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(); err != nil {
			tb.Error(err)
		}
	})
	clients := token.Registry{Store: a.store, Now: time.Now}
	secret, err := clients.Add(tb.Context(), "crs", "", []string{"D100"}, []string{token.ScopeRead}, "")
	if err != nil {
		tb.Fatal(err)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"crs"}, "client_secret": {secret}}
	w := &sink{head: http.Header{}}
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, "/oauth2/token", bytes.NewReader([]byte(form.Encode())))
	if err != nil {
		tb.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:4711"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a.server.Handler.ServeHTTP(w, r)
	_, rest, _ := bytes.Cut(w.body.Bytes(), []byte(`"access_token":"`))
	text, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		tb.Fatalf("no token: %s", w.body.Bytes())
	}
	return a, string(text)
}

// sink takes an answer.
type sink struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (w *sink) Header() http.Header         { return w.head }
func (w *sink) WriteHeader(status int)      { w.status = status }
func (w *sink) Write(p []byte) (int, error) { return w.body.Write(p) }

// fixed are requests whose rows cost nothing, by what they go through: a list of
// one page, one of three, a list that is no sweep. paths are asked in turn.
var fixed = []struct {
	name  string
	paths []string
}{
	{"Locations", []string{"/api/v1/location?items=20"}},
	{"Jobsites", []string{"/api/v1/jobsite?customer=" + stockOwner + "&items=20"}},
	{"ContractPages", []string{
		"/api/v1/contract?customer=" + stockOwner + "&items=20",
		"/api/v1/contract?customer=" + stockOwner + "&items=20&page=1",
		"/api/v1/contract?customer=" + stockOwner + "&items=20&page=2",
	}},
	{"Changes", []string{"/api/v1/incremental?since=2026-05-04T00:00:00Z"}},
}

// processor reports the processor time of an operation, whatever else the
// machine has to do meanwhile. It is called when the benchmark begins, and what
// it returns when it ends.
func processor(b *testing.B) (report func()) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() {
		b.ReportMetric(float64((used()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
	}
}

// BenchmarkRequest asks the handler of a whole gateway, without a connection.
func BenchmarkRequest(b *testing.B) {
	a, bearer := openStock(b)
	for _, f := range fixed {
		b.Run(f.name, func(b *testing.B) {
			requests := make([]*http.Request, len(f.paths))
			for i, path := range f.paths {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, path, http.NoBody)
				if err != nil {
					b.Fatal(err)
				}
				r.RemoteAddr = "192.0.2.1:4711"
				r.Header.Set("Authorization", "Bearer "+bearer)
				requests[i] = r
			}
			w := &sink{head: http.Header{}}
			b.ReportAllocs()
			defer processor(b)()
			for i := 0; b.Loop(); i++ {
				clear(w.head)
				w.body.Reset()
				w.status = 0
				a.server.Handler.ServeHTTP(w, requests[i%len(requests)])
				if w.status != http.StatusOK {
					b.Fatalf("%d %s", w.status, w.body.Bytes())
				}
			}
		})
	}
}

// BenchmarkConnection asks the same over a connection that is kept. "Bare" is
// what net/http itself takes, and the one who asks.
func BenchmarkConnection(b *testing.B) {
	a, bearer := openStock(b)
	bare := &http.Server{ReadHeaderTimeout: headerTime, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[]}`)
	})}
	b.Run("Bare", func(b *testing.B) { benchmarkConnection(b, bare, "", []string{"/"}) })
	for _, f := range fixed {
		b.Run(f.name, func(b *testing.B) {
			s := newHTTPServer(a.options.Config, a.server.Handler, nil, a.log)
			benchmarkConnection(b, s.Server, bearer, f.paths)
		})
	}
}

func benchmarkConnection(b *testing.B, s *http.Server, bearer string, paths []string) {
	l, err := Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = c.Close()
		_ = s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	}()
	requests := make([][]byte, len(paths))
	for i, path := range paths {
		requests[i] = []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + bearer + "\r\n\r\n")
	}
	in := bufio.NewReaderSize(c, 64<<10)
	b.ReportAllocs()
	defer processor(b)()
	for i := 0; b.Loop(); i++ {
		if _, err := c.Write(requests[i%len(requests)]); err != nil {
			b.Fatal(err)
		}
		if err := skipAnswer(in); err != nil {
			b.Fatal(err)
		}
	}
}

// skipAnswer reads an answer that names its length.
func skipAnswer(in *bufio.Reader) error {
	length := -1
	for n := 0; ; n++ {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if n == 0 && !bytes.Contains(line, []byte(" 200 ")) {
			return fmt.Errorf("answered %q", line)
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return err
			}
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	_, err := in.Discard(length)
	return err
}
