package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

// serves says whether a dealer's customer is served.
func serves(pull *servertest.Client, dealer string) int {
	return pull.Get("/api/v1/contract?customer=0000412&dealer=" + dealer).Status
}

// TestTwoDealers: what is wrong with one dealer does not touch the other, is
// named by readiness, and is over when it is mended.
func TestTwoDealers(t *testing.T) {
	t.Run("OneMappingIsBroken", func(t *testing.T) {
		well, ill := prairie(t, "D100"), prairie(t, "D200")
		file := filepath.Join(ill.Mapping, "rms.yaml")
		replaceIn(t, file, "contractId: r.CONNO", "contractIdd: r.CONNO")
		g := start(t, serving(well, ill))
		pull := g.as("crs", "D100", "D200")
		if got := serves(pull, "D100"); got != http.StatusOK {
			t.Errorf("the other dealer is answered %d", got)
		}
		p := pull.Get("/api/v1/contract?customer=0000412&dealer=D200").Problem(http.StatusServiceUnavailable)
		if servertest.Slug(p) != "dealer-mapping-faulty" || strings.Contains(p.Message, "contractId") {
			t.Errorf("got %+v", p)
		}
		status, states := g.ready()
		if diff := cmp.Diff(map[string]string{"D100": "ready", "D200": "mapping-faulty"}, states); diff != "" || status != http.StatusOK {
			t.Errorf("readiness is %d (-want +got):\n%s", status, diff)
		}
		g.log.wait(t, "rms.yaml:", `contractIdd`, `did you mean \"contractId\"?`)

		replaceIn(t, file, "contractIdd: r.CONNO", "contractId: r.CONNO")
		g.ticks.tick()
		eventually(t, "the mended mapping is served", func() error { return wantStatus(serves(pull, "D200"), http.StatusOK) })
	})
	t.Run("OneMappingDoesNotFitItsTables", func(t *testing.T) {
		well, ill := prairie(t, "D100"), prairie(t, "D200")
		replaceIn(t, filepath.Join(ill.Mapping, "rms.yaml"), "poNumber: r.ORDER", "poNumber: r.ORDR")
		g := start(t, serving(well, ill))
		pull := g.as("crs", "D100", "D200")
		if got := serves(pull, "D100"); got != http.StatusOK {
			t.Errorf("the other dealer is answered %d", got)
		}
		pull.Get("/api/v1/contract?customer=0000412&dealer=D200").Problem(http.StatusServiceUnavailable)
		if _, states := g.ready(); states["D200"] != "mapping-faulty" {
			t.Errorf("got %v", states)
		}
		g.log.wait(t, "ORDR", `did you mean \"ORDER\"?`)
	})
	t.Run("OneDatabaseIsAway", func(t *testing.T) {
		well, ill := prairie(t, "D100"), prairie(t, "D200")
		hidden := ill.Database.Path + ".away"
		if err := os.Rename(ill.Database.Path, hidden); err != nil {
			t.Fatal(err)
		}
		g := start(t, serving(well, ill))
		pull := g.as("crs", "D100", "D200")
		if got := serves(pull, "D100"); got != http.StatusOK {
			t.Errorf("the other dealer is answered %d", got)
		}
		pull.Get("/api/v1/contract?customer=0000412&dealer=D200").Problem(http.StatusServiceUnavailable)
		status, states := g.ready()
		if diff := cmp.Diff(map[string]string{"D100": "ready", "D200": "unavailable"}, states); diff != "" || status != http.StatusOK {
			t.Errorf("readiness is %d (-want +got):\n%s", status, diff)
		}
		if !strings.Contains(g.metrics(), `dealerbridge_dealer_ready{dealer="D200"} 0`) {
			t.Error("the metrics do not say so")
		}
		if err := os.Rename(hidden, ill.Database.Path); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the database that is back is served", func() error {
			g.clock.advance(time.Second)
			g.ticks.tick()
			return wantStatus(serves(pull, "D200"), http.StatusOK)
		})
		eventually(t, "readiness says so", func() error {
			g.clock.advance(5 * time.Second)
			_, states := g.ready()
			if states["D200"] != "ready" {
				return wantStatus(0, 1)
			}
			return nil
		})
	})
	t.Run("NoneCanBeServed", func(t *testing.T) {
		ill := prairie(t, "D100")
		replaceIn(t, filepath.Join(ill.Mapping, "rms.yaml"), "timezone: America/Chicago", "timezone: America/Chicage")
		g := start(t, serving(ill))
		if status, _ := g.ready(); status != http.StatusServiceUnavailable {
			t.Errorf("readiness is %d", status)
		}
		if err := alive(t, g, nil); err != nil {
			t.Errorf("it is not alive: %v", err)
		}
	})
}

