package adaptertest

import (
	"bytes"
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the demo's tables are kept in SQLite here
)

var update = flag.Bool("update", false, "write testdata anew from the SQL written by hand")

// makers make the expected answers of each dealer.
var makers = map[string]func(t *testing.T, db *sql.DB, root string) *Expectation{
	"demo": handmade, "nordbau": handmadeNordbau, "hostline": handmadeHostline,
}

// TestExpectedIsWhatSQLWrittenByHandSays makes the expected answers again and
// compares them with the files beside it.
func TestExpectedIsWhatSQLWrittenByHandSays(t *testing.T) {
	for _, d := range Dealers() {
		t.Run(d.Name, func(t *testing.T) {
			db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "books.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			root := d.Load(t, db, "sqlite")
			for name, part := range makers[d.Name](t, db, root).files() {
				text, err := write(part)
				if err != nil {
					t.Fatal(err)
				}
				compareFile(t, filepath.Join("testdata", d.Name, name), text)
			}
		})
	}
}

// compareFile holds a text against a file, or writes the file.
func compareFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Errorf("%s is not what the SQL says; run the test with -update and look at the difference", path)
	}
}

func TestExpectedShowsEveryUntidiness(t *testing.T) {
	e := Expected(t)
	rows := make(map[string]int)
	for _, r := range e.Contracts {
		rows[r.Customer]++
	}
	for _, c := range []string{"0000002", "0000059"} {
		if rows[c] != 0 {
			t.Errorf("customer %s has %d active contracts, want none", c, rows[c])
		}
	}
	if rows["0000031"] != 1 {
		t.Errorf("customer 0000031 has %d active contracts, want 1", rows["0000031"])
	}
	if rows["0000088"] < 150 {
		t.Errorf("customer 0000088 has %d active contracts, want several hundred", rows["0000088"])
	}
	left := 0
	for _, r := range e.Contracts {
		if r.Left != nil {
			left++
		}
	}
	if left < 8 || left*20 > len(e.Contracts) {
		t.Errorf("%d of %d contracts are left out, want some and fewer than 5 %%", left, len(e.Contracts))
	}
	if len(e.Ambiguous) != 1 || len(e.Documented) < 20 {
		t.Errorf("got %d ambiguous customers and %d documents, want 1 and some", len(e.Ambiguous), len(e.Documented))
	}
}
