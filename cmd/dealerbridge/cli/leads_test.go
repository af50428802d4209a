package cli_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// house is a dealer with a CRM, a gateway's state and Caterpillar's side, and no
// gateway that runs.
type house struct {
	t      *testing.T
	dir    string
	file   string // the configuration
	played *sandbox.Sandbox
	sales  demo.Sales
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	played, err := sandbox.New(sandbox.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	h.played = played
	caterpillar := httptest.NewServer(played)
	t.Cleanup(caterpillar.Close)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "crm.db")+"?_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := demo.LoadCRM(t.Context(), db, demo.SQLite, ""); err != nil {
		t.Fatal(err)
	}
	h.sales = demo.Sales{DB: db, Now: time.Now}
	if err := os.CopyFS(filepath.Join(h.dir, "mapping"), demo.Mapping()); err != nil {
		t.Fatal(err)
	}
	h.file = write(t, h.dir, "dealerbridge.yaml", strings.ReplaceAll(`publicURL: http://127.0.0.1:8080
mail: {host: smtp.example.com, from: gateway@example.com, user: gateway, password: '${NOT_IN_THIS_SHELL}'}
dealers:
  - code: D100
    mapping: mapping
    database: {driver: sqlite, path: rental.db}
    crm: {driver: sqlite, path: crm.db}
    leads: {clientId: sandbox, clientSecret: sandbox, service: URL`+sandbox.LeadBase+`, tokenService: URL`+sandbox.TokenPath+`}
  - code: D200
    mapping: other
    database: {dsn: '${NOT_IN_THIS_SHELL}'}
    crm: {dsn: '${NOT_IN_THIS_SHELL}'}
    leads: {clientId: meadow, clientSecret: '${NOT_IN_THIS_SHELL}'}
`, "URL", caterpillar.URL))
	return h
}

// of adds whose leads are meant.
func (h *house) of(args ...string) []string {
	return append(args, "--config", h.file, "--dealer", "D100")
}

// does runs a command that works, and returns what it printed.
func (h *house) does(args ...string) string {
	h.t.Helper()
	code, out, errs := run(h.t, h.of(args...)...)
	if code != 0 || errs != "" {
		h.t.Fatalf("%v: %d, %s%s", args, code, out, errs)
	}
	return out
}

// prints compares what a command prints with a file.
func (h *house) prints(file string, args ...string) string {
	h.t.Helper()
	return prints(h.t, filepath.Join("leads", file), []string{h.dir}, h.of(args...)...)
}

// hands lays one lead out and fetches it, so that leads are numbered as they are
// named.
func (h *house) hands(id, company string, more map[string]any) string {
	h.t.Helper()
	lead := map[string]any{
		"leadId": id, "leadState": "NEW", "dateCreated": "2026-03-02T09:41:07Z", "firstName": "Carla", "lastName": "Nygaard", "company": company,
		"emailAddress": "carla@nygaard.example", "city": "Ames", "stateOrProvince": "IA", "county": "Story", "bcpNewUsedRental": "Rental",
		"productOfInterest": "Mini excavator", "commentsMaster": "Beside a live road.\x1b[31m",
	}
	for name, value := range more {
		lead[name] = value
	}
	raw, err := json.Marshal(lead)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.played.AddLeads("D100", []json.RawMessage{raw}); err != nil {
		h.t.Fatal(err)
	}
	return h.does("leads", "pull")
}

