//go:build server

package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// plantedSecret is the client secret of the leads of these tests; no log may hold it.
const plantedSecret = "a-secret-nobody-may-read"

// leadWorld is a dealer with a CRM on a real server, Caterpillar's side in this
// process, and the gateway as processes that come and go.
type leadWorld struct {
	t       testing.TB
	chance  *rand.Rand
	box     *sandbox.Sandbox
	witness *witness
	fate    *fate
	server  *dbtest.Server
	wire    *wire
	crm     *sql.DB // the test's own way to the CRM
	config  string
	state   string // the folder of the state; empty: it is on MySQL

	born   int
	deaths map[string]int
	logs   []*journal
}

// crmKind is a CRM with the mapping for it.
type crmKind struct {
	schema  []string
	mapping func(t testing.TB) string // makes the folder
}

// newLeadWorld makes the CRM, and a configuration for it.
func newLeadWorld(t testing.TB, seed uint64, kind crmKind, settings string) *leadWorld {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Seed: seed, Clients: []sandbox.Client{{ID: "prairie", Secret: plantedSecret, Dealer: "D100"}}})
	if err != nil {
		t.Fatal(err)
	}
	f := &fate{}
	w := &leadWorld{
		t: t, chance: rand.New(rand.NewPCG(seed, 7)), box: box, fate: f, witness: &witness{box: box, fate: f}, server: dbtest.MySQL(t),
		deaths: map[string]int{},
	}
	w.server.Exec(kind.schema...)
	if w.crm, err = sql.Open("mysql", w.server.DSN()+"?charset=utf8mb4&time_zone=%27%2B00%3A00%27"); err != nil {
		t.Fatal(err)
	}
	w.crm.SetMaxOpenConns(4)
	t.Cleanup(func() {
		if err := w.crm.Close(); err != nil {
			t.Error(err)
		}
	})
	http := httptest.NewServer(w.witness)
	t.Cleanup(http.Close)
	w.wire = tapped(t, w.server.Addr(), f)
	account, err := mysql.ParseDSN(w.server.CreateUser("SELECT", "INSERT", "UPDATE"))
	if err != nil {
		t.Fatal(err)
	}
	account.Addr = w.wire.addr()
	dir := t.TempDir()
	w.config = filepath.Join(dir, "dealerbridge.yaml")
	if settings == "" {
		w.state = filepath.Join(dir, "state")
		settings = "state: {path: " + w.state + "}\n"
	}
	text := fmt.Sprintf(`publicURL: http://127.0.0.1:8080
log: {format: json, level: debug}
%sdealers:
  - code: D100
    mapping: %s
    database: {driver: sqlite, path: %s}
    crm: {driver: mysql, dsn: '%s', maxConnections: 4}
    leads:
      clientId: prairie
      clientSecret: %s
      service: %s
      tokenService: %s
      pull: 1s
      push: 1s
      margin: 1m
`, settings, kind.mapping(t), filepath.Join(dir, "rental.db"), account.FormatDSN(), plantedSecret, http.URL+sandbox.LeadBase, http.URL+sandbox.TokenPath)
	if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rental.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// begin starts a process; the one before is gone, and its lease with it: what takes
// minutes by the clock is done by hand here.
func (w *leadWorld) begin(d death, args ...string) *life {
	w.t.Helper()
	w.born++
	if len(args) == 0 {
		args = []string{"serve"}
	}
	l := born(w.t, w.born, append(args, "--config", w.config)...)
	w.t.Cleanup(func() { l.kill("with the test") })
	w.logs = append(w.logs, l.log)
	w.fate.set(l, d)
	return l
}

// dies lets a process live until its moment. It says whether it was killed; a
// command may come to its end before.
func (w *leadWorld) dies(d death, args ...string) bool {
	w.t.Helper()
	l := w.begin(d, args...)
	limit := 700 * time.Millisecond
	switch {
	case d.at == anyTime:
		limit = time.Duration(d.after) * time.Millisecond
	case w.chance.IntN(12) == 0: // long enough to try again what went astray
		limit = 3 * time.Second
	}
	if d.at != anyTime || w.chance.IntN(2) == 0 { // however long a busy machine takes to start it
		l.says(`"msg":"serving"`)
	}
	l.passes(limit)
	w.fate.set(nil, death{})
	w.endLeases()
	if l.how == "" {
		if len(args) == 0 {
			w.t.Fatalf("process %d ended by itself with %d:\n%s", l.number, l.run.ProcessState.ExitCode(), l.log)
		}
		return false
	}
	w.deaths[l.how]++
	return true
}

