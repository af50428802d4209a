package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/servertest"
	"github.com/dealerbridge/dealerbridge/server/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rms is a dealer's system in memory. Rows of a customer are numbered ids.
type rms struct {
	mu      sync.Mutex
	rows    map[string][]string // ids by customer; "" are the locations
	on      func(ctx context.Context, call string) error
	state   error
	asked   []adapters.Query
	since   []time.Time
	files   map[string]adapters.Document
	change  []adapters.Change
	left    []adapters.LeftOut
	catalog []model.Category
}

func newRMS() *rms {
	r := &rms{rows: map[string][]string{}, files: map[string]adapters.Document{}}
	for _, c := range []string{"0001007", "0001012"} {
		for i := range 25 {
			r.rows[c] = append(r.rows[c], fmt.Sprintf("%s-%02d", c, i))
		}
	}
	r.rows[""] = []string{"YARD-1", "YARD-2"}
	return r
}

func (r *rms) step(ctx context.Context, call string) error {
	r.mu.Lock()
	on := r.on
	r.mu.Unlock()
	if on != nil {
		return on(ctx, call)
	}
	return ctx.Err()
}

// fail makes a call fail from now on.
func (r *rms) fail(call string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = func(ctx context.Context, c string) error {
		if c == call || call == "*" {
			return err
		}
		return ctx.Err()
	}
}

func (r *rms) Close() error                { return nil }
func (r *rms) Check(context.Context) error { return r.state }

func (r *rms) keys(ctx context.Context, call string, q adapters.Query) (adapters.Keys, error) {
	if err := r.step(ctx, call); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, q)
	var keys adapters.Keys
	customers := q.Customers
	if len(customers) == 0 {
		customers = []string{""}
	}
	for _, c := range customers {
		for _, id := range r.rows[c] {
			keys = append(keys, adapters.Key{Row: id, Customer: c})
		}
	}
	return keys, nil
}

func (r *rms) ContractKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, "ContractKeys", q)
}

func (r *rms) Contracts(ctx context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	if err := r.step(ctx, "Contracts"); err != nil {
		return nil, nil, err
	}
	var out []model.Contract
	for _, k := range keys {
		out = append(out, model.Contract{
			ContractID: k.Row, CustomerID: k.Customer, JobsiteID: "J", LocationID: "YARD-1",
			ContractStartDate: "2026-02-02T12:00:00Z", ContractEndDate: "2026-05-29T12:00:00Z",
			AssetDetails: []model.RentedAsset{}, FeeDetails: []model.Charge{}, TaxDetails: []model.Charge{},
		})
	}
	return out, nil, nil
}

func (r *rms) JobsiteKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, "JobsiteKeys", q)
}

func (r *rms) Jobsites(ctx context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Jobsite, []adapters.LeftOut, error) {
	if err := r.step(ctx, "Jobsites"); err != nil {
		return nil, nil, err
	}
	var out []model.Jobsite
	for _, k := range keys {
		out = append(out, model.Jobsite{JobsiteID: k.Row, CustomerID: &k.Customer, Name: "Site " + k.Row})
	}
	return out, nil, nil
}

func (r *rms) InvoiceKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, "InvoiceKeys", q)
}

func (r *rms) Invoices(ctx context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Invoice, []adapters.LeftOut, error) {
	if err := r.step(ctx, "Invoices"); err != nil {
		return nil, nil, err
	}
	var out []model.Invoice
	for _, k := range keys {
		out = append(out, model.Invoice{
			InvoiceID: k.Row, ContractID: "K", JobsiteID: "J", InvoiceDate: "2026-03-02T12:00:00Z", Total: "12.50",
			BilledDateStart: "2026-02-02T12:00:00Z", BilledDateEnd: "2026-03-01T12:00:00Z",
			AssetDetails: []model.InvoicedAsset{}, FeeDetails: []model.Charge{}, TaxDetails: []model.Charge{},
		})
	}
	return out, nil, nil
}

func (r *rms) LocationKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	return r.keys(ctx, "LocationKeys", q)
}

func (r *rms) Locations(ctx context.Context, _ adapters.Query, keys adapters.Keys) ([]model.Location, []adapters.LeftOut, error) {
	if err := r.step(ctx, "Locations"); err != nil {
		return nil, nil, err
	}
	var out []model.Location
	for _, k := range keys {
		out = append(out, model.Location{LocationID: k.Row})
	}
	return out, nil, nil
}

func (r *rms) Catalog(ctx context.Context, customer string) ([]model.Category, []adapters.LeftOut, error) {
	if err := r.step(ctx, "Catalog"); err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, adapters.Query{Customers: []string{customer}})
	return r.catalog, r.left, nil
}

