package main_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"log/slog"
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
		env := func(name string) (string, bool) {
			return "rental:secret@tcp(db.acme.example:3306)/rental", name == "ACME_DSN"
		}
		c, err := config.Parse("dealerbridge.yaml", []byte(text), env, config.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Dealers) != 1 || c.Dealers[0].Code != "ACME" {
			t.Errorf("dealers %+v", c.Dealers)
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
