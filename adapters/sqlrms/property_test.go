package sqlrms_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/naive"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// moreChecks is the environment variable that multiplies how many dealers are
// drawn, for a long run.
const moreChecks = "DEALERBRIDGE_TEST_CHECKS"

// check runs a property for so many dealers, or that many times more.
func check(t *testing.T, dealers int, property func(*rapid.T)) {
	t.Helper()
	if text := os.Getenv(moreChecks); text != "" {
		times, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", moreChecks, err)
		}
		dealers *= times
	}
	before := flag.Lookup("rapid.checks").Value.String()
	set := func(value string) {
		if err := flag.Set("rapid.checks", value); err != nil {
			t.Fatal(err)
		}
	}
	set(strconv.Itoa(dealers))
	defer set(before)
	sent.Store(0)
	rapid.Check(t, property)
	if !strings.HasPrefix(t.Name(), "TestDrawn") {
		return
	}
	// A dealer that sends no row says little: others are drawn until half as many
	// as are wanted did send some.
	for range 3 {
		if t.Failed() || 2*int(sent.Load()) >= dealers {
			return
		}
		rapid.Check(t, property)
	}
	if n := int(sent.Load()); 2*n < dealers && !t.Failed() {
		t.Errorf("only %d of %d drawn dealers send any row; the property says little", n, 4*dealers)
	}
}

// TestDrawnDealersOnSQLite holds the adapter against loops over rows.
func TestDrawnDealersOnSQLite(t *testing.T) {
	check(t, 150, func(rt *rapid.T) {
		w := naive.Draw(rt, naive.Options{Twins: true, ZeroDates: true})
		path := filepath.Join(t.TempDir(), "drawn.db")
		create(rt, "sqlite", "file:"+path+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)", w, naive.Dialect{})
		compare(rt, w, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
	})
}

// create makes a dealer's tables, in several dialects by turns.
func create(t *rapid.T, driver, dsn string, w *naive.World, dialects ...naive.Dialect) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for i, table := range w.Tables {
		for _, s := range table.Create(dialects[i%len(dialects)]) {
			if _, err := db.ExecContext(context.Background(), s.Text, s.Args...); err != nil {
				t.Fatalf("%s: %v", s.Text, err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// show tells what was drawn.
func show(w *naive.World) string {
	var out strings.Builder
	out.Write(w.Mapping.File())
	for _, table := range w.Tables {
		fmt.Fprintf(&out, "%s, key %v\n", table.Name, table.Key)
		for _, c := range table.Columns {
			fmt.Fprintf(&out, "  %q %d", c.Name, c.Kind)
		}
		out.WriteByte('\n')
		for _, row := range table.Rows {
			for _, cell := range row {
				if cell == nil {
					out.WriteString("  NULL")
					continue
				}
				fmt.Fprintf(&out, "  %q", *cell)
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// with opens a drawn dealer's adapter for as long as use runs.
func with(t *rapid.T, w *naive.World, config sqlrms.Config, use func(*sqlrms.RMS)) {
	config.DocumentsRoot = papersOf(t, w)
	defer func() {
		if err := os.RemoveAll(config.DocumentsRoot); err != nil {
			t.Error(err)
		}
	}()
	config.Mapping = fstest.MapFS{"rms.yaml": {Data: w.Mapping.File()}}
	now := handclock.At(time.Date(2026, time.April, 1, 12, 0, 0, 0, time.UTC))
	opened, err := config.Open(context.Background(), yardEnv(now))
	if err != nil {
		t.Fatalf("%v\n%s", err, show(w))
	}
	rms := opened.(*sqlrms.RMS) // the type Open makes
	defer func() {
		if err := rms.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := rms.Check(context.Background()); err != nil {
		t.Fatalf("%v\n%s", err, show(w))
	}
	use(rms)
}

// compare asks for every customer alone and for all together, and wants what
// the loops find: the same rows in the same order, byte for byte, and the same
// rows left out for the same fields.
func compare(t *rapid.T, w *naive.World, config sqlrms.Config) {
	rowsSent := false
	defer func() {
		if rowsSent {
			sent.Add(1)
		}
	}()
	with(t, w, config, func(rms *sqlrms.RMS) {
		compareLocations(t, w, rms)
		compareChanges(t, w, rms)
		all := w.Customers()
		queries := [][]string{all[:min(len(all), 5)]}
		for _, c := range all {
			queries = append(queries, []string{c})
		}
		for _, customers := range queries {
			want := w.Contracts(customers...)
			q := adapters.Query{Customers: customers}
			keys, err := rms.ContractKeys(context.Background(), q)
			if emptied(w, err) {
				continue
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, show(w))
			}
			rows, left, err := rms.Contracts(context.Background(), q, keys)
			if emptied(w, err) {
				continue
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, show(w))
			}
			var wantRows []any
			var wantLeft []adapters.LeftOut
			for i, e := range want {
				switch {
				case e.Sent != nil:
					if i < len(keys) {
						announce(e.Sent, keys[i].Row)
					}
					wantRows = append(wantRows, e.Sent)
				case i < len(keys):
					wantLeft = append(wantLeft, adapters.LeftOut{Row: keys[i].Row, Field: e.Field, Reason: adapters.Reason(e.Why)})
				}
			}
			var got []any
			for _, row := range rows {
				got = append(got, plain(t, row))
			}
			rowsDiffer, leftDiffer := cmp.Diff(wantRows, got), cmp.Diff(wantLeft, left)
			if len(keys) != len(want) || rowsDiffer != "" || leftDiffer != "" {
				t.Fatalf("customers %q: got %d keys, want %d\nrows (-want +got):\n%s\nleft out (-want +got):\n%s\n%s",
					customers, len(keys), len(want), rowsDiffer, leftDiffer, show(w))
			}
			rowsSent = rowsSent || len(rows) > 0
			short, err := rms.ShortContracts(context.Background(), q, len(keys))
			if err != nil {
				t.Fatalf("in one step: %v\n%s", err, show(w))
			}
			if short != nil {
				oneStep := cmp.Diff(rows, short.Items, cmpopts.EquateEmpty()) + cmp.Diff(left, short.LeftOut) + cmp.Diff(keys, short.Keys)
				if oneStep != "" {
					t.Fatalf("customers %q (-two steps +one):\n%s\n%s", customers, oneStep, show(w))
				}
			}
			compareDocuments(t, w, rms, keys, want)
		}
	})
}

// emptied says whether the adapter refused to answer because a required table
// has no rows, and whether that is true.
func emptied(w *naive.World, err error) bool {
	if !errors.Is(err, adapters.ErrUnavailable) || !errors.Is(err, plan.ErrNoRows) {
		return false
	}
	_, text, _ := strings.Cut(err.Error(), plan.ErrNoRows.Error()+": table ")
	table, _, _ := strings.Cut(text, " is empty, and nothing in ")
	return w.Empty(table)
}

// plain is a value as its JSON says it, numbers digit by digit.
func plain(t *rapid.T, v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
