package nordbau

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables"
)

// Dialect names the SQL of the server that is filled.
type Dialect = tables.Dialect

// The dialects Load can write.
const (
	MySQL  = tables.MySQL // MariaDB too
	SQLite = tables.SQLite
)

// Options say how the books are filled.
type Options struct {
	// Contracts is the number of contracts of the dealer's own company, at
	// least those that the special customers need; 0 means 150.
	Contracts int
}

// Load makes the dealer's tables in an empty database and fills them, in one
// transaction. The same options give the same rows.
func Load(ctx context.Context, db *sql.DB, dialect Dialect, options Options) error {
	if options.Contracts == 0 {
		options.Contracts = 150
	}
	if err := tables.Load(ctx, db, dialect, schema, generate(options)); err != nil {
		return fmt.Errorf("loading the books of Nordbau: %w", err)
	}
	return nil
}

// Schema returns the statements that make the dealer's tables.
func Schema(dialect Dialect) []string { return tables.Schema(dialect, schema) }
