package demo

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Options say how the demo is filled.
type Options struct {
	// Today is the day the dealer's books stand at, in any zone; only its date
	// counts. The same day gives the same rows.
	Today time.Time
	// Contracts is the number of contracts of the dealer's own company, at
	// least those that the special customers need; 0 means 3,000.
	Contracts int
}

// Load makes the dealer's tables in an empty database and fills them, in one
// transaction. Times are written for a session in UTC.
func Load(ctx context.Context, db *sql.DB, dialect Dialect, options Options) (err error) {
	if options.Contracts == 0 {
		options.Contracts = 3000
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting to the demo database: %w", err)
	}
	defer func() {
		if cerr := conn.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("giving the connection back: %w", cerr)
		}
	}()
	for _, statement := range Schema(dialect) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("making the demo tables: %w", err)
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
	rows := generate(options)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning to fill the demo: %w", err)
	}
	for _, t := range tables {
		if err := t.insert(ctx, tx, dialect, rows[t.name]); err != nil {
			rerr := tx.Rollback()
			if rerr != nil {
				return fmt.Errorf("filling %s: %w (and undoing it: %w)", t.name, err, rerr)
			}
			return fmt.Errorf("filling %s: %w", t.name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("finishing the demo: %w", err)
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

// batch is how many rows one INSERT carries.
const batch = 200

func (t table) insert(ctx context.Context, tx *sql.Tx, dialect Dialect, rows []row) error {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	head := "INSERT INTO " + quote(t.name) + " (" + quoteAll(names) + ") VALUES "
	mark := "(" + strings.TrimSuffix(strings.Repeat("?,", len(names)), ",") + ")"
	for part := range slices.Chunk(rows, batch) {
		values := make([]any, 0, len(part)*len(names))
		for _, r := range part {
			for _, name := range names {
				values = append(values, r[name])
			}
			if dialect == SQLite {
				t.pad(values[len(values)-len(names):])
			}
		}
		marks := strings.TrimSuffix(strings.Repeat(mark+",", len(part)), ",")
		if _, err := tx.ExecContext(ctx, head+marks, values...); err != nil {
			return fmt.Errorf("inserting %d rows: %w", len(part), err)
		}
	}
	return nil
}

// pad fills CHAR values up with blanks, which MySQL does by itself.
func (t table) pad(values []any) {
	for i, c := range t.columns {
		if s, ok := values[i].(string); ok && c.kind == char {
			values[i] = fmt.Sprintf("%-*s", c.length, s)
		}
	}
}
