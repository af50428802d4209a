package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// hostile is a gateway between Caterpillar's simulated side, which answers as it
// should not, and a CRM in a file.
type hostile struct {
	t      *testing.T
	box    *sandbox.Sandbox
	crm    *sql.DB
	config string
	log    *journal
}

// What no log may hold: a secret, and something of a person.
const (
	hostileSecret = "hostile-secret-of-prairie"
	hostilePerson = "Wilhelmine Quastenberg"
	hostileMail   = "w.quastenberg@private.example"
)

func newHostile(t *testing.T) *hostile {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Seed: 3, Clients: []sandbox.Client{{ID: "prairie", Secret: hostileSecret, Dealer: "D100"}}})
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(box)
	t.Cleanup(service.Close)
	dir := t.TempDir()
	h := &hostile{t: t, box: box, config: filepath.Join(dir, "dealerbridge.yaml"), log: newJournal()}
	file := filepath.Join(dir, "crm.db")
	if h.crm, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.crm.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := demo.LoadCRM(t.Context(), h.crm, demo.SQLite, ""); err != nil {
		t.Fatal(err)
	}
	mapping := filepath.Join(dir, "mapping")
	if err := os.CopyFS(mapping, demo.Mapping()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(mapping, "rms.yaml")); err != nil { // leads need no rental system
		t.Fatal(err)
	}
	text := fmt.Sprintf(`publicURL: http://127.0.0.1:8080
log: {format: json, level: debug}
dealers:
  - code: D100
    mapping: %s
    database: {driver: sqlite, path: %s}
    crm: {driver: sqlite, path: %s}
    leads: {clientId: prairie, clientSecret: %s, service: %s, tokenService: %s, pull: 1s, push: 1s, margin: 1m}
`, mapping, filepath.Join(dir, "rental.db"), file, hostileSecret, service.URL+sandbox.LeadBase, service.URL+sandbox.TokenPath)
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "test", []string{"serve", "--config", h.config, "--listen", "127.0.0.1:0"}, h.log, h.log)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d:\n%s", code, h.log)
		}
	})
	h.log.wait(t, `"msg":"serving"`)
	return h
}

// lead adds a lead; members replace the usual ones, as they are.
func (h *hostile) lead(members ...string) (id string) {
	h.t.Helper()
	text := fmt.Sprintf(`{"name":%q,"firstName":"Wilhelmine","lastName":"Quastenberg","emailAddress":%q,"company":"Quastenberg Paving","city":"Tallgrass","stateOrProvince":"IA","bcpNewUsedRental":"New","productOfInterest":"Dozer"%s}`,
		hostilePerson, hostileMail, strings.Join(append([]string{""}, members...), ","))
	ids, err := h.box.AddLeads("", []json.RawMessage{json.RawMessage(text)})
	if err != nil {
		h.t.Fatal(err)
	}
	return ids[0]
}

func (h *hostile) faults(faults ...sandbox.Fault) {
	h.t.Helper()
	if err := h.box.AddFaults(faults...); err != nil {
		h.t.Fatal(err)
	}
}

// stands waits until a lead is in the CRM, and makes sure that it is there once.
func (h *hostile) stands(ids ...string) {
	h.t.Helper()
	for _, id := range ids {
		eventually(h.t, "lead "+id+" comes", func() error {
			var n int
			if err := h.crm.QueryRowContext(h.t.Context(), "SELECT count(*) FROM LEADCF WHERE CF_701 = ?", id).Scan(&n); err != nil {
				return err
			}
			if n != 1 {
				return fmt.Errorf("it stands there %d times", n)
			}
			return nil
		})
	}
}

// show is what a person is told of a lead.
func (h *hostile) show(id string) string {
	h.t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Run(h.t.Context(), "test", []string{"leads", "show", id, "--config", h.config}, &out, &errs); code != 0 {
		h.t.Fatalf("leads show %s: %d, %s", id, code, &errs)
	}
	if out.Len() > 256<<10 {
		h.t.Errorf("leads show %s prints %d bytes at a person", id, out.Len())
	}
	return out.String()
}

