package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"

	"github.com/dealerbridge/dealerbridge/mappings/casefile"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// byValue is the collation of columns that hold exact numbers as text: SQLite
// has no decimal of its own, and a binary float would not keep the digits.
const byValue = "dealerbridge_by_value"

var registerByValue = sync.OnceValue(func() error {
	return sqlite.RegisterCollationUtf8(byValue, func(a, b string) int {
		x, one := convert.Decimal(a, convert.MoneyRule{Decimal: '.'})
		y, two := convert.Decimal(b, convert.MoneyRule{Decimal: '.'})
		if one != convert.Present || two != convert.Present {
			return strings.Compare(a, b)
		}
		return convert.Compare(x, y)
	})
})

// sqliteType declares a column so that SQLite keeps what is put into it as the
// dealer's database would, and the gateway takes it for the same kind.
func sqliteType(c casefile.Column) string {
	switch c.Kind {
	case convert.ColumnInteger:
		if c.Wide {
			return "SERIAL TEXT COLLATE " + byValue
		}
		return "INTEGER"
	case convert.ColumnDecimal:
		return "DECIMAL TEXT COLLATE " + byValue
	case convert.ColumnFloat:
		return "DOUBLE"
	case convert.ColumnDate:
		return "DATE"
	case convert.ColumnDateTime:
		return "DATETIME"
	case convert.ColumnTimestamp:
		return "TIMESTAMP"
	case convert.ColumnTime:
		return "TIME"
	case convert.ColumnYear:
		return "YEAR"
	case convert.ColumnBit:
		return "BIT"
	case convert.ColumnBinary:
		return "BLOB"
	case convert.ColumnJSON:
		return "JSON TEXT"
	case convert.ColumnUnknown, convert.ColumnText:
	}
	return "TEXT COLLATE RTRIM" // blanks at the end do not count, as on MySQL
}

// layOut makes a SQLite file of tables.
func layOut(ctx context.Context, path string, tables []casefile.Filled) (err error) {
	if err := registerByValue(); err != nil {
		return fmt.Errorf("preparing SQLite: %w", err)
	}
	q := url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "locking_mode(EXCLUSIVE)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return fmt.Errorf("making a database: %w", err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range tables {
		if len(t.Columns) == 0 {
			t.Columns = []casefile.Column{{Name: "nothing"}} // a table has columns
		}
		if err := makeTable(ctx, db, t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

func makeTable(ctx context.Context, db *sql.DB, t casefile.Filled) error {
	lines := make([]string, 0, len(t.Columns)+1)
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = sqliteName(c.Name)
		lines = append(lines, names[i]+" "+sqliteType(c))
	}
	if len(t.Key) > 0 {
		key := make([]string, len(t.Key))
		for i, name := range t.Key {
			key[i] = sqliteName(name)
		}
		lines = append(lines, "PRIMARY KEY ("+strings.Join(key, ", ")+")")
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE "+sqliteName(t.Name)+" ("+strings.Join(lines, ", ")+")"); err != nil {
		return fmt.Errorf("making it: %w", err)
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(names)), ",")
	insert := strings.Join([]string{"INSERT INTO", sqliteName(t.Name), "(", strings.Join(names, ", "), ") VALUES (", marks, ")"}, " ")
	for i, r := range t.Rows {
		values := make([]any, len(r))
		for n, v := range r {
			if !v.Null {
				values[n] = v.Text
			}
		}
		if _, err := db.ExecContext(ctx, insert, values...); err != nil {
			return fmt.Errorf("its row %d: %w", i+1, err)
		}
	}
	return nil
}

func sqliteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
