package sqlrms

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// sqliteCatalog asks a SQLite file through its pragmas.
type sqliteCatalog struct{ pool *pool }

func (c sqliteCatalog) table(ctx context.Context, ref plan.TableRef) (*plan.Table, error) {
	database := schemaOf(ref.Database)
	t := &plan.Table{}
	type part struct {
		at   int
		name string
	}
	var key []part
	err := c.pool.ask(ctx, `select name, type, "notnull", pk from pragma_table_xinfo(?, ?) where hidden <> 1 order by cid`,
		[]any{ref.Table, database}, func(rows *sql.Rows) error {
			var name, kind string
			var notNull bool
			var at int
			if err := rows.Scan(&name, &kind, &notNull, &at); err != nil {
				return err
			}
			if at > 0 {
				key = append(key, part{at, name})
			}
			// SQLite keeps no text to its declared length.
			t.Columns = append(t.Columns, plan.Column{Name: name, Kind: convert.KindOf(kind), Nullable: !notNull})
			return nil
		})
	if err != nil || len(t.Columns) == 0 {
		return nil, err
	}
	if len(key) > 0 {
		slices.SortFunc(key, func(a, b part) int { return a.at - b.at })
		columns := make([]string, len(key))
		for i, k := range key {
			columns[i] = k.name
		}
		t.Unique, t.Primary = [][]string{columns}, true
	}
	if err := c.indexes(ctx, ref.Table, database, t); err != nil {
		return nil, err
	}
	return t, c.collations(ctx, ref, t)
}

// indexes adds the unique indexes beside the primary key. Partial ones, and
// those over expressions, prove nothing about columns.
func (c sqliteCatalog) indexes(ctx context.Context, table, database string, t *plan.Table) error {
	return c.pool.uniques(ctx, t, `select 'unique ' || l.name, x.name from pragma_index_list(?, ?) as l, pragma_index_info(l.name, ?) as x `+
		`where l."unique" = 1 and l.partial = 0 and l.origin <> 'pk' order by l.name, x.seqno`, []any{table, database, database})
}

// collations finds the text columns for which letter case does not count. No
// pragma tells, so a made-up row is compared under each column's own rule.
func (c sqliteCatalog) collations(ctx context.Context, ref plan.TableRef, t *plan.Table) error {
	var compare, columns, row []string
	var at []int
	for i, column := range t.Columns {
		if column.Kind != convert.ColumnText && column.Kind != convert.ColumnUnknown {
			continue
		}
		name := quoted(column.Name)
		compare = append(compare, name+" = 'A'")
		columns = append(columns, name)
		row = append(row, "'a'")
		at = append(at, i)
	}
	if len(at) == 0 {
		return nil
	}
	same := make([]sql.NullBool, len(at))
	dest := make([]any, len(at))
	for i := range same {
		dest[i] = &same[i]
	}
	from := quoted(schemaOf(ref.Database)) + "." + quoted(ref.Table)
	err := c.pool.ask(ctx, "select "+strings.Join(compare, ", ")+" from (select "+strings.Join(columns, ", ")+
		" from "+from+" where 1 = 0 union all select "+strings.Join(row, ", ")+")", nil,
		func(rows *sql.Rows) error { return rows.Scan(dest...) })
	if _, refused := refusal(err); refused {
		return nil // a view that cannot be read: its statements will say so
	}
	if err != nil {
		return err
	}
	for i, column := range at {
		if same[i].Bool {
			t.Columns[column].Collation = plan.CaseOff
		}
	}
	return nil
}

func (c sqliteCatalog) names(ctx context.Context, _ string) ([]string, error) {
	var names []string
	err := c.pool.ask(ctx, "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by name", nil,
		func(rows *sql.Rows) error {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			names = append(names, name)
			return nil
		})
	return names, err
}

func schemaOf(database string) string {
	if database == "" {
		return "main"
	}
	return database
}

// quoted makes an identifier of a name that the database itself gave, or that
// it has just found a table by.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
