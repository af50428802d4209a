package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// salesDesk is a dealer whose CRM is one table: a column for each member of a lead
// and one for each member of an update. A test sees there what became of what came,
// and writes there what is to be sent; the mapping adds nothing of its own.
type salesDesk struct {
	*far
	t      *testing.T
	crm    *sql.DB
	dir    string
	config string
}

// The credentials of the desk. The colon of the id is no end of it.
const (
	deskID     = "prairie-desk"
	deskSecret = "s3cret/of&the+desk"
)

// membersOf names the members of a lead, or of an update of one.
func membersOf(t testing.TB, schema string) []string {
	t.Helper()
	doc, err := openapi.LeadDocument()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(doc.Components.Schemas[schema].Value.Properties))
}

// deskMapping maps every member to its column. own replaces or adds what an update
// takes a member from.
func deskMapping(t testing.TB, own map[string]string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("timezone: UTC\ncurrency: USD\nlead:\n  leadId: card.CAT\n  rows:\n    - card:\n        table: CARD\n        key: {NO: auto}\n")
	for _, when := range []string{"insert", "update"} {
		fmt.Fprintf(&b, "        %s:\n", when)
		for _, m := range membersOf(t, "Lead") {
			if m != "leadId" {
				fmt.Fprintf(&b, "          L_%s: lead.%s\n", m, m)
			}
		}
	}
	b.WriteString("update:\n  from: CARD c\n  key: c.NO\n  leadId: c.CAT\n  changed: [{stamp: c.TOUCHED}]\n  fields:\n")
	for _, m := range membersOf(t, "LeadUpdate") {
		switch from, other := own[m]; {
		case other && from == "":
		case other:
			fmt.Fprintf(&b, "    %s: %s\n", m, from)
		case m != "leadId":
			fmt.Fprintf(&b, "    %s: c.U_%s\n", m, m)
		}
	}
	return b.String()
}

// newDesk opens a desk. files are further files of the mapping folder, or
// replace crm.yaml.
func newDesk(t *testing.T, files ...map[string]string) *salesDesk {
	t.Helper()
	d := &salesDesk{far: newFar(t), t: t, dir: t.TempDir()}
	var err error
	if d.crm, err = sql.Open("sqlite", "file:"+filepath.Join(d.dir, "crm.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.crm.Close(); err != nil {
			t.Error(err)
		}
	})
	columns := []string{"NO integer primary key", "CAT text", "TOUCHED datetime"}
	for schema, letter := range map[string]string{"Lead": "L_", "LeadUpdate": "U_"} {
		for _, m := range membersOf(t, schema) {
			columns = append(columns, letter+m+" text")
		}
	}
	d.exec("create table CARD (" + strings.Join(columns, ", ") + ")")
	d.write("mapping/crm.yaml", deskMapping(t, nil))
	for _, more := range files {
		for name, content := range more {
			d.write("mapping/"+name, content)
		}
	}
	d.config = d.write("dealerbridge.yaml", d.settings(""))
	return d
}

// settings is the configuration; more stands in the section of leads.
func (d *salesDesk) settings(more string) string {
	return fmt.Sprintf(`publicURL: http://127.0.0.1:8080
log: {format: json, level: debug}
dealers:
  - code: D100
    mapping: %s
    database: {driver: sqlite, path: %s}
    crm: {driver: sqlite, path: %s}
    leads: {clientId: %s, clientSecret: %q, service: %s, tokenService: %s%s}
`, filepath.Join(d.dir, "mapping"), filepath.Join(d.dir, "rental.db"), filepath.Join(d.dir, "crm.db"), deskID, deskSecret,
		d.URL+strings.TrimSuffix(farLeads, "/v2/leads"), d.URL+farToken, more)
}

// write writes a file of the desk and gives its path.
func (d *salesDesk) write(name, content string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *salesDesk) exec(statement string, args ...any) {
	d.t.Helper()
	if _, err := d.crm.ExecContext(context.Background(), statement, args...); err != nil {
		d.t.Fatalf("%v: %s", err, statement)
	}
}

// run is a command with the desk's configuration.
func (d *salesDesk) run(args ...string) (code int, out, errs string) {
	d.t.Helper()
	var o, e bytes.Buffer
	code = cli.Run(d.t.Context(), "test", append(args, "--config", d.config), &o, &e)
	return code, o.String(), e.String()
}

// does is a command that must succeed.
func (d *salesDesk) does(args ...string) string {
	d.t.Helper()
	code, out, errs := d.run(args...)
	if code != 0 {
		d.t.Fatalf("%v: %d, %s", args, code, errs)
	}
	return out
}