func (r *rms) Customer(ctx context.Context, number string) (model.Customer, error) {
	if err := r.step(ctx, "Customer"); err != nil {
		return model.Customer{}, err
	}
	if number == "" || r.rows[number] == nil {
		return model.Customer{}, fmt.Errorf("looking a customer up: %w", adapters.ErrNotFound)
	}
	return model.Customer{CustomerID: number, CustomerName: "Customer " + number}, nil
}

func (r *rms) Changes(ctx context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	if err := r.step(ctx, "Changes"); err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = append(r.since, since)
	return r.change, r.left, nil
}

type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

func (r *rms) Document(ctx context.Context, kind adapters.DocumentKind, id string) (adapters.Document, error) {
	if err := r.step(ctx, "Document"); err != nil {
		return adapters.Document{}, err
	}
	d, ok := r.files[string(kind)+"/"+id]
	if !ok {
		return adapters.Document{}, fmt.Errorf("opening a document: %w", adapters.ErrNotFound)
	}
	return d, nil
}

func (r *rms) put(kind, id, text string) {
	r.files[kind+"/"+id] = adapters.Document{
		Name: id + ".pdf", Type: "application/pdf", Modified: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC),
		Content: file{bytes.NewReader([]byte(text))},
	}
}

// tokens is a Verifier that knows its tokens by heart.
type tokens map[string]token.Caller

func (t tokens) Verify(_ context.Context, bearer string) (token.Caller, error) {
	switch c, ok := t[bearer]; {
	case bearer == "":
		return token.Caller{}, token.ErrNoToken
	case bearer == "state-away":
		return token.Caller{}, fmt.Errorf("%w: disk secret", token.ErrUnavailable)
	case !ok:
		return token.Caller{}, fmt.Errorf("nobody knows it: %w", token.ErrInvalidToken)
	default:
		return c, nil
	}
}

// house is a running server with two dealers: D100, whose client "one" has it
// alone, and D200, which client "both" has beside it.
type house struct {
	*servertest.Client
	d100, d200 *rms
	registry   *dealers.Registry
	log        *syncBuffer
	alerts     chan string
	prom       *prometheus.Registry
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func open(tb testing.TB, change ...func(*server.Options)) *house {
	tb.Helper()
	h := &house{
		d100: newRMS(), d200: newRMS(), log: &syncBuffer{}, alerts: make(chan string, 10),
		prom: prometheus.NewRegistry(),
	}
	h.registry = dealers.NewRegistry(dealers.New("D100", h.d100), dealers.New("D200", h.d200))
	read := []string{token.ScopeRead}
	o := server.Options{
		Dealers: h.registry,
		Verifier: tokens{
			"one":     {Client: "one", Dealers: []string{"D100"}, Scopes: read},
			"both":    {Client: "both", Dealers: []string{"D100", "D200"}, Scopes: read},
			"gone":    {Client: "gone", Dealers: []string{"D999"}, Scopes: read},
			"nobody":  {Client: "nobody", Scopes: read},
			"message": {Client: "message", Dealers: []string{"D100"}, Scopes: []string{token.ScopeMessage}},
		},
		Log:        slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Registerer: h.prom,
		Alert:      func(dealer, endpoint string) { h.alerts <- dealer + " " + endpoint },
	}
	for _, f := range change {
		f(&o)
	}
	handler, err := server.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	ts := httptest.NewServer(handler)
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	tb.Cleanup(ts.Close)
	h.Client = &servertest.Client{TB: tb, Base: ts.URL, Token: "one", HTTP: ts.Client()}
	return h
}

// as is the same house, asked with another token.
func (h *house) as(bearer string) *servertest.Client {
	c := *h.Client
	c.Token = bearer
	return &c
}

func ids[T any](items []T, id func(T) string) []string {
	out := make([]string, 0, len(items))
	for _, i := range items {
		out = append(out, id(i))
	}
	return out
}

// pulls are all pull endpoints with a query that succeeds.
var pulls = map[string]string{
	"contract":        "customer=0001007",
	"jobsite":         "customer=0001007",
	"invoice":         "customer=0001007",
	"customer":        "customer=0001007",
	"location":        "",
	"dealer-category": "",
	"incremental":     "since=2026-03-02T08:00:00Z",
}

func pullNames() []string {
	var names []string
	for name := range pulls {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// drain reads what an answer without the validating client holds.
func drain(tb testing.TB, resp *http.Response) string {
	tb.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}
