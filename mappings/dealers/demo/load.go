package demo

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables"
)

// Dialect names the SQL of the server that is filled.
type Dialect = tables.Dialect

// The dialects Load can write.
const (
	MySQL  = tables.MySQL // MariaDB too
	SQLite = tables.SQLite
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
func Load(ctx context.Context, db *sql.DB, dialect Dialect, options Options) error {
	if options.Contracts == 0 {
		options.Contracts = 3000
	}
	if err := tables.Load(ctx, db, dialect, schema, generate(options)); err != nil {
		return fmt.Errorf("loading the demo: %w", err)
	}
	return nil
}

// Schema returns the statements that make the dealer's tables, for the reader
// who wants to see them.
func Schema(dialect Dialect) []string { return tables.Schema(dialect, schema) }
