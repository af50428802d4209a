package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/gen/crs/client"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

// asCRS is a caller as the Cat Rental Store is one: the generated client, with
// tokens by client credentials. Every answer is held against the specification.
func asCRS(t *testing.T, g *gateway, id string, dealers ...string) *client.ClientWithResponses {
	t.Helper()
	credentials := clientcredentials.Config{
		ClientID: id, ClientSecret: g.addClient(id, dealers...), TokenURL: g.base + "/oauth2/token",
		Scopes: []string{"crs.read"}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, g.checked())
	crs, err := client.NewClientWithResponses(g.base, client.WithHTTPClient(credentials.Client(ctx)))
	if err != nil {
		t.Fatal(err)
	}
	return crs
}

// pages reads all pages of a list, checking what each says about itself (R124,
// R125).
func pages[T any](t *testing.T, size int64, ask func(page int64) (items []T, totalPages, total, number, gotSize int64, empty bool)) []T {
	t.Helper()
	all := []T{}
	for page := int64(0); ; page++ {
		items, totalPages, total, number, gotSize, empty := ask(page)
		if number != page || gotSize != size || empty != (len(items) == 0) || totalPages != (total+size-1)/size {
			t.Errorf("page %d says number %d, size %d, empty %v, %d pages of %d", page, number, gotSize, empty, totalPages, total)
		}
		if all = append(all, items...); page >= totalPages-1 {
			return all
		}
	}
}

// expected keeps the items that can be sent, for some customers.
func expected[T any](rows []adaptertest.Row[T], customers ...string) []T {
	out := []T{}
	for _, r := range rows {
		if r.Item != nil && (len(customers) == 0 || slices.Contains(customers, r.Customer)) {
			out = append(out, *r.Item)
		}
	}
	return out
}

// hide puts the golden files' word in place of a document's address.
func hide(t *testing.T, g *gateway, address **string) {
	t.Helper()
	if *address == nil {
		return
	}
	if !strings.HasPrefix(**address, g.cfg.PublicURL+"/api/v1/document/") {
		t.Errorf("got pdfUrl %s", **address)
	}
	word := adaptertest.WithDocument
	*address = &word
}

