package main_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

// hourglass is the machine's clock, which a test lets run ahead; whoever sleeps
// by it wakes when its time has come. Short pauses, those before another try,
// take no time: the clock is put forward instead. Who keeps a lease alive sleeps
// longer than that, or the clock would run away with it.
type hourglass struct {
	mu    sync.Mutex
	ahead time.Duration
	moved chan struct{}
}

func newHourglass(ahead time.Duration) *hourglass {
	return &hourglass{ahead: ahead, moved: make(chan struct{})}
}

func (h *hourglass) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

func (h *hourglass) turn(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead += d
	close(h.moved)
	h.moved = make(chan struct{})
}

func (h *hourglass) Sleep(ctx context.Context, d time.Duration) error {
	if d < 12*time.Second {
		h.turn(d)
		return ctx.Err()
	}
	until := h.Now().Add(d)
	for h.Now().Before(until) {
		h.mu.Lock()
		moved := h.moved
		h.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stampless is a dealer of a few customers whose tables say nothing about when
// rows changed, with documents of the test's own.
func stampless(t *testing.T, code, section string) config.Dealer {
	t.Helper()
	d := prairie(t, code)
	documents := filepath.Join(t.TempDir(), "documents")
	if err := os.CopyFS(documents, os.DirFS(d.Documents)); err != nil {
		t.Fatal(err)
	}
	d.Documents = documents
	d.Changes.Busy = 1 // how long a call takes on this machine must not matter
	file := filepath.Join(d.Mapping, "rms.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole, _, found := strings.Cut(string(raw), "\nchanges:\n")
	notes := regexp.MustCompile(`(?m)^  CUST NOTES:.*\n`)
	if !found || !notes.MatchString(whole) {
		t.Fatal("the mapping has no section changes, or no owner of the notes that only this section reads")
	}
	whole = notes.ReplaceAllString(whole, "")
	db, err := sql.Open("sqlite", "file:"+d.Database.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = db.ExecContext(t.Context(), "DELETE FROM CUSMAS WHERE trim(CUST) NOT IN ('412', '88', '211')"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(whole+"\nchanges:\n"+section), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// watched is a running gateway and one who asks it what changed.
type watched struct {
	*gateway
	glass *hourglass
	pull  *servertest.Client
	db    *sql.DB
}

func watch(t *testing.T, d config.Dealer, state string, ahead time.Duration) *watched {
	t.Helper()
	w := &watched{glass: newHourglass(ahead)}
	cfg := serving(d)
	cfg.State.Path = state
	cfg.Token.Life = 24 * time.Hour
	w.gateway = start(t, cfg, func(o *app.Options) { o.Now, o.Sleep = w.glass.Now, w.glass.Sleep })
	w.pull = w.as(fmt.Sprint("crs-", time.Now().UnixNano()), d.Code)
	db, err := sql.Open("sqlite", "file:"+d.Database.Path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.db = db
	return w
}

// edit changes the dealer's tables; so many rows at least.
func (w *watched) edit(statement string, args ...any) {
	w.t.Helper()
	done, err := w.db.ExecContext(w.t.Context(), statement, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		w.t.Fatalf("%s: %d rows %v", statement, n, err)
	}
}

// finished reads when the last comparison of a kind was complete.
func (w *watched) finished(kind string) float64 {
	w.t.Helper()
	found := regexp.MustCompile(`dealerbridge_changes_round_finished_seconds\{dealer="D100",kind="` + kind + `"\} (\S+)`).FindStringSubmatch(w.metrics())
	if found == nil {
		return 0
	}
	at, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// compared lets time go by and waits until every kind was compared anew, from
// the first customer to the last. A round may be under way when it is called,
// already past what the test has just changed, so two have to end.
func (w *watched) compared(kinds ...string) {
	w.t.Helper()
	for range 2 {
		before := float64(w.glass.Now().Unix())
		w.glass.turn(31 * time.Minute)
		for _, kind := range kinds {
			eventually(w.t, "another comparison of "+kind, func() error {
				if w.finished(kind) <= before {
					w.glass.turn(time.Minute) // the worker may have begun its pause only now
					return errors.New("it is not complete")
				}
				return nil
			})
		}
	}
}

// since asks what changed.
func (w *watched) since(at time.Time) []string {
	w.t.Helper()
	var a model.ChangeAnswer
	w.pull.Get("/api/v1/incremental?since=" + url.QueryEscape(at.UTC().Format(time.RFC3339))).Into(&a)
	all := []string{}
	for _, c := range a.Items {
		for _, kind := range c.Types {
			all = append(all, c.CustomerID+" "+string(kind))
		}
	}
	return all
}

// grades reads from /readyz how changes are learnt of.
func (w *watched) grades() map[string]string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+"/readyz", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		w.t.Fatal(err)
	}
	var body struct {
		Dealers []struct{ Changes map[string]string }
	}
	if err := json.Unmarshal(raw, &body); err != nil || len(body.Dealers) != 1 {
		w.t.Fatalf("%v: %s", err, raw)
	}
	return body.Dealers[0].Changes
}

// TestChangesWithoutStamps: what changed is found by comparing what would be
// sent, on the demo's tables, through the API.
func TestChangesWithoutStamps(t *testing.T) {
	const section = "  contract: snapshot\n  invoice: snapshot\n  document: snapshot\n  catalog: none\n"
	d := stampless(t, "D100", section)
	state := filepath.Join(t.TempDir(), "state")
	w := watch(t, d, state, 0)
	kinds := []string{"contract", "invoice", "document"}
	if got := w.grades(); got["contract"] != "snapshot-warming" && got["contract"] != "snapshot" || got["catalog"] != "none" {
		t.Errorf("readiness gives the grades %v", got)
	}
	for _, kind := range kinds {
		eventually(t, "the first comparison of "+kind, func() error {
			if w.finished(kind) == 0 {
				return errors.New("it is not complete")
			}
			return nil
		})
	}
	w.log.wait(t, "the first comparison is complete")
	eventually(t, "readiness says that the first comparison is complete", func() error {
		w.glass.turn(3 * time.Second)
		if got := w.grades(); got["contract"] != "snapshot" || got["invoice"] != "snapshot" || got["document"] != "snapshot" {
			return fmt.Errorf("it gives the grades %v", got)
		}
		return nil
	})
	if m := w.metrics(); !strings.Contains(m, `dealerbridge_changes_grade{dealer="D100",grade="snapshot",kind="contract"} 1`) {
		t.Error("the metrics do not say how changes are found")
	}

	asked := w.glass.Now()
	w.compared(kinds...)
	if got := w.since(asked); len(got) != 0 {
		t.Errorf("nothing changed, and %v is told", got)
	}

	var contracts model.ContractPage
	w.pull.Get("/api/v1/contract?customer=0000412&items=1").Into(&contracts)
	var invoices model.InvoicePage
	w.pull.Get("/api/v1/invoice?customer=0000088&items=1").Into(&invoices)
	if len(contracts.Items) == 0 || len(invoices.Items) == 0 {
		t.Fatal("the demo's customers have no contract or no invoice")
	}
	number, _, _ := strings.Cut(invoices.Items[0].InvoiceID, "-")
	t.Run("AChildRowIsToldAndAnotherCompanyIsNot", func(t *testing.T) {
		w.glass.turn(10 * time.Minute)
		asked := w.glass.Now()
		w.edit(`UPDATE RENTLN SET "DESC" = 'Bent and straightened' WHERE CO = '01' AND trim(CONNO) = ?`, contracts.Items[0].ContractID)
		w.edit(`UPDATE RENTAL SET "ORDER" = 'X' WHERE CO <> '01'`)
		w.compared(kinds...)
		if got := w.since(asked); !slices.Equal(got, []string{"0000412 contract"}) {
			t.Errorf("got %v, want the contract alone", got)
		}
	})
	t.Run("AHardDeleteAndAScanAreTold", func(t *testing.T) {
		w.glass.turn(10 * time.Minute) // away from what was found before
		asked := w.glass.Now()
		w.edit(`DELETE FROM INVHDR WHERE CO = '01' AND INVNO = ?`, number)
		file := filepath.Join(d.Documents, "contracts", contracts.Items[0].ContractID+".pdf")
		if err := os.WriteFile(file, []byte("%PDF-1.4 signed again"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.compared(kinds...)
		// A document goes with its invoice, and an address comes with a document.
		may := []string{"0000088 document", "0000412 contract"}
		got := slices.DeleteFunc(w.since(asked), func(c string) bool { return slices.Contains(may, c) })
		if !slices.Equal(got, []string{"0000088 invoice", "0000412 document"}) {
			t.Errorf("got %v, want the invoice and the document", got)
		}
	})
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	t.Run("WhileTheGatewayWasDown", func(t *testing.T) {
		w.edit(`DELETE FROM RENTAL WHERE CO = '01' AND trim(CONNO) = ?`, contracts.Items[0].ContractID)
		asked := w.glass.Now().Add(10 * time.Minute)
		again := watch(t, d, state, w.glass.ahead+10*time.Minute)
		again.compared(kinds...)
		if got := again.since(asked); !slices.Contains(got, "0000412 contract") {
			t.Errorf("got %v, want the customer's contract", got)
		}
		if strings.Contains(again.log.String(), "the first comparison is complete") {
			t.Error("what was known before the restart was learnt anew")
		}
	})
}
