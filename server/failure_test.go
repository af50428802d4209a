package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

// steps are the calls each pull endpoint makes.
var steps = map[string][]string{
	"contract": {"ContractKeys", "Contracts"}, "jobsite": {"JobsiteKeys", "Jobsites"},
	"invoice": {"InvoiceKeys", "Invoices"}, "location": {"LocationKeys", "Locations"},
	"customer": {"Customer"}, "dealer-category": {"Catalog"}, "incremental": {"Changes"},
}

func TestFailures(t *testing.T) {
	t.Run("EveryErrorOfTheAdapterIsAnErrorOfTheAnswer", func(t *testing.T) {
		h := open(t)
		for err, want := range map[error]string{
			adapters.ErrUnavailable:  "503 dealer-system-unavailable",
			adapters.ErrMapping:      "503 dealer-mapping-faulty",
			adapters.ErrBadRow:       "503 dealer-row-faulty",
			adapters.ErrStaleKeys:    "503 mapping-replaced",
			context.DeadlineExceeded: "503 timed-out",
			errors.New("dial tcp 10.1.2.3:3306: password=hunter2"): "500 internal",
			adapters.ErrAmbiguousCustomer:                          "503 ambiguous-customer",
		} {
			for name, calls := range steps {
				for _, call := range calls {
					h.d100.fail(call, fmt.Errorf("asking the system at 10.1.2.3: %w", err))
					a := h.Get("/api/v1/" + name + "?" + pulls[name])
					if a.Status < 500 {
						t.Fatalf("%s: status %d", call, a.Status)
					}
					if got := fmt.Sprint(a.Status, " ", servertest.Slug(a.Problem(a.Status))); got != want {
						t.Errorf("%s: %s, want %s", call, got, want)
					}
					if s := string(a.Body); strings.Contains(s, "10.1.2.3") || strings.Contains(s, "hunter2") {
						t.Errorf("%s: the cause is shown: %s", call, s)
					}
				}
			}
		}
	})
	t.Run("PanicIsAnInternalErrorAndTheServerGoesOn", func(t *testing.T) {
		h := open(t)
		h.d100.on = func(context.Context, string) error { panic("customer 0001007 owes 12.50") }
		for _, name := range pullNames() {
			if got := servertest.Slug(h.Get("/api/v1/" + name + "?" + pulls[name]).Problem(500)); got != "internal" {
				t.Errorf("%s: problem %q", name, got)
			}
		}
		if strings.Contains(h.log.String(), "owes") {
			t.Error("the panic's text, which may hold data, is in the log")
		}
		h.d100.on = nil
		h.Get("/api/v1/location").Into(&model.LocationPage{})
	})
	t.Run("SlowSystemIs503InTime", func(t *testing.T) {
		h := open(t, func(o *server.Options) { o.RequestTimeout = 20 * time.Millisecond })
		h.d100.on = func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return fmt.Errorf("reading: %w", ctx.Err())
		}
		for _, name := range pullNames() {
			if got := servertest.Slug(h.Get("/api/v1/" + name + "?" + pulls[name]).Problem(503)); got != "timed-out" {
				t.Errorf("%s: problem %q", name, got)
			}
		}
	})
	t.Run("RowOfAnotherCustomerFailsTheAnswer", func(t *testing.T) { // R136
		h := open(t)
		for _, name := range []string{"contract", "jobsite", "invoice", "customer"} {
			h.registryOfLiar()
			p := h.Get("/api/v1/" + name + "?customer=0001007").Problem(500)
			if got := servertest.Slug(p); got != "wrong-rows" {
				t.Errorf("%s: problem %q", name, got)
			}
		}
		if got := h.gauge("dealerbridge_sweep_lists"); got != 0 {
			t.Errorf("%v key lists are kept of sweeps nobody was served from", got)
		}
	})
	t.Run("AmountThatIsNoNumberFailsTheAnswer", func(t *testing.T) {
		h := open(t)
		h.registryOfBadAmounts()
		if got := servertest.Slug(h.Get("/api/v1/invoice?customer=0001007").Problem(500)); got != "internal" {
			t.Errorf("problem %q", got)
		}
	})
	t.Run("LeftOutCatalogAlerts", func(t *testing.T) {
		h := open(t)
		h.d100.left = make([]adapters.LeftOut, 1)
		h.Get("/api/v1/dealer-category").Problem(503) // nothing else is there
		if got := <-h.alerts; got != "D100 dealer-category" {
			t.Errorf("alerted %q", got)
		}
		h.d100.catalog = []model.Category{{CategoryID: "A", Title: "A", CategoryGroups: []model.CategoryGroup{}}}
		h.Get("/api/v1/dealer-category").Into(&model.CategoryAnswer{})
		h.d100.left = make([]adapters.LeftOut, 2)
		h.Get("/api/v1/dealer-category").Problem(503)
		<-h.alerts
	})
	t.Run("TooManyAtOnceAreTurnedAway", func(t *testing.T) {
		h := open(t, func(o *server.Options) { o.MaxInFlight = 2 })
		inside, release := make(chan struct{}), make(chan struct{})
		h.d100.on = func(context.Context, string) error {
			inside <- struct{}{}
			<-release
			return adapters.ErrUnavailable
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				resp, err := h.request(context.Background(), "/api/v1/location")
				if err != nil {
					t.Error(err)
					return
				}
				_ = drain(t, resp)
			})
			<-inside
		}
		if got := servertest.Slug(h.Get("/api/v1/location").Problem(503)); got != "overloaded" {
			t.Errorf("problem %q", got)
		}
		if a := h.Get("/livez"); a.Status != 200 {
			t.Errorf("livez %d under load", a.Status)
		}
		close(release)
		wg.Wait()
		h.d100.on = nil
		h.Get("/api/v1/location").Into(&model.LocationPage{})
	})
	t.Run("LargeBodyIs413", func(t *testing.T) {
		h := open(t, func(o *server.Options) { o.MaxBody = 10 })
		a := h.Get("/api/v1/location", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", 11))), 11
		})
		a.Problem(413)
		h.Get("/api/v1/location", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("0123456789")), 10
		}).Into(&model.LocationPage{})
	})
}

