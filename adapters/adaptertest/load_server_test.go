//go:build server

package adaptertest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // one of the two servers that are compared
	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
)

// TestBothDialectsHoldTheSameRows fills both kinds of server from each dealer's
// one source and compares them table by table.
func TestBothDialectsHoldTheSameRows(t *testing.T) {
	for _, d := range Dealers() {
		t.Run(d.Name, func(t *testing.T) {
			lite, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "books.db"))
			if err != nil {
				t.Fatal(err)
			}
			server, err := sql.Open("mysql", dbtest.MySQL(t).DSN()+"?charset=utf8mb4&time_zone=%27%2B00%3A00%27")
			if err != nil {
				t.Fatal(err)
			}
			for _, db := range []*sql.DB{lite, server} {
				t.Cleanup(func() {
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			d.Load(t, lite, "sqlite")
			d.Load(t, server, "mysql")
			tables := ask(t, lite, "select name from sqlite_master where type = 'table' order by name")
			if len(tables) < 10 {
				t.Fatalf("got %d tables, want more", len(tables))
			}
			for _, r := range tables {
				want, got := everything(t, lite, r["name"]), everything(t, server, r["name"])
				if len(want) == 0 {
					t.Errorf("%s is empty", r["name"])
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("rows of %s differ (-SQLite +server):\n%.4000s", r["name"], diff)
				}
			}
		})
	}
}

// everything spells all rows of a table, sorted.
func everything(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), "select * from `"+table+"`")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		cells, into := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, name := range names {
			fmt.Fprintf(&b, "%s=%s ", name, spelled(cells[i], kinds[i].DatabaseTypeName()))
		}
		all = append(all, b.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// spelled levels what the two servers deliver differently: CHAR padding and the
// types of dates.
func spelled(cell any, kind string) string {
	switch v := cell.(type) {
	case nil:
		return "NULL"
	case time.Time:
		if kind == "DATE" {
			return "'" + v.Format("2006-01-02") + "'"
		}
		return "'" + v.Format("2006-01-02 15:04:05") + "'"
	case []byte:
		return "'" + strings.TrimRight(string(v), " ") + "'"
	default:
		return "'" + strings.TrimRight(fmt.Sprint(v), " ") + "'"
	}
}
