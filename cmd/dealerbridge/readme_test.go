package main_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

var update = flag.Bool("update", false, "rewrite what the README shows as output")

const readme = "../../README.md"

// block finds what the README shows under a name: the fenced text that follows
// the comment `<!-- readme: name -->`.
func block(t *testing.T, text, name string) (content string, from, to int) {
	t.Helper()
	re := regexp.MustCompile("(?s)<!-- readme: " + regexp.QuoteMeta(name) + " -->\n```[a-z]*\n(.*?)```")
	at := re.FindStringSubmatchIndex(text)
	if at == nil {
		t.Fatalf("README.md has no block %q", name)
	}
	return text[at[2]:at[3]], at[2], at[3]
}

// shows compares a block with what really comes out, or rewrites it.
func shows(t *testing.T, name, got string) {
	t.Helper()
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	want, from, to := block(t, text, name)
	if *update {
		if err := os.WriteFile(readme, []byte(text[:from]+got+text[to:]), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("README.md, block %q, differs from what comes out (-README +real):\n%s", name, diff)
	}
}

type unheard struct{}

func (unheard) Note(adapters.Note) {}

// TestReadme runs what the README shows: its tables, its mapping, its faults.
func TestReadme(t *testing.T) {
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	tables, _, _ := block(t, string(raw), "tables")
	mapping, _, _ := block(t, string(raw), "mapping")

	t.Run("ItsMappingMakesItsAnswer", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "rental.db")
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), tables); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		config := sqlrms.Config{
			Driver: sqlrms.SQLite, Path: path,
			Mapping: fstest.MapFS{"rms.yaml": {Data: []byte(mapping)}},
		}
		adapter, err := config.Open(t.Context(), adapters.Env{
			Dealer: "D100", Now: time.Now, Log: slog.New(slog.DiscardHandler), Audit: unheard{},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := adapter.Close(); err != nil {
				t.Error(err)
			}
		}()
		reader := adapter.(adapters.ContractReader)
		q := adapters.Query{Customers: []string{"0000412"}}
		keys, err := reader.ContractKeys(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		contracts, left, err := reader.Contracts(t.Context(), q, keys)
		if err != nil || len(left) > 0 {
			t.Fatalf("%v, left out %v", err, left)
		}
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(contracts); err != nil {
			t.Fatal(err)
		}
		shows(t, "answer", out.String())
	})

	t.Run("ItsConfigurationHasNoFault", func(t *testing.T) {
		text, _, _ := block(t, string(raw), "configuration")
		for _, more := range []string{"", "leads configuration", "messages configuration"} {
			if more != "" {
				part, _, _ := block(t, string(raw), more)
				text += part
			}
			env := func(name string) (string, bool) {
				v, ok := map[string]string{
					"ACME_DSN": "rental:secret@tcp(db.acme.example:3306)/rental", "ACME_CRM_DSN": "crm:secret@tcp(db.acme.example:3306)/crm",
					"ACME_LEADS_SECRET": "secret", "ACME_CRS_SECRET": "secret",
				}[name]
				return v, ok
			}
			c, err := config.Parse("dealerbridge.yaml", []byte(text), env, config.Overrides{})
			if err != nil {
				t.Fatalf("with %q: %v", more, err)
			}
			d := c.Dealers[0]
			if len(c.Dealers) != 1 || d.Code != "ACME" || (d.Leads != nil) != (more != "") || (d.Messages != nil) != (more == "messages configuration") {
				t.Errorf("with %q: %+v", more, d)
			}
		}
	})

	t.Run("ItsCRMMakesItsUpdate", func(t *testing.T) { shows(t, "update", reportedByReadme(t, string(raw))) })

	t.Run("ItListsEveryCommand", func(t *testing.T) {
		var out, errs bytes.Buffer
		if code := cli.Run(t.Context(), "test", nil, &out, &errs); code != 0 {
			t.Fatalf("%d, %s", code, &errs)
		}
		_, table, _ := strings.Cut(string(raw), "| command | does |\n")
		table, _, _ = strings.Cut(table, "\n\n")
		_, list, _ := strings.Cut(out.String(), "Commands:\n")
		for line := range strings.Lines(list) {
			words := regexp.MustCompile(`^  ([a-z]+)(?: ([a-z]+))?   *[A-Z]`).FindStringSubmatch(line)
			if words == nil {
				continue
			}
			row := regexp.MustCompile("(?m)^\\| `" + words[1] + "[` ].*$").FindString(table)
			if row == "" || !strings.Contains(row, words[2]) {
				t.Errorf("the table of commands lacks %s %s", words[1], words[2])
			}
		}
	})

	t.Run("ItsFaultsReadLikeThis", func(t *testing.T) {
		broken := strings.NewReplacer(
			"locationId: r.YARD", "locationId: YARD",
			"quantity: d.QTY", "quantty: d.QTY",
			"map: cycle}", "map: cycles}",
		).Replace(mapping)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "rms.yaml"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := cli.Run(t.Context(), "test", []string{"mapping", "check", dir}, &out, &errs); code != 1 {
			t.Fatalf("exit code %d, %s%s", code, &out, &errs)
		}
		shows(t, "faults", strings.ReplaceAll(out.String()+errs.String(), dir, "dealers/acme"))
	})
}

