package server_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

// plain asks for a path that the specification need not have, and gives status
// and body of the answer.
func plain(t *testing.T, h *house, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.Base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.Token)
	resp, err := h.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(resp.StatusCode) + " " + strings.TrimSpace(string(body))
}

func TestPull(t *testing.T) {
	for _, name := range pullNames() {
		t.Run("Succeeds/"+name, func(t *testing.T) {
			h := open(t)
			a := h.Get("/api/v1/"+name+"?"+pulls[name], servertest.Header("Accept-Encoding", "identity"))
			if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, %q: %s", a.Status, a.Header.Get("Content-Type"), a.Body)
			}
			if got, want := a.Header.Get("Content-Length"), strconv.Itoa(len(a.Body)); got != want {
				t.Errorf("Content-Length %q, want %q", got, want)
			}
			for header, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
				if got := a.Header.Get(header); got != want {
					t.Errorf("%s %q, want %q", header, got, want)
				}
			}
		})
	}
	t.Run("PacksForCallersWhoTakeIt", func(t *testing.T) {
		h := open(t)
		want := h.Get("/api/v1/contract?"+pulls["contract"], servertest.Header("Accept-Encoding", "identity"))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.Base+"/api/v1/contract?"+pulls["contract"], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+h.Token)
		req.Header.Set("Accept-Encoding", "gzip") // said by hand, so that nobody unpacks it on the way
		resp, err := h.HTTP.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept-Encoding" || resp.ContentLength != int64(len(packed)) {
			t.Errorf("headers %v for %d bytes", resp.Header, len(packed))
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != string(want.Body) {
			t.Errorf("unpacked to %d bytes and %v, want %d", len(got), err, len(want.Body))
		}
	})
	t.Run("NothingFoundIsAnEmptySuccess", func(t *testing.T) {
		h := open(t)
		for _, name := range []string{"contract", "jobsite", "invoice"} { // R108, R110
			var page model.ContractPage
			h.Get("/api/v1/" + name + "?customer=nobody").Into(&page)
			if !page.Empty || page.TotalElements != 0 || page.TotalPages != 0 || page.Size != 10 || page.Number != 0 {
				t.Errorf("%s: %+v", name, page)
			}
		}
	})
	t.Run("UnknownCustomerIs404OnTheCustomerEndpointAlone", func(t *testing.T) {
		h := open(t)
		if got := servertest.Slug(h.Get("/api/v1/customer?customer=nobody").Problem(404)); got != "not-found" {
			t.Errorf("problem %q", got)
		}
		h.Get("/api/v1/dealer-category?customer=nobody").Into(&model.CategoryAnswer{})
	})
	t.Run("CustomerWithoutAResourceNameAnswersToo", func(t *testing.T) { // R170
		h := open(t)
		for _, path := range []string{"/api/v1/", "/api/v1", "/api/v1/customer"} {
			var a model.CustomerAnswer
			h.Get(path + "?customer=0001007").Into(&a)
			if a.Customer.CustomerName != "Customer 0001007" {
				t.Errorf("%s: %+v", path, a)
			}
		}
	})
	t.Run("CustomerIsAnsweredAtTheAgreedPathToo", func(t *testing.T) { // R170
		agreed := open(t, func(o *server.Options) { o.CustomerPath = "/api/rental/customers" })
		for path, want := range map[string]string{
			"/api/v1/?customer=0001007":              `200 {"customer":{"customerId":"0001007","customerName":"Customer 0001007"}}`,
			"/api/v1/customer?customer=0001007":      `200 {"customer":{"customerId":"0001007","customerName":"Customer 0001007"}}`,
			"/api/rental/customers?Customer=0001007": `200 {"customer":{"customerId":"0001007","customerName":"Customer 0001007"}}`,
			"/api/rental/customers":                  "400 ",
			"/api/rental/customers/":                 "404 ",
		} {
			if got := plain(t, agreed, path); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		if got := plain(t, open(t), "/api/rental/customers?customer=0001007"); !strings.HasPrefix(got, "404 ") {
			t.Errorf("where nothing was agreed: got %s, want 404", got)
		}
	})
	t.Run("CustomerPathOfAnotherEndpointIsRefusedAtTheStart", func(t *testing.T) {
		for _, path := range []string{"/api/v1/contract", "/api/v1/document/x/y", "/livez", "/api/:all", "customers"} {
			_, err := server.New(server.Options{Dealers: dealers.NewRegistry(), Verifier: tokens{}, CustomerPath: path})
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: got %v, want an error that names it", path, err)
			}
		}
	})
	t.Run("RowsOfCustomersComeInTheOrderAsked", func(t *testing.T) {
		h := open(t)
		h.d100.rows["0001012"] = []string{"b1"}
		h.d100.rows["0001007"] = []string{"a1", "a2"}
		var page model.ContractPage
		h.Get("/api/v1/contract?customer=0001012,0001007").Into(&page)
		got := ids(page.Items, func(c model.Contract) string { return c.CustomerID + "/" + c.ContractID })
		if diff := cmp.Diff([]string{"0001012/b1", "0001007/a1", "0001007/a2"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("RepeatedCustomerIsAskedOnce", func(t *testing.T) {
		h := open(t)
		var page model.ContractPage
		h.Get("/api/v1/contract?customer=0001007,0001012,0001007").Into(&page)
		if page.TotalElements != 50 {
			t.Errorf("%d elements, want 50", page.TotalElements)
		}
		if diff := cmp.Diff([]string{"0001007", "0001012"}, h.d100.asked[0].Customers); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("CustomerNumbersArriveAsTheyWereWritten", func(t *testing.T) {
		h := open(t)
		for _, number := range []string{" 7", "7 ", "07", "a+b", "50%", "O'Neil", `";--`, "Ä-ß", "a&b=c", "1;2", "#1"} {
			h.Get("/api/v1/invoice?customer=" + url.QueryEscape(number)).Into(&model.InvoicePage{})
			asked := h.d100.asked[len(h.d100.asked)-1].Customers
			if diff := cmp.Diff([]string{number}, asked); diff != "" {
				t.Error(diff)
			}
			h.Get("/api/v1/contract?customer=" + url.QueryEscape(number) + "," + url.QueryEscape(number+"x")).Into(&model.ContractPage{})
			asked = h.d100.asked[len(h.d100.asked)-1].Customers
			if diff := cmp.Diff([]string{number, number + "x"}, asked); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("CatalogWithoutCustomerAsksForBookRates", func(t *testing.T) {
		h := open(t)
		h.d100.catalog = []model.Category{{CategoryID: "EARTH", Title: "Earthmoving", CategoryGroups: []model.CategoryGroup{}}}
		var a model.CategoryAnswer
		h.Get("/api/v1/dealer-category").Into(&a)
		h.Get("/api/v1/dealer-category?customer=0001007").Into(&a)
		if diff := cmp.Diff([]adapters.Query{{Customers: []string{""}}, {Customers: []string{"0001007"}}}, h.d100.asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPages(t *testing.T) {
	t.Run("SumsAreRight", func(t *testing.T) {
		h := open(t)
		for _, c := range []struct {
			query                    string
			pages, size, number, len int64
		}{
			{"", 3, 10, 0, 10},
			{"&page=2", 3, 10, 2, 5},
			{"&page=3", 3, 10, 3, 0},
			{"&page=9223372036854775807", 3, 10, 9223372036854775807, 0},
			{"&items=25", 1, 25, 0, 25},
			{"&items=1&page=24", 25, 1, 24, 1},
			{"&items=9223372036854775807", 1, 200, 0, 25},
			{"&items=201", 1, 200, 0, 25},
			{"&tems=5", 5, 5, 0, 5}, // R171
			{"&ITEMS=5&Page=1", 5, 5, 1, 5},
		} {
			var p model.ContractPage
			h.Get("/api/v1/contract?customer=0001007" + c.query).Into(&p)
			want := model.ContractPage{
				TotalElements: 25, TotalPages: c.pages, Size: c.size, Number: c.number, Empty: c.len == 0, Items: p.Items,
			}
			if diff := cmp.Diff(want, p); diff != "" || int64(len(p.Items)) != c.len {
				t.Errorf("%q: %d items\n%s", c.query, len(p.Items), diff)
			}
		}
	})
	t.Run("SizesAreConfigured", func(t *testing.T) {
		h := open(t, func(o *server.Options) { o.DefaultItems, o.MostItems = 7, 9 })
		var p model.LocationPage
		h.Get("/api/v1/location").Into(&p)
		if p.Size != 7 {
			t.Errorf("size %d, want 7", p.Size)
		}
		h.Get("/api/v1/location?items=100").Into(&p)
		if p.Size != 9 {
			t.Errorf("size %d, want 9", p.Size)
		}
	})
	t.Run("SweepIsNotDisturbedByChanges", func(t *testing.T) {
		h := open(t)
		var got []string
		for n := range 3 {
			var p model.JobsitePage
			h.Get(fmt.Sprintf("/api/v1/jobsite?customer=0001007&page=%d", n)).Into(&p)
			got = append(got, ids(p.Items, func(j model.Jobsite) string { return j.JobsiteID })...)
			h.d100.mu.Lock()
			h.d100.rows["0001007"] = slices.Insert(h.d100.rows["0001007"], 0, fmt.Sprint("new", n))
			h.d100.mu.Unlock()
		}
		if diff := cmp.Diff(newRMS().rows["0001007"], got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("LostSweepIs503", func(t *testing.T) {
		now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		h := open(t, func(o *server.Options) { o.Now = func() time.Time { return now } })
		h.Get("/api/v1/contract?customer=0001007").Into(&model.ContractPage{})
		now = now.Add(time.Hour)
		if got := servertest.Slug(h.Get("/api/v1/contract?customer=0001007&page=1").Problem(503)); got != "sweep-gone" {
			t.Errorf("problem %q", got)
		}
	})
}

func TestIncremental(t *testing.T) {
	t.Run("KindsAreGatheredByCustomer", func(t *testing.T) {
		h := open(t)
		h.d100.change = []adapters.Change{
			{Customer: "1", Kind: adapters.ContractChange},
			{Customer: "1", Kind: adapters.InvoiceChange},
			{Customer: "2", Kind: adapters.CatalogChange},
			{Customer: "1", Kind: adapters.ContractChange},
			{Customer: "2", Kind: adapters.DocumentChange},
		}
		var a model.ChangeAnswer
		h.Get("/api/v1/incremental?since=2026-03-02T08:00:00Z").Into(&a)
		want := []model.CustomerChanges{
			{CustomerID: "1", Types: []model.ChangeKind{"contract", "invoice"}},
			{CustomerID: "2", Types: []model.ChangeKind{"catalog", "document"}},
		}
		if diff := cmp.Diff(want, a.Items); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("SinceIsUnderstood", func(t *testing.T) {
		h := open(t)
		at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		for query, want := range map[string]time.Time{
			"since=2026-03-02T08:00:00Z":              at,
			"Since=2026-03-02T10:00:00+02:00":         at, // the plus sign arrives as a blank
			"SINCE=2026-03-02T10:00:00%2B02:00":       at,
			"dealer=D100&since=0000-00-00T00:00:00Z":  {},
			"Dealer=D100&Since=0000-00-00t00:00:00z&": {},
		} {
			h.Get("/api/v1/incremental?" + query).Into(&model.ChangeAnswer{})
			if got := h.d100.since[len(h.d100.since)-1]; !got.Equal(want) {
				t.Errorf("%s: asked since %v, want %v", query, got, want)
			}
		}
	})
	t.Run("UnreadableSinceIs400", func(t *testing.T) {
		h := open(t)
		for _, since := range []string{"2026-03-02", "yesterday", "", "2026-02-30T00:00:00Z", ">>0000-00-00T00:00:00Z"} {
			p := h.Get("/api/v1/incremental?since=" + url.QueryEscape(since)).Problem(400)
			if len(p.Faults) != 1 || p.Faults[0].Path != "query.since" {
				t.Errorf("%q: faults %+v", since, p.Faults)
			}
		}
		if len(h.d100.since) > 0 {
			t.Error("the dealer's system was asked")
		}
	})
	t.Run("RowsWithoutCustomerOnlyCountWhenThereIsNothingElse", func(t *testing.T) {
		h := open(t)
		h.d100.left = make([]adapters.LeftOut, 3)
		h.d100.change = []adapters.Change{{Customer: "1", Kind: adapters.ContractChange}}
		h.Get("/api/v1/incremental?since=2026-03-02T08:00:00Z").Into(&model.ChangeAnswer{})
		h.d100.change = nil
		h.Get("/api/v1/incremental?since=2026-03-02T08:00:00Z").Problem(503)
		if got := <-h.alerts; got != "D100 incremental" {
			t.Errorf("alerted %q", got)
		}
	})
}