func TestEndpoints(t *testing.T) {
	dealer := prairie(t, "D100")
	// The customers asked for are those with the untidy rows, so many more than usual cannot be sent.
	replaceIn(t, filepath.Join(dealer.Mapping, "rms.yaml"), "leaveOutAtMost: 5%", "leaveOutAtMost: 90%")
	g := start(t, serving(dealer))
	crs := asCRS(t, g, "crs", "D100")
	want := adaptertest.Expected(t)
	ctx := t.Context()

	t.Run("ContractsOfEveryCustomerAreThoseOfTheBooks", func(t *testing.T) {
		for asked := range slices.Chunk(want.Customers, 5) {
			const size = 25
			got := pages(t, size, func(page int64) ([]model.Contract, int64, int64, int64, int64, bool) {
				items := int64(size)
				r, err := crs.ListContractsWithResponse(ctx, &model.ListContractsParams{Customer: asked, Items: &items, Page: &page})
				if err != nil || r.JSON200 == nil {
					t.Fatalf("%v: %v, %s", asked, err, r.Body)
				}
				p := r.JSON200
				return p.Items, p.TotalPages, p.TotalElements, p.Number, p.Size, p.Empty
			})
			for i := range got {
				hide(t, g, &got[i].PdfURL)
			}
			if diff := cmp.Diff(expected(want.Contracts, asked...), got); diff != "" {
				t.Errorf("contracts of %v differ (-want +got):\n%s", asked, diff)
			}
		}
	})
	t.Run("JobsitesAreThoseOfTheBooks", func(t *testing.T) {
		for asked := range slices.Chunk(want.Customers, 5) {
			const size = 50
			got := pages(t, size, func(page int64) ([]model.Jobsite, int64, int64, int64, int64, bool) {
				items := int64(size)
				r, err := crs.ListJobsitesWithResponse(ctx, &model.ListJobsitesParams{Customer: asked, Items: &items, Page: &page})
				if err != nil || r.JSON200 == nil {
					t.Fatalf("%v: %v, %s", asked, err, r.Body)
				}
				p := r.JSON200
				return p.Items, p.TotalPages, p.TotalElements, p.Number, p.Size, p.Empty
			})
			if diff := cmp.Diff(expected(want.Jobsites, asked...), got); diff != "" {
				t.Errorf("jobsites of %v differ (-want +got):\n%s", asked, diff)
			}
		}
	})
	t.Run("InvoicesAreThoseOfTheBooksNewestFirst", func(t *testing.T) {
		for _, asked := range want.Customers {
			const size = 20
			got := pages(t, size, func(page int64) ([]model.Invoice, int64, int64, int64, int64, bool) {
				items := int64(size)
				r, err := crs.ListInvoicesWithResponse(ctx, &model.ListInvoicesParams{Customer: asked, Items: &items, Page: &page})
				if err != nil || r.JSON200 == nil {
					t.Fatalf("%v: %v, %s", asked, err, r.Body)
				}
				p := r.JSON200
				return p.Items, p.TotalPages, p.TotalElements, p.Number, p.Size, p.Empty
			})
			for i := range got {
				hide(t, g, &got[i].PdfURL)
				if i > 0 && got[i-1].InvoiceDate < got[i].InvoiceDate {
					t.Errorf("%s: invoice %s stands above a newer one", asked, got[i-1].InvoiceID)
				}
			}
			if diff := cmp.Diff(expected(want.Invoices, asked), got); diff != "" {
				t.Errorf("invoices of %s differ (-want +got):\n%s", asked, diff)
			}
		}
	})
	t.Run("LocationsAreThoseOfTheBooks", func(t *testing.T) {
		const size = 3
		got := pages(t, size, func(page int64) ([]model.Location, int64, int64, int64, int64, bool) {
			items := int64(size)
			r, err := crs.ListLocationsWithResponse(ctx, &model.ListLocationsParams{Items: &items, Page: &page})
			if err != nil || r.JSON200 == nil {
				t.Fatalf("%v, %s", err, r.Body)
			}
			p := r.JSON200
			return p.Items, p.TotalPages, p.TotalElements, p.Number, p.Size, p.Empty
		})
		if diff := cmp.Diff(expected(want.Locations), got); diff != "" {
			t.Errorf("locations differ (-want +got):\n%s", diff)
		}
	})
	t.Run("TheCatalogHasTheCustomersRatesBeforeTheBooks", func(t *testing.T) {
		for _, c := range want.Catalog {
			params := &model.ListCategoriesParams{}
			if c.Customer != "" {
				params.Customer = &c.Customer
			}
			r, err := crs.ListCategoriesWithResponse(ctx, params)
			if err != nil || r.JSON200 == nil {
				t.Fatalf("%q: %v, %s", c.Customer, err, r.Body)
			}
			if diff := cmp.Diff(c.Categories, r.JSON200.Items); diff != "" {
				t.Errorf("the catalog for %q differs (-want +got):\n%s", c.Customer, diff)
			}
		}
	})
	t.Run("ACustomerIsFoundByItsExactNumberAlone", func(t *testing.T) {
		for _, c := range want.Found {
			r, err := crs.GetCustomerWithResponse(ctx, &model.GetCustomerParams{Customer: c.CustomerID})
			if err != nil || r.JSON200 == nil {
				t.Fatalf("%s: %v, %s", c.CustomerID, err, r.Body)
			}
			if diff := cmp.Diff(c, r.JSON200.Customer); diff != "" {
				t.Errorf("customer %s differs (-want +got):\n%s", c.CustomerID, diff)
			}
		}
	})
	t.Run("EveryDocumentComesAsPDFWithRanges", func(t *testing.T) {
		pull := g.with(g.token("pdf", g.addClient("pdf", "D100")))
		seen := 0
		for _, d := range want.Documented[:min(len(want.Documented), 40)] {
			address := addressOf(t, crs, want, d)
			if address == "" {
				continue // of a customer that is not asked for
			}
			seen++
			a := pull.Get(strings.TrimPrefix(address, g.base))
			if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(a.Body), "%PDF-") {
				t.Fatalf("%s %s: %d, %s", d.Kind, d.ID, a.Status, a.Header)
			}
			part := pull.Get(strings.TrimPrefix(address, g.base), servertest.Header("Range", "bytes=0-4"))
			if part.Status != http.StatusPartialContent || string(part.Body) != "%PDF-" {
				t.Errorf("%s %s: %d, %q", d.Kind, d.ID, part.Status, part.Body)
			}
		}
		if seen < 2 {
			t.Errorf("%d documents were reached", seen)
		}
	})
	t.Run("ChangesAreThoseSince", func(t *testing.T) {
		for _, c := range want.Changes[:min(len(want.Changes), 10)] {
			if c.Always {
				continue
			}
			since := c.Latest.Add(adaptertest.Overlap)
			r, err := crs.ListChangesWithResponse(ctx, &model.ListChangesParams{Since: since.UTC().Format(time.RFC3339)})
			if err != nil || r.JSON200 == nil {
				t.Fatalf("%v, %s", err, r.Body)
			}
			wanted := map[string][]model.ChangeKind{}
			for _, other := range want.Changes {
				if other.Always || !other.Latest.Before(c.Latest) {
					wanted[other.Customer] = append(wanted[other.Customer], model.ChangeKind(other.Kind))
				}
			}
			got := map[string][]model.ChangeKind{}
			for _, one := range r.JSON200.Items {
				got[one.CustomerID] = one.Types
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("changes since %s differ (-want +got):\n%s", since, diff)
			}
		}
	})
	t.Run("WhatWasNotSentAsItStoodIsCounted", func(t *testing.T) {
		for _, what := range []string{
			`dealerbridge_values_noted_total{dealer="D100",endpoint="contract"`,
			`dealerbridge_http_requests_total{dealer="D100"`, `dealerbridge_dealer_ready{dealer="D100"} 1`,
			`dealerbridge_pool_connections_max{dealer="D100"}`, "dealerbridge_sweep_lists", "go_goroutines", "dealerbridge_build_info",
		} {
			if !strings.Contains(g.metrics(), what) {
				t.Errorf("/metrics does not hold %s", what)
			}
		}
	})
	t.Run("NeitherLogNorMetricsHoldWhatRequestsAndRowsHold", func(t *testing.T) {
		all := g.log.String() + g.metrics()
		for _, private := range []string{"Thornbury", "0000412", "since=", "customer="} {
			if i := strings.Index(all, private); i >= 0 {
				t.Errorf("%q stands in the log or the metrics: %s", private, all[max(0, i-200):min(len(all), i+100)])
			}
		}
	})
}

