package database

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// fileReader asks a SQLite file through its pragmas.
type fileReader struct{ pool *Pool }

func (r fileReader) read(ctx context.Context, t *Table) error {
	type part struct {
		at int
		*Column
	}
	var key []part
	database := schemaOf(t.Ref.Database)
	err := r.pool.Ask(ctx, `select name, type, "notnull", dflt_value is not null, pk, hidden from pragma_table_xinfo(?, ?) where hidden <> 1 order by cid`,
		[]any{t.Ref.Table, database}, func(rows *sql.Rows) error {
			c := &Column{Table: t.Ref.Table}
			var notNull bool
			var at, hidden int
			if err := rows.Scan(&c.Name, &c.Declared, &notNull, &c.HasDefault, &at, &hidden); err != nil {
				return err
			}
			// SQLite keeps no text to its declared length.
			c.Declared = strings.ToLower(c.Declared)
			c.Kind, c.Nullable, c.Made = convert.KindOf(c.Declared), !notNull, hidden > 1
			if at > 0 {
				key = append(key, part{at, c})
			}
			t.Columns = append(t.Columns, c)
			return nil
		})
	if err != nil || len(t.Columns) == 0 {
		return err
	}
	if len(key) > 0 {
		slices.SortFunc(key, func(a, b part) int { return a.at - b.at })
		columns := make([]string, len(key))
		for i, k := range key {
			columns[i] = k.Name
		}
		t.Plan.Unique, t.Plan.Primary, t.Plan.Leading = [][]string{columns}, true, columns[:1:1]
		key[0].Auto = len(key) == 1 && key[0].Declared == "integer"
	}
	if err := r.collations(ctx, t, database); err != nil {
		return err
	}
	t.Describe()
	// Beside the primary key, whose index has a name of SQLite's own. Partial
	// ones, and those over expressions, prove nothing about columns.
	return r.pool.indexes(ctx, t, `select 'index ' || l.name, x.name, l."unique" = 1 and l.partial = 0 `+
		`from pragma_index_list(?, ?) as l, pragma_index_info(l.name, ?) as x where l.origin <> 'pk' order by l.name, x.seqno`,
		[]any{t.Ref.Table, database, database})
}

// collations finds the text columns for which letter case does not count. No
// pragma tells, so a made-up row is compared under each column's own rule.
func (r fileReader) collations(ctx context.Context, t *Table, database string) error {
	var compare, columns, row []string
	var texts []*Column
	for _, c := range t.Columns {
		if c.Kind != convert.ColumnText && c.Kind != convert.ColumnUnknown {
			continue
		}
		name := Quoted(c.Name)
		compare = append(compare, name+" = 'A'")
		columns = append(columns, name)
		row = append(row, "'a'")
		texts = append(texts, c)
	}
	if len(texts) == 0 {
		return nil
	}
	same := make([]sql.NullBool, len(texts))
	dest := make([]any, len(texts))
	for i := range same {
		dest[i] = &same[i]
	}
	from := TableSQL(plan.TableRef{Database: database, Table: t.Ref.Table})
	err := r.pool.Ask(ctx, "select "+strings.Join(compare, ", ")+" from (select "+strings.Join(columns, ", ")+
		" from "+from+" where 1 = 0 union all select "+strings.Join(row, ", ")+")", nil,
		func(rows *sql.Rows) error { return rows.Scan(dest...) })
	if _, refused := Refusal(err); refused {
		return nil // a view that cannot be read: its statements will say so
	}
	if err != nil {
		return err
	}
	for i, c := range texts {
		if same[i].Bool {
			c.Collation = plan.CaseOff
		}
	}
	return nil
}

func (r fileReader) names(ctx context.Context, _ string) ([]string, error) {
	return r.pool.texts(ctx, "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by name")
}

func schemaOf(database string) string {
	if database == "" {
		return "main"
	}
	return database
}
