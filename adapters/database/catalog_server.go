package database

import (
	"context"
	"database/sql"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// serverReader reads the information_schema of MySQL and MariaDB, table by
// table: with both names given a server opens that one table, however many there
// are.
type serverReader struct {
	pool     *Pool
	database string
	letters  int // lower_case_table_names: 0 means that letter case counts
}

func (r *serverReader) read(ctx context.Context, t *Table) error {
	database, name := t.Ref.Database, t.Ref.Table
	if database == "" {
		database = r.database
	}
	if r.letters == 1 {
		database, name = strings.ToLower(database), strings.ToLower(name)
	}
	args := []any{database, name}
	err := r.pool.Ask(ctx, "select column_name, data_type, column_type, character_maximum_length, is_nullable, collation_name, "+
		"character_set_name, column_default is not null, extra, numeric_precision, numeric_scale "+
		"from information_schema.columns where table_schema = ? and table_name = ? order by ordinal_position", args,
		func(rows *sql.Rows) error {
			c, err := columnOf(rows)
			if err != nil {
				return err
			}
			c.Table = t.Ref.Table
			t.Columns = append(t.Columns, c)
			return nil
		})
	if err != nil || len(t.Columns) == 0 {
		return err
	}
	t.Describe()
	err = r.pool.Ask(ctx, "select t.engine, coalesce(e.transactions, 'YES') = 'YES', coalesce(t.table_rows, 0) from information_schema.tables t "+
		"left join information_schema.engines e on e.engine = t.engine where t.table_schema = ? and t.table_name = ?", args,
		func(rows *sql.Rows) error {
			var engine sql.NullString
			var transactions bool
			if err := rows.Scan(&engine, &transactions, &t.Plan.Rows); err != nil {
				return err
			}
			t.Engine, t.Lasting = engine.String, !transactions
			return nil
		})
	if err != nil {
		return err
	}
	return r.pool.indexes(ctx, t, "select index_name, column_name, non_unique = 0 from information_schema.statistics "+
		"where table_schema = ? and table_name = ? order by index_name <> 'PRIMARY', index_name, seq_in_index", args)
}

// columnOf reads one row about a column.
func columnOf(rows *sql.Rows) (*Column, error) {
	c := &Column{}
	var full, nullable, extra string
	var length, precision, scale sql.NullInt64
	var collation, charset sql.NullString
	if err := rows.Scan(&c.Name, &c.Declared, &full, &length, &nullable, &collation, &charset, &c.HasDefault, &extra, &precision, &scale); err != nil {
		return nil, err
	}
	c.Declared, extra = strings.ToLower(c.Declared), strings.ToLower(extra)
	c.Kind, c.Nullable, c.MaxChars = convert.KindOf(c.Declared), nullable == "YES", int(min(length.Int64, 1<<31-1))
	c.Charset, c.Holds, c.Collation = charset.String, Holds(charset.String), collationOf(collation.String)
	c.Letters = plan.Letters{Set: charset.String, Collation: collation.String}
	c.Auto = strings.Contains(extra, "auto_increment")
	c.Made = strings.Contains(extra, "generated") && !strings.Contains(extra, "default_generated")
	c.Bits, c.Unsigned = integerBits[c.Declared], strings.Contains(full, "unsigned")
	c.Bytes = strings.HasSuffix(c.Declared, "text") || c.Kind == convert.ColumnBinary
	if c.Kind == convert.ColumnDecimal {
		c.Precision, c.Scale = int(precision.Int64), int(scale.Int64)
	}
	if c.Declared == "enum" {
		c.Members = MembersOf(full)
	}
	return c, nil
}

func (r *serverReader) names(ctx context.Context, database string) ([]string, error) {
	if database == "" {
		database = r.database
	}
	return r.pool.texts(ctx, "select table_name from information_schema.tables where table_schema = ? order by table_name", database)
}