// addressOf asks for the row a document belongs to and gives its pdfUrl.
func addressOf(t *testing.T, crs *client.ClientWithResponses, want *adaptertest.Expectation, d adaptertest.Documented) string {
	t.Helper()
	items := int64(100)
	switch string(d.Kind) {
	case "contract":
		for _, row := range want.Contracts {
			if row.ID != d.ID || row.Item == nil {
				continue
			}
			for page := int64(0); ; page++ {
				r, err := crs.ListContractsWithResponse(t.Context(), &model.ListContractsParams{Customer: []string{row.Customer}, Items: &items, Page: &page})
				if err != nil || r.JSON200 == nil {
					t.Fatalf("%s: %v, %s", row.Customer, err, r.Body)
				}
				for _, c := range r.JSON200.Items {
					if c.ContractID == d.ID {
						return *c.PdfURL
					}
				}
				if page >= r.JSON200.TotalPages-1 {
					break
				}
			}
		}
	case "invoice":
		for _, row := range want.Invoices {
			if row.ID != d.ID || row.Item == nil {
				continue
			}
			for page := int64(0); ; page++ {
				r, err := crs.ListInvoicesWithResponse(t.Context(), &model.ListInvoicesParams{Customer: row.Customer, Items: &items, Page: &page})
				if err != nil || r.JSON200 == nil {
					t.Fatalf("%s: %v, %s", row.Customer, err, r.Body)
				}
				for _, i := range r.JSON200.Items {
					if i.InvoiceID == d.ID {
						return *i.PdfURL
					}
				}
				if page >= r.JSON200.TotalPages-1 {
					break
				}
			}
		}
	}
	return ""
}