// endLeases ends what processes hold that are gone.
func (w *leadWorld) endLeases() {
	w.t.Helper()
	if w.state == "" {
		return
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.state, app.StateFile)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := db.ExecContext(context.Background(), "UPDATE leases SET until_ms = 0"); err != nil && !strings.Contains(err.Error(), "no such table") {
		w.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// moment draws when the next process dies.
func (w *leadWorld) moment() death {
	kinds := []death{
		{anyTime, 20 + w.chance.IntN(500)},
		{beforeCall, 1 + w.chance.IntN(6)},
		{unansweredCall, 1 + w.chance.IntN(6)},
		{answeredCall, 1 + w.chance.IntN(6)},
		{beforeStatement, 1 + w.chance.IntN(120)},
		{unheardOf, 1 + w.chance.IntN(120)},
		{beforeWriting, 1 + w.chance.IntN(25)},
		{unheardWriting, 1 + w.chance.IntN(25)},
	}
	return kinds[w.chance.IntN(len(kinds))]
}

// writing draws a moment at which a process writes a lead.
func (w *leadWorld) writing() death {
	return death{[]string{beforeWriting, unheardWriting}[w.chance.IntN(2)], 1 + w.chance.IntN(12)}
}

// disturb scripts what goes wrong between the gateway and Caterpillar.
func (w *leadWorld) disturb() {
	w.t.Helper()
	ms := func(most int) sandbox.Wait {
		return sandbox.Wait(time.Duration(1+w.chance.IntN(most)) * time.Millisecond)
	}
	on := []sandbox.Operation{sandbox.Leads, sandbox.Leads, sandbox.Updates, sandbox.Updates, sandbox.Updates, sandbox.Historic, sandbox.Token}[w.chance.IntN(7)]
	faults := []sandbox.Fault{
		{Kind: sandbox.Lost},
		{Kind: sandbox.Cut},
		{Kind: sandbox.Drop},
		{Kind: sandbox.Status, Status: 500},
		{Kind: sandbox.Status, Status: 503},
		{Kind: sandbox.HTML},
		{Kind: sandbox.Delay, Delay: ms(150)},
		{Kind: sandbox.Drip, Delay: ms(10)},
		{Kind: sandbox.Expire},
		{Kind: sandbox.Duplicate},
		{Kind: sandbox.Again},
	}
	f := faults[w.chance.IntN(len(faults))]
	if f.Kind == sandbox.Expire && on == sandbox.Token || f.Kind == sandbox.Duplicate && on == sandbox.Token || f.Kind == sandbox.Again && on != sandbox.Leads {
		f = sandbox.Fault{Kind: sandbox.Status, Status: 502}
	}
	f.On, f.After = on, w.chance.IntN(4)
	if err := w.box.AddFaults(f); err != nil {
		w.t.Fatal(err)
	}
}

// desk opens what the gateway keeps, beside it.
func (w *leadWorld) desk(use func(*app.LeadDesk)) {
	w.t.Helper()
	of, err := config.LoadDealer(w.config, os.LookupEnv, "D100")
	if err != nil {
		w.t.Fatal(err)
	}
	desk, err := app.OpenLeadDesk(context.Background(), of, app.LeadsWith{Now: time.Now, Log: discard})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := desk.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	use(desk)
}

// texts runs a query and gives each row's values parted by bars; NULL is a dash.
func (w *leadWorld) texts(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.crm.QueryContext(context.Background(), query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			w.t.Fatal(err)
		}
		texts := make([]string, len(cells))
		for i, c := range cells {
			if texts[i] = c.String; !c.Valid {
				texts[i] = "-"
			}
		}
		all = append(all, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// within waits until something holds.
func within(t testing.TB, limit time.Duration, what string, holds func() error) {
	t.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-look.C:
		case <-late.C:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// quietLogs: no secret and nothing of a person stands in a log.
func (w *leadWorld) quietLogs() {
	w.t.Helper()
	planted := []string{plantedSecret, "@sandbox.example", "+1 555-01", "Cooper Lane", "contact-"}
	for _, l := range w.logs {
		for line := range strings.Lines(l.String()) {
			for _, p := range planted {
				if strings.Contains(line, p) {
					w.t.Errorf("a log holds %q: %s", p, line)
				}
			}
		}
	}
}

// told prints how processes died.
func (w *leadWorld) told() {
	w.t.Helper()
	for how, n := range w.deaths {
		w.t.Logf("killed %s: %d", how, n)
	}
	state := w.box.State()
	w.t.Logf("%d leads, %d handed out again as new; calls %v; %d scripted faults happened", state.Leads, state.Again, state.Calls, state.Faults)
}