// TestChangedFolder: a changed mapping is in force without a restart; a faulty
// one leaves the one before.
func TestChangedFolder(t *testing.T) {
	d := prairie(t, "D100")
	file := filepath.Join(d.Mapping, "rms.yaml")
	g := start(t, serving(d))
	pull := g.as("crs", "D100")
	name := func() string {
		var a model.CustomerAnswer
		pull.Get("/api/v1/customer?customer=0001007").Into(&a)
		return a.Customer.CustomerName
	}
	const plain = "Quarry Ridge Paving & Sons"
	if got := name(); got != plain {
		t.Fatalf("got %q", got)
	}
	replaceIn(t, file, "customerName: {from: cus.NAME, plain: true}", "customerName: cus.NAME")
	g.ticks.tick()
	g.log.wait(t, "the changed mapping is in force")
	if got := name(); !strings.Contains(got, "<b>") {
		t.Errorf("got %q", got)
	}
	replaceIn(t, file, "customerName: cus.NAME", "customerName: cus.NAMME")
	g.ticks.tick()
	g.log.wait(t, "the one before stays in force", "NAMME")
	if got := name(); !strings.Contains(got, "<b>") {
		t.Errorf("the faulty mapping was taken up: %q", got)
	}
	if m := g.metrics(); !strings.Contains(m, `dealerbridge_mapping_reloads_total{dealer="D100",result="refused"} 1`) ||
		!strings.Contains(m, `dealerbridge_mapping_reloads_total{dealer="D100",result="taken"} 1`) {
		t.Error("the metrics do not count it")
	}
	replaceIn(t, file, "customerName: cus.NAMME", "customerName: {from: cus.NAME, plain: true}")
	g.ticks.tick()
	eventually(t, "the mended mapping is in force", func() error {
		if got := name(); got != plain {
			return wantStatus(0, 1)
		}
		return nil
	})
}

// TestSweepGoesOnWhileTheMappingChanges: pages read before and after a change
// of the mapping make one whole list.
func TestSweepGoesOnWhileTheMappingChanges(t *testing.T) {
	d := prairie(t, "D100")
	g := start(t, serving(d))
	pull := g.as("crs", "D100")
	page := func(n string) (p model.ContractPage) {
		pull.Get("/api/v1/contract?customer=0000088&items=40&page=" + n).Into(&p)
		return p
	}
	seen := map[string]bool{}
	first := page("0")
	for _, c := range first.Items {
		seen[c.ContractID] = true
	}
	replaceIn(t, filepath.Join(d.Mapping, "rms.yaml"), "payment: {CK: Check", "payment: {CK: Cheque")
	g.ticks.tick()
	g.log.wait(t, "the changed mapping is in force")
	second := page("1")
	for _, c := range second.Items {
		if seen[c.ContractID] {
			t.Errorf("contract %s came twice", c.ContractID)
		}
	}
	if second.TotalElements != first.TotalElements || len(second.Items) == 0 {
		t.Errorf("got %d of %d, then %d of %d", len(first.Items), first.TotalElements, len(second.Items), second.TotalElements)
	}
}