// TestBrokenMapping: where so many rows cannot be sent that the mapping must be
// wrong, nothing is sent, and it is told.
func TestBrokenMapping(t *testing.T) {
	dealer := prairie(t, "D100")
	replaceIn(t, filepath.Join(dealer.Mapping, "rms.yaml"), "{R: Rental, L: Lease", "{X: Rental, L: Lease")
	g := start(t, serving(dealer))
	pull := g.as("crs", "D100")
	pull.Get("/api/v1/contract?customer=0000412").Problem(http.StatusServiceUnavailable)
	for _, want := range []string{
		`dealerbridge_left_out_alerts_total{dealer="D100",endpoint="contract"} 1`,
		`dealerbridge_values_noted_total{dealer="D100",endpoint="contract",field="contractType",reason="unmapped"}`,
	} {
		if m := g.metrics(); !strings.Contains(m, want) {
			t.Errorf("/metrics does not hold %s", want)
		}
	}
	if a := pull.Get("/api/v1/jobsite?customer=0000412"); a.Status != http.StatusOK {
		t.Errorf("another endpoint is answered %d", a.Status)
	}
}

// TestHostileCustomers: numbers that are nearly somebody's are nobody's. What
// comes back is a clear refusal or nothing at all, never another's row.
func TestHostileCustomers(t *testing.T) {
	g := start(t, serving(prairie(t, "D100")))
	pull := g.as("crs", "D100")
	numbers := append(adaptertest.Expected(t).Unknown,
		"abc", "412abc", "0000412--", "0000412;DROP TABLE RENTAL", "0000412'/*", `0000412" OR 1=1 #`, "0000412) OR (1=1",
		"0000412\t", "0000412\n", "0x30303030343132", "%00", "\xff\xfe", "０００0412", strings.Repeat("0", 10000)+"412", "4.12e2", "+412",
	)
	for _, number := range numbers {
		for _, path := range []string{"contract", "jobsite", "invoice", "dealer-category", "customer"} {
			a := pull.Get(fmt.Sprintf("/api/v1/%s?customer=%s", path, url.QueryEscape(number)))
			var list struct {
				Items []struct {
					CustomerID string `json:"customerId"`
				} `json:"items"`
				Total int64 `json:"totalElements"`
			}
			switch {
			case a.Status == http.StatusBadRequest:
			case a.Status == http.StatusNotFound && path == "customer":
			case a.Status == http.StatusOK && path != "customer":
				if a.Into(&list); list.Total != 0 || path != "dealer-category" && len(list.Items) != 0 {
					t.Errorf("%s of %.40q: %.300s", path, number, a.Body)
				}
			default:
				t.Errorf("%s of %.40q: status %d: %.300s", path, number, a.Status, a.Body)
			}
			for _, leak := range []string{"Thornbury", "SELECT", "RENTAL", "sqlite", "goroutine"} {
				if strings.Contains(string(a.Body), leak) {
					t.Errorf("%s of %.40q: %q leaks", path, number, leak)
				}
			}
		}
	}
	var whole model.ContractPage
	if pull.Get("/api/v1/contract?customer=0000412").Into(&whole); whole.TotalElements == 0 {
		t.Error("the customer itself has nothing any more")
	}
}