// request asks without holding the answer against the specification.
func (h *house) request(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+h.Token)
	return h.HTTP.Do(req)
}

// gauge reads one of the server's metrics.
func (h *house) gauge(name string) float64 {
	h.TB.Helper()
	all, err := h.prom.Gather()
	if err != nil {
		h.TB.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	h.TB.Fatalf("no metric %s", name)
	return 0
}

func TestCallerWhoLeavesTakesThePageWithHim(t *testing.T) {
	h := open(t)
	inside, left := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.d100.on = func(ctx context.Context, call string) error {
		if call == "Contracts" {
			once.Do(func() {
				close(inside)
				<-ctx.Done() // the server notices that the caller went
				close(left)
			})
		}
		return nil // and the rows are there all the same
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-inside
		cancel()
	}()
	resp, err := h.request(ctx, "/api/v1/contract?customer=0001007")
	if err == nil {
		_ = drain(t, resp)
		t.Fatal("the cancelled request was answered")
	}
	<-left
	h.d100.mu.Lock()
	h.d100.rows["0001007"] = append([]string{"new"}, h.d100.rows["0001007"]...)
	h.d100.mu.Unlock()
	// Starting over straight away reads a list of its own to the end.
	var got []string
	for n := range 3 {
		var p model.ContractPage
		h.Get(fmt.Sprintf("/api/v1/contract?customer=0001007&page=%d", n)).Into(&p)
		got = append(got, ids(p.Items, func(c model.Contract) string { return c.ContractID })...)
	}
	if len(got) != 26 || got[0] != "new" || got[10] != "0001007-09" || got[25] != "0001007-24" {
		t.Errorf("the second sweep read %v", got)
	}
}

func TestLog(t *testing.T) {
	h := open(t)
	h.Get("/api/v1/contract?customer=0001007&dealer=D100")
	h.Get("/api/v1/document/contract/secret-id")
	h.Get("/api/v1/secret-path?customer=0001007")
	h.d100.fail("*", fmt.Errorf("%w: away", adapters.ErrUnavailable))
	h.Get("/api/v1/invoice?customer=0001007")
	log := h.log.String()
	for _, secret := range []string{"0001007", "secret", "Bearer"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	causes := 0
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry["requestId"] == "" {
			t.Errorf("no request id: %s", line)
		}
		if entry["err"] != nil {
			causes++
		}
		if entry["msg"] == "request" && entry["route"] == "/api/v1/contract" {
			for key, want := range map[string]any{"method": "GET", "status": 200.0, "dealer": "D100", "client": "one"} {
				if entry[key] != want {
					t.Errorf("%s is %v, want %v", key, entry[key], want)
				}
			}
		}
	}
	if causes != 1 {
		t.Errorf("%d causes logged, want one for the one failure:\n%s", causes, log)
	}
}

func TestMetrics(t *testing.T) {
	h := open(t)
	h.Get("/api/v1/contract?customer=0001007")
	h.Do("BREW", "/api/v1/customer/0001007")
	w := httptest.NewRecorder()
	promhttp.HandlerFor(h.prom, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	body := w.Body.String()
	for _, want := range []string{
		`dealerbridge_http_requests_total{dealer="D100",method="GET",route="/api/v1/contract",status="200"} 1`,
		`dealerbridge_http_requests_total{dealer="",method="other",route="unmatched",status="404"} 1`,
		`dealerbridge_sweep_events_total{dealer="D100",endpoint="contract",event="made"} 1`,
		`dealerbridge_sweep_lists 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
	if strings.Contains(body, "0001007") {
		t.Error("a customer number is among the metrics")
	}
	if _, err := server.New(server.Options{Dealers: h.registry, Verifier: tokens{}, Registerer: h.prom}); err == nil {
		t.Error("metrics were registered twice without an error")
	}
}

// Whatever bytes arrive, an answer is whole or the connection breaks; nothing of
// this is the handler's doing, which is why a raw connection asks.
func TestRawRequests(t *testing.T) {
	h := open(t)
	for name, text := range map[string]string{
		"BrokenEscape":    "GET /api/v1/contract?customer=%zz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer one\r\nConnection: close\r\n\r\n",
		"RawBytes":        "GET /api/v1/contract?customer=\xe9 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer one\r\nConnection: close\r\n\r\n",
		"BrokenPath":      "GET /api/v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"NoHost":          "GET /api/v1/contract HTTP/1.1\r\nConnection: close\r\n\r\n",
		"OldProtocol":     "GET /api/v1/contract?customer= HTTP/1.0\r\nAuthorization: Bearer one\r\n\r\n",
		"AbsoluteAddress": "GET http://other/api/v1/contract?customer= HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer one\r\nConnection: close\r\n\r\n",
		"Smuggled":        "GET /api/v1/contract HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\nConnection: close\r\n\r\nabcd",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(h.Base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(answer), "\r\n")
			if !strings.Contains(first, " 400 ") {
				t.Errorf("answered %q, want 400", first)
			}
		})
	}
}