// works has somebody do something in the CRM with a lead.
func (h *house) works(do func(number string) error, id string) {
	h.t.Helper()
	number, err := h.sales.LeadNumber(h.t.Context(), id)
	if err == nil && number == "" {
		err = fmt.Errorf("the CRM has no lead %s", id)
	}
	if err == nil {
		err = do(number)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestLeads is one dealer's day, told by what the commands print.
func TestLeads(t *testing.T) {
	t.Parallel() // most of its time it waits between calls that fail
	h := newHouse(t)
	same := func(t *testing.T, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	same(t, h.does("leads", "list"), "no leads\n")
	same(t, h.does("leads", "pull"), "nothing to do\n")
	same(t, h.hands("LD-1", "Nygaard Groundworks", nil), "1 lead received, 1 lead written\n")
	same(t, h.hands("LD-2", "Birkner Quarries", map[string]any{"stateOrProvince": "NE"}), "1 lead received, 1 lead written\n")
	same(t, h.hands("LD-3", "Öberg 建設", map[string]any{"systemScore": "A1 and more than eight"}), "1 lead received, 1 lead held\n")
	h.does("leads", "push") // the first look finds what is there, and tells nothing of it
	h.works(func(n string) error { return h.sales.Offer(t.Context(), n) }, "LD-1")
	h.works(func(n string) error { return h.sales.TurnDown(t.Context(), n) }, "LD-2")

	t.Run("ADryRunShowsTheRowsOfLeadsThatAreNotWritten", func(t *testing.T) {
		h.prints("pull_dry.txt", "leads", "pull", "--dry-run")
		h.prints("pull_dry.json", "leads", "pull", "--dry-run", "--json")
	})
	t.Run("ADryRunShowsWhatWouldBeReported", func(t *testing.T) {
		h.prints("push_dry.txt", "leads", "push", "--dry-run")
		h.prints("push_dry.json", "leads", "push", "--dry-run", "--json")
		if n := len(h.played.Updates(0)); n != 0 {
			t.Errorf("%d updates arrived", n)
		}
	})
	t.Run("PushSaysWhatItDid", func(t *testing.T) {
		h.prints("push.txt", "leads", "push")
		if n := len(h.played.Updates(0)); n != 1 {
			t.Errorf("%d updates arrived", n)
		}
		h.prints("push_idle.json", "leads", "push", "--json")
	})
	t.Run("ListTellsHowFarEachCame", func(t *testing.T) {
		h.prints("list.txt", "leads", "list")
		h.prints("list.json", "leads", "list", "--json")
		h.prints("list_held.txt", "leads", "list", "--held")
		h.prints("list_state.txt", "leads", "list", "--lead-state", "held")
		h.prints("list_first.txt", "leads", "list", "--limit", "1")
		h.prints("list_rest.txt", "leads", "list", "--after", "LD-1")
	})
	t.Run("ShowTellsAJourney", func(t *testing.T) {
		h.prints("show.txt", "leads", "show", "LD-1")
		h.prints("show.json", "leads", "show", "LD-1", "--json")
		h.prints("show_update_held.txt", "leads", "show", "LD-2")
		h.prints("show_held.txt", "leads", "show", "LD-3")
	})
	t.Run("TheStateAloneIsEnoughToLook", func(t *testing.T) {
		code, out, errs := run(t, "leads", "list", "--state", filepath.Join(h.dir, "state"), "--dealer", "D100")
		if code != 0 || out != h.does("leads", "list") {
			t.Errorf("%d, %s%s", code, out, errs)
		}
	})
	t.Run("AParkedUpdateIsTriedAgain", func(t *testing.T) {
		h.works(func(n string) error { return h.sales.Win(t.Context(), n) }, "LD-1")
		if err := h.played.AddFaults(sandbox.Fault{On: sandbox.Updates, Kind: sandbox.Status, Status: http.StatusBadRequest, Times: -1}); err != nil {
			t.Fatal(err)
		}
		code, out, _ := run(t, h.of("leads", "push")...) // the failed calls are told beside it
		h.played.ClearFaults()
		if code != 0 {
			t.Errorf("ended with %d", code)
		}
		golden(t, "leads/push_parked.txt", out)
		h.prints("list_parked.txt", "leads", "list", "--parked")
		h.prints("show_parked.txt", "leads", "show", "LD-1")
		h.prints("replay.txt", "leads", "replay", "LD-1")
		h.prints("push_again.txt", "leads", "push")
		h.prints("replay_all.txt", "leads", "replay", "--all")
		h.prints("replay_all.json", "leads", "replay", "--all", "--json")
	})
	t.Run("AMendedMapLetsAHeldUpdateOut", func(t *testing.T) {
		reasons := filepath.Join(h.dir, "mapping", "rejected-reasons.yaml")
		text, err := os.ReadFile(reasons)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Dir(reasons), filepath.Base(reasons), string(text)+demo.UnlistedReason+": Bad Contact Information\n")
		h.prints("push_mended.txt", "leads", "push")
		same(t, h.does("leads", "list", "--held"), "no leads\n")
	})
	t.Run("ReconcileComparesTheHistory", func(t *testing.T) {
		h.prints("reconcile.txt", "leads", "reconcile", "--since", "2026-03-01")
	})
	t.Run("EraseForgets", func(t *testing.T) {
		h.prints("erase.txt", "leads", "erase", "LD-1")
		h.prints("show_erased.txt", "leads", "show", "LD-1")
	})
	t.Run("NothingOfThemSteersTheTerminal", func(t *testing.T) {
		files, err := filepath.Glob("testdata/leads/*.txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if raw, err := os.ReadFile(f); err != nil || regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f]`).Match(raw) {
				t.Errorf("%s: %v", f, err)
			}
		}
	})
}

func TestLeadsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.does("leads", "list") // which makes the state
	state := filepath.Join(h.dir, "state")
	crmless := write(t, h.dir, "crmless.yaml", "publicURL: http://127.0.0.1:8080\ndealers: [{code: D100, mapping: mapping, database: {driver: sqlite, path: r.db}}]\n")
	wrong := write(t, h.dir, "wrong.yaml", strings.Replace(string(mustReadFile(t, h.file)), "clientSecret: sandbox", "clientSecret: sandcastle", 1))
	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"ALeadNobodyKnows":              {h.of("leads", "show", "LD-404"), 1, []string{"dealer D100 has no such lead", "leads list"}},
		"ReplayOfALeadNobodyKnows":      {h.of("leads", "replay", "LD-404"), 1, []string{"no such lead"}},
		"ReplayOfNothing":               {h.of("leads", "replay"), 2, []string{"name one lead, or say --all"}},
		"ReplayOfOneAndAll":             {h.of("leads", "replay", "LD-1", "--all"), 2, []string{"name one lead, or say --all"}},
		"NoLimit":                       {h.of("leads", "list", "--limit", "0"), 2, []string{"--limit is at least 1"}},
		"AStateThatIsNone":              {h.of("leads", "list", "--lead-state", "new"), 2, []string{"--lead-state", "received", "written"}},
		"ADayThatIsNone":                {h.of("leads", "reconcile", "--since", "1.3.2026"), 2, []string{"--since: write a day such as 2026-03-01"}},
		"DaysInTheWrongOrder":           {h.of("leads", "reconcile", "--since", "2026-03-01", "--until", "2026-02-01"), 2, []string{"--until comes before --since"}},
		"NoSince":                       {h.of("leads", "reconcile"), 2, []string{"--since"}},
		"SeveralDealersAndNoneNamed":    {[]string{"leads", "list", "--config", h.file}, 1, []string{"several dealers (D100, D200)", "--dealer"}},
		"ADealerNobodyKnows":            {[]string{"leads", "list", "--config", h.file, "--dealer", "D300"}, 1, []string{`no dealer "D300"`, "D100, D200"}},
		"ADealerWhoseSecretsAreMissing": {[]string{"leads", "list", "--config", h.file, "--dealer", "D200"}, 1, []string{"NOT_IN_THIS_SHELL", "dealers[1]"}},
		"NoConfiguration":               {[]string{"leads", "list", "--config", filepath.Join(h.dir, "none.yaml")}, 1, []string{"no configuration at", "--config FILE", "--state DIR"}},
		"AStateWithoutItsDealer":        {[]string{"leads", "list", "--state", state}, 2, []string{"--dealer CODE"}},
		"AStateThatIsNotThere":          {[]string{"leads", "list", "--state", h.dir, "--dealer", "D100"}, 1, []string{"there is no state of a gateway at"}},
		"AStateWhereTheCRMIsNeeded":     {[]string{"leads", "pull", "--state", state, "--dealer", "D100"}, 2, []string{"--config FILE", "not --state"}},
		"ADealerWithoutLeads":           {[]string{"leads", "pull", "--config", crmless}, 1, []string{"dealer D100 has no leads and crm sections"}},
		"CredentialsThatAreNotTaken":    {[]string{"leads", "pull", "--config", wrong, "--dealer", "D100"}, 1, []string{"check clientId and clientSecret below leads of dealer D100"}},
		"EraseWithoutALead":             {h.of("leads", "erase"), 2, []string{"<id>"}},
		"ACommandThatIsNone":            {h.of("leads", "fetch"), 2, []string{"leads"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := run(t, c.args...)
			if code != c.code || out != "" {
				t.Errorf("got %d, %q, %q", code, out, errs)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("%q is not in %q", want, errs)
				}
			}
			if strings.Contains(errs, "sandcastle") {
				t.Error("it tells a secret")
			}
		})
	}
}

func mustReadFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
