package main_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// TestHostileParameters: whatever stands in an address is answered clearly, and
// nothing of the inside shows.
func TestHostileParameters(t *testing.T) {
	g := start(t, serving(prairie(t, "D100")))
	pull := g.as("crs", "D100")
	const ok, bad, forbidden, missing, method = http.StatusOK, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed
	long := strings.Repeat("9", 10000)
	for _, c := range []struct {
		path string
		want int
	}{
		{"/api/v1/contract", bad},
		{"/api/v1/contract?customer=", bad},
		{"/api/v1/contract?customer=0000412,,0001007", bad},
		{"/api/v1/contract?customer=1,2,3,4,5,6", bad},
		{"/api/v1/contract?customer=0000412&customer=0001007", bad},
		{"/api/v1/contract?customer=0000412&Customer=0001007", bad},
		{"/api/v1/contract?CUSTOMER=0000412", ok},
		{"/api/v1/contract?customer=0000412&unknown=1", ok},
		{"/api/v1/contract?customer=%zz", bad},
		{"/api/v1/contract?customer=%00", bad},
		{"/api/v1/contract?customer=" + long, bad},
		{"/api/v1/contract?customer=0000412&items=0", bad},
		{"/api/v1/contract?customer=0000412&items=-1", bad},
		{"/api/v1/contract?customer=0000412&items=ten", bad},
		{"/api/v1/contract?customer=0000412&items=1e1", bad},
		{"/api/v1/contract?customer=0000412&items=" + long, bad},
		{"/api/v1/contract?customer=0000412&items=1;DROP%20TABLE%20RENTAL", bad},
		{"/api/v1/contract?customer=0000412&page=-1", bad},
		{"/api/v1/contract?customer=0000412&page=0%20OR%201=1", bad},
		{"/api/v1/contract?customer=0000412&page=9223372036854775808", bad},
		{"/api/v1/contract?customer=0000412&page=1000000", ok},
		{"/api/v1/contract?customer=0000412&dealer=D100", ok},
		{"/api/v1/contract?customer=0000412&dealer=D100%27--", forbidden},
		{"/api/v1/contract?customer=0000412&dealer=" + long, forbidden},
		{"/api/v1/invoice?customer=0000412,0001007", bad}, // one at a time
		{"/api/v1/customer", bad},
		{"/api/v1/customer?customer=9999999", missing},
		{"/api/v1/?customer=0000412", ok},
		{"/api/v1/location?tems=2", ok},
		{"/api/v1/location?tems=2&items=3", bad},
		{"/api/v1/incremental", bad},
		{"/api/v1/incremental?since=yesterday", bad},
		{"/api/v1/incremental?since=2026-05-01", bad},
		{"/api/v1/incremental?since=2026-13-01T00:00:00Z", bad},
		{"/api/v1/incremental?since=2026-05-01T00:00:00+02:00", ok},
		{"/api/v1/incremental?since=0000-00-00T00:00:00Z", ok},
		{"/api/v1/incremental?since=%27%29%20UNION%20SELECT%201--", bad},
		{"/api/v1/document/contract/..%2FLEDGER", missing},
		{"/api/v1/document/contract/..%2F..%2FLEDGER.pdf", missing},
		{"/api/v1/document/contract/%252e%252e%252fLEDGER", missing},
		{"/api/v1/document/contract/LEDGER.pdf", missing},
		{"/api/v1/document/invoice/1%20OR%201=1", missing},
		{"/api/v1/document/ledger/1", missing},
		{"/api/v1/contracts?customer=0000412", missing},
		{"/api/v2/contract?customer=0000412", missing},
		{"/etc/passwd", missing},
		{"/oauth2/token", method},
	} {
		a := pull.Get(c.path)
		if a.Status != c.want {
			t.Errorf("%.120s is answered %d, want %d: %.200s", c.path, a.Status, c.want, a.Body)
		}
		if a.Status == ok {
			continue
		}
		for _, leak := range []string{"Thornbury", "SELECT ", "RENTAL", "sqlite", "goroutine", ".go:", "strconv", long[:200], "/tmp/"} {
			if strings.Contains(string(a.Body), leak) {
				t.Errorf("%.120s: %q leaks: %.300s", c.path, leak, a.Body)
			}
		}
	}
	for _, verb := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if a := pull.Do(verb, "/api/v1/contract?customer=0000412"); a.Status != method {
			t.Errorf("%s is answered %d", verb, a.Status)
		}
	}
	t.Run("ItemsAboveTheCapAreTheCap", func(t *testing.T) {
		var p model.ContractPage
		pull.Get("/api/v1/contract?customer=0000088&items=100000").Into(&p)
		if p.Size != 100 || len(p.Items) > 100 {
			t.Errorf("got %d of size %d", len(p.Items), p.Size)
		}
	})
	t.Run("TheBooksStillStand", func(t *testing.T) {
		var p model.ContractPage
		if pull.Get("/api/v1/contract?customer=0000412").Into(&p); p.TotalElements == 0 {
			t.Error("nothing is there any more")
		}
	})
}