func (d *salesDesk) pull() { d.t.Helper(); d.does("leads", "pull") }

// push looks at the CRM once more: all rows are new to it the first time.
func (d *salesDesk) push() { d.t.Helper(); d.does("leads", "push", "--send-existing") }

// leads are the cards in the CRM, by Caterpillar's id; an id that stands there
// twice is a fault.
func (d *salesDesk) leads() map[string]record {
	d.t.Helper()
	rows, err := d.crm.QueryContext(context.Background(), "select * from CARD order by NO")
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			d.t.Error(err)
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		d.t.Fatal(err)
	}
	all := map[string]record{}
	for rows.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			d.t.Fatal(err)
		}
		card := record{}
		for i, name := range names {
			if cells[i].Valid {
				card[name] = cells[i].String
			}
		}
		if _, twice := all[card["CAT"]]; twice {
			d.t.Errorf("lead %s stands there twice", card["CAT"])
		}
		all[card["CAT"]] = card
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// lead is one lead's card, which must be there.
func (d *salesDesk) lead(id string) record {
	d.t.Helper()
	card, ok := d.leads()[id]
	if !ok {
		d.t.Fatalf("lead %s is not in the CRM", id)
	}
	return card
}

// received pulls one lead with these members and gives its card.
func (d *salesDesk) received(members string) record {
	d.t.Helper()
	id := fmt.Sprintf("LD-%04d", len(d.leads())+1)
	d.add(leadOf(id, members))
	d.pull()
	return d.lead(id)
}

// leadOf is a lead as JSON.
func leadOf(id, members string) string {
	if members != "" {
		members = ", " + members
	}
	if !strings.Contains(members, `"dateCreated"`) {
		members += `, "dateCreated": "2026-03-02T09:41:07+00:00"`
	}
	return fmt.Sprintf(`{"leadId": %q%s}`, id, members)
}

// journey is what is told of a lead.
type journey struct {
	Lead struct {
		State   string
		Repeats int
		Outcome string
	}
	Received []struct {
		Source, State, Raw string
		Oddities           []struct{ Member, Oddity string }
	}
	Updates []struct {
		State, Error, Answer string
		Tries, Repeats       int
	}
	Held *struct {
		Reasons []struct{ Field, Rule, Reason string }
	}
}

// told is the journey of a lead.
func (d *salesDesk) told(id string) journey {
	d.t.Helper()
	var j journey
	if err := json.Unmarshal([]byte(d.does("leads", "show", id, "--json")), &j); err != nil {
		d.t.Fatal(err)
	}
	return j
}

// odd are the oddities of the version of a lead that came last.
func (d *salesDesk) odd(id string) []string {
	d.t.Helper()
	j := d.told(id)
	var all []string
	for _, o := range j.Received[len(j.Received)-1].Oddities {
		all = append(all, o.Member+" "+o.Oddity)
	}
	return all
}

// plainUpdate is the least an update says: an accepted lead.
func plainUpdate() record {
	return record{
		"dealerLeadId": "K-77", "leadStatus": "Accepted", "dealerSalesRep": "Nora Quill", "dealerSalesRepNumber": "E-31", "currencyIsoCode": "CAD",
	}
}

// card puts a lead into the CRM that says what its update is to be.
func (d *salesDesk) card(id string, update record) {
	d.t.Helper()
	columns, marks, args := []string{"CAT", "TOUCHED"}, []string{"?", "datetime('now')"}, []any{id}
	for _, m := range slices.Sorted(maps.Keys(update)) {
		columns, marks, args = append(columns, "U_"+m), append(marks, "?"), append(args, update[m])
	}
	d.exec("insert into CARD ("+strings.Join(columns, ", ")+") values ("+strings.Join(marks, ", ")+")", args...)
}

// work changes what the CRM says of a lead; an empty text is nothing.
func (d *salesDesk) work(id string, update record) {
	d.t.Helper()
	for _, m := range slices.Sorted(maps.Keys(update)) {
		d.exec("update CARD set U_"+m+" = nullif(?, ''), TOUCHED = datetime('now') where CAT = ?", update[m], id)
	}
}

// service is the client for leads of the built gateway without the rest of it, for
// what needs a clock and pauses of the test's own.
func (f *far) service(o caterpillar.Options) *caterpillar.Leads {
	f.t.Helper()
	s, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: f.URL + strings.TrimSuffix(farLeads, "/v2/leads"), Version: caterpillar.V2, Options: o,
		Credentials: caterpillar.Credentials{TokenURL: f.URL + farToken, ID: deskID, Secret: deskSecret},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}
