package tables

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Load makes the tables in an empty database and fills them, in one transaction.
// rows are the rows of each table by its name. A row that names a column its
// table lacks, or a table that is not there, is an error. Times are written for
// a session in UTC, and days that do not exist are written as they stand.
func Load(ctx context.Context, db *sql.DB, dialect Dialect, tables []Table, rows map[string][]Row) (err error) {
	if err := check(tables, rows); err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting to the database to fill: %w", err)
	}
	defer func() {
		if cerr := conn.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("giving the connection back: %w", cerr)
		}
	}()
	for _, statement := range Schema(dialect, tables) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("making tables: %w", err)
		}
	}
	if dialect == MySQL {
		restore, err := allowUntidyDates(ctx, conn)
		if err != nil {
			return err
		}
		defer func() {
			if rerr := restore(); err == nil {
				err = rerr
			}
		}()
	}
	return fill(ctx, conn, dialect, tables, rows)
}

func fill(ctx context.Context, conn *sql.Conn, dialect Dialect, tables []Table, rows map[string][]Row) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning to fill tables: %w", err)
	}
	for _, t := range tables {
		if err := t.insert(ctx, tx, dialect, rows[t.Name]); err != nil {
			if rerr := tx.Rollback(); rerr != nil {
				return fmt.Errorf("filling %s: %w (and undoing it: %w)", t.Name, err, rerr)
			}
			return fmt.Errorf("filling %s: %w", t.Name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("finishing to fill tables: %w", err)
	}
	return nil
}

// allowUntidyDates lets a MySQL session store the 30th of February and the day
// 0000-00-00, as servers did for decades, and pins its zone. The function it
// returns puts the session back.
func allowUntidyDates(ctx context.Context, conn *sql.Conn) (func() error, error) {
	var mode, zone string
	if err := conn.QueryRowContext(ctx, "SELECT @@session.sql_mode, @@session.time_zone").Scan(&mode, &zone); err != nil {
		return nil, fmt.Errorf("reading the session's settings: %w", err)
	}
	const set = "SET SESSION sql_mode = ?, SESSION time_zone = ?"
	if _, err := conn.ExecContext(ctx, set, "ALLOW_INVALID_DATES", "+00:00"); err != nil {
		return nil, fmt.Errorf("allowing old dates: %w", err)
	}
	return func() error {
		if _, err := conn.ExecContext(ctx, set, mode, zone); err != nil {
			return fmt.Errorf("putting the session back: %w", err)
		}
		return nil
	}, nil
}

// check finds rows that do not fit their table.
func check(tables []Table, rows map[string][]Row) error {
	known := make(map[string]map[string]bool, len(tables))
	for _, t := range tables {
		known[t.Name] = make(map[string]bool, len(t.Columns))
		for _, c := range t.Columns {
			known[t.Name][c.Name] = true
		}
	}
	for name, all := range rows {
		if known[name] == nil {
			return fmt.Errorf("there are rows of a table %q, which is not there", name)
		}
		for _, r := range all {
			for column := range r {
				if !known[name][column] {
					return fmt.Errorf("a row of %q names the column %q, which is not there", name, column)
				}
			}
		}
	}
	return nil
}

// batch is how many rows one INSERT carries.
const batch = 200

func (t Table) insert(ctx context.Context, tx *sql.Tx, dialect Dialect, rows []Row) error {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	head := "INSERT INTO " + quote(t.Name) + " (" + quoteAll(names) + ") VALUES "
	mark := "(" + strings.TrimSuffix(strings.Repeat("?,", len(names)), ",") + ")"
	for part := range slices.Chunk(rows, batch) {
		values := make([]any, 0, len(part)*len(names))
		for _, r := range part {
			for _, c := range t.Columns {
				values = append(values, c.stored(dialect, r[c.Name]))
			}
		}
		marks := strings.TrimSuffix(strings.Repeat(mark+",", len(part)), ",")
		if _, err := tx.ExecContext(ctx, head+marks, values...); err != nil {
			return fmt.Errorf("inserting %d rows: %w", len(part), err)
		}
	}
	return nil
}

// stored fills CHAR values up with blanks where the server does not do it.
func (c Column) stored(dialect Dialect, value any) any {
	if text, ok := value.(string); ok && c.Kind == Char && dialect == SQLite {
		return fmt.Sprintf("%-*s", c.Length, text)
	}
	return value
}
