package sqlrms

import (
	"context"
	"database/sql"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// mysqlCatalog reads information_schema, table by table: with both names given
// a server opens that one table, however many there are.
type mysqlCatalog struct {
	pool     *pool
	database string
	letters  int // lower_case_table_names: 0 means that letter case counts
}

func (c *mysqlCatalog) table(ctx context.Context, ref plan.TableRef) (*plan.Table, error) {
	database, name := ref.Database, ref.Table
	if database == "" {
		database = c.database
	}
	if c.letters == 1 {
		database, name = strings.ToLower(database), strings.ToLower(name)
	}
	t := &plan.Table{}
	err := c.pool.ask(ctx, "select column_name, data_type, character_maximum_length, is_nullable, collation_name, character_set_name "+
		"from information_schema.columns where table_schema = ? and table_name = ? order by ordinal_position",
		[]any{database, name}, func(rows *sql.Rows) error {
			var column, kind, nullable string
			var length sql.NullInt64
			var collation, charset sql.NullString
			if err := rows.Scan(&column, &kind, &length, &nullable, &collation, &charset); err != nil {
				return err
			}
			t.Columns = append(t.Columns, plan.Column{
				Name: column, Kind: convert.KindOf(kind), MaxChars: int(length.Int64),
				Nullable: nullable == "YES", Collation: collationOf(collation.String), Holds: holds(charset.String),
				Letters: plan.Letters{Set: charset.String, Collation: collation.String},
			})
			return nil
		})
	if err != nil || len(t.Columns) == 0 {
		return nil, err
	}
	if err := c.indexes(ctx, database, name, t); err != nil {
		return nil, err
	}
	return t, c.scans(ctx, database, name, t)
}

// scans adds how many rows there are, as the server guesses, and what indexes
// begin with.
func (c *mysqlCatalog) scans(ctx context.Context, database, name string, t *plan.Table) error {
	err := c.pool.ask(ctx, "select table_rows from information_schema.tables where table_schema = ? and table_name = ?",
		[]any{database, name}, func(rows *sql.Rows) error {
			var count sql.NullInt64
			if err := rows.Scan(&count); err != nil {
				return err
			}
			t.Rows = count.Int64
			return nil
		})
	if err != nil {
		return err
	}
	return c.pool.ask(ctx, "select distinct column_name from information_schema.statistics "+
		"where table_schema = ? and table_name = ? and seq_in_index = 1 and column_name is not null order by column_name",
		[]any{database, name}, func(rows *sql.Rows) error {
			var column string
			if err := rows.Scan(&column); err != nil {
				return err
			}
			t.Leading = append(t.Leading, column)
			return nil
		})
}

// indexes adds what is unique. An index over an expression says nothing about
// columns and is left out.
func (c *mysqlCatalog) indexes(ctx context.Context, database, name string, t *plan.Table) error {
	return c.pool.uniques(ctx, t, "select index_name, column_name from information_schema.statistics "+
		"where table_schema = ? and table_name = ? and non_unique = 0 "+
		"order by index_name <> 'PRIMARY', index_name, seq_in_index", []any{database, name})
}

func (c *mysqlCatalog) names(ctx context.Context, database string) ([]string, error) {
	if database == "" {
		database = c.database
	}
	var names []string
	err := c.pool.ask(ctx, "select table_name from information_schema.tables where table_schema = ? order by table_name",
		[]any{database}, func(rows *sql.Rows) error {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			names = append(names, name)
			return nil
		})
	return names, err
}

// collationOf reads how a collation compares out of its name. What a name does
// not say is taken as the looser way.
func collationOf(name string) plan.Collation {
	switch {
	case name == "", name == "binary", strings.HasSuffix(name, "_bin"), strings.HasSuffix(name, "_cs"):
		return plan.Exact
	case strings.Contains(name, "_as_ci"), name == "latin1_general_ci":
		return plan.CaseOff
	}
	return plan.MarkOff
}