// reportedByReadme sends a lead through the CRM the README shows and gives what
// would be told of it afterwards.
func reportedByReadme(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "crm.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	tables, _, _ := block(t, text, "crm tables")
	if _, err := db.ExecContext(t.Context(), tables); err != nil {
		t.Fatal(err)
	}
	mapping := filepath.Join(dir, "acme")
	if err := os.Mkdir(mapping, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, shown := range map[string]string{"crm.yaml": "crm", "rejected-reasons.yaml": "reasons"} {
		content, _, _ := block(t, text, shown)
		if err := os.WriteFile(filepath.Join(mapping, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	played, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lead := `{"leadId":"LD-417","leadState":"NEW","company":"Tallgrass Grading","bcpNewUsedRental":"Rental","productOfInterest":"Mini excavator"}`
	if _, err := played.AddLeads("D100", []json.RawMessage{json.RawMessage(lead)}); err != nil {
		t.Fatal(err)
	}
	caterpillar := httptest.NewServer(played)
	defer caterpillar.Close()
	file := filepath.Join(dir, "dealerbridge.yaml")
	settings := strings.ReplaceAll(`dealers: [{code: D100, mapping: acme, database: {driver: sqlite, path: none.db}, crm: {driver: sqlite, path: crm.db},
  leads: {clientId: sandbox, clientSecret: sandbox, service: 'URL`+sandbox.LeadBase+`', tokenService: 'URL`+sandbox.TokenPath+`'}}]
`, "URL", caterpillar.URL)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	does := func(args ...string) (out string, told string) {
		t.Helper()
		var o, e bytes.Buffer
		if code := cli.Run(t.Context(), "test", args, &o, &e); code != 0 {
			t.Fatalf("%v: %d, %s%s", args, code, &o, &e)
		}
		return o.String(), e.String()
	}
	if out, told := does("mapping", "check", mapping); !strings.Contains(told, "no faults, no warnings") {
		t.Errorf("its crm.yaml is not as good as it could be: %s%s", out, told)
	}
	does("leads", "pull", "--config", file)
	does("leads", "push", "--config", file)
	row := struct{ id, name, wants string }{}
	if err := db.QueryRowContext(t.Context(), "select CATID, NAME, WANTS from LEAD").Scan(&row.id, &row.name, &row.wants); err != nil {
		t.Fatal(err)
	}
	if row.id != "LD-417" || row.name != "Tallgrass Grading" || row.wants != "Rental Mini excavator" {
		t.Errorf("the row is %+v", row)
	}
	if _, err := db.ExecContext(t.Context(), "update LEAD set STATE = 'R', WHY = 'DU', STAMP = ?", time.Now().UTC().Format(time.DateTime)); err != nil {
		t.Fatal(err)
	}
	out, _ := does("leads", "push", "--dry-run", "--config", file)
	return out
}