// TestLeadsSurviveHostileAnswers has Caterpillar's side answer as nobody should.
// No lead is lost, each can be told of, and logs hold nothing they must not.
func TestLeadsSurviveHostileAnswers(t *testing.T) {
	h := newHostile(t)
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)

	sub := func(name string, do func(h *hostile)) {
		t.Run(name, func(t *testing.T) {
			one := *h
			one.t = t
			do(&one)
		})
	}
	sub("APageInHTML", func(h *hostile) {
		h.faults(sandbox.Fault{On: sandbox.Leads, Kind: sandbox.HTML}, sandbox.Fault{On: sandbox.Leads, Kind: sandbox.HTML, Status: 503})
		h.stands(h.lead())
	})
	sub("AnErrorWithStatus200", func(h *hostile) {
		h.faults(sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Status, Status: 200, Body: `{"message":"Invalid access token."}`})
		h.stands(h.lead())
	})
	sub("ATokenEndpointThatIsDown", func(h *hostile) {
		h.box.ExpireTokens()
		h.faults(sandbox.Fault{On: sandbox.Token, Kind: sandbox.Drop}, sandbox.Fault{On: sandbox.Token, Kind: sandbox.Status, Status: 500})
		h.stands(h.lead())
	})
	sub("ARedirectToAnotherHost", func(h *hostile) {
		h.faults(sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Status, Status: 307, Location: other.URL + "/leads"})
		h.stands(h.lead())
		if n := elsewhere.Load(); n != 0 {
			h.t.Errorf("the other host was called %d times", n)
		}
	})
	sub("AnAnswerThatDrips", func(h *hostile) {
		h.faults(sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Drip, Delay: sandbox.Wait(20 * time.Millisecond)})
		h.stands(h.lead(), h.lead())
	})
	sub("AnAnswerThatIsCut", func(h *hostile) {
		h.faults(sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Cut})
		h.stands(h.lead(), h.lead(), h.lead())
	})
	sub("MembersNobodyKnowsAndTypesNobodyExpects", func(h *hostile) {
		id := h.lead(`"memberOfTomorrow":{"deep":[[[1]]]}`, `"productOfInterestQuantity":"many"`, `"rentalStartDate":"soon"`, `"agreeToContact":"perhaps"`,
			`"systemScore":{"A":1}`, `"zipOrPostal":50010`, `"catPrequalificationStatus":"maybe"`, `"address1":["a","b"]`)
		h.stands(id)
		if got := h.show(id); !strings.Contains(got, id) {
			h.t.Errorf("got %s", got)
		}
	})
	sub("TextThatIsNoUTF8", func(h *hostile) {
		id := h.lead("\"commentsMaster\":\"a\xff\xfeb\xc3\"")
		h.stands(id)
	})
	sub("ALeadOfTenMegabytes", func(h *hostile) {
		id := h.lead(`"commentsMaster":"` + strings.Repeat("long ", 2<<20) + `"`)
		h.stands(id)
		if got := h.show(id); !strings.Contains(got, id) {
			h.t.Errorf("got %.300s", got)
		}
	})
	sub("PagesWithoutEnd", func(h *hostile) {
		settings := h.box.Settings()
		settings.Endless = true
		if err := h.box.Set(settings); err != nil {
			h.t.Fatal(err)
		}
		eventually(h.t, "leads are written while more come", func() error {
			var n int
			if err := h.crm.QueryRowContext(h.t.Context(), "SELECT count(*) FROM LEADCF").Scan(&n); err != nil {
				return err
			}
			if n < 500 {
				return fmt.Errorf("%d leads", n)
			}
			return nil
		})
		settings.Endless = false
		if err := h.box.Set(settings); err != nil {
			h.t.Fatal(err)
		}
	})
	sub("NothingIsLostAndNothingTwice", func(h *hostile) {
		eventually(h.t, "all leads come", func() error {
			known := h.box.Leads()
			var n, twice int
			if err := h.crm.QueryRowContext(h.t.Context(), "SELECT count(DISTINCT CF_701), count(CF_701) - count(DISTINCT CF_701) FROM LEADCF").Scan(&n, &twice); err != nil {
				return err
			}
			if n != len(known) || twice > 0 {
				return fmt.Errorf("%d of %d leads, %d twice", n, len(known), twice)
			}
			return nil
		})
	})
	sub("LogsHoldNoSecretAndNobody", func(h *hostile) {
		text := h.log.String()
		for _, planted := range []string{hostileSecret, hostileMail, hostilePerson, "Quastenberg", "Wilhelmine", "@sandbox.example"} {
			for line := range strings.Lines(text) {
				if strings.Contains(line, planted) {
					h.t.Errorf("the log holds %q: %.300s", planted, line)
				}
			}
		}
	})
}
