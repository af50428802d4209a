package sqlrms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// inspect learns what a plan has to know of the tables it uses. A table that
// does not exist is missing in the answer; then the names of all others stand
// there without columns, so that the one that was meant can be offered.
func (p *pool) inspect(ctx context.Context, refs []plan.TableRef) (plan.Schema, error) {
	catalog, err := p.catalog(ctx)
	if err != nil {
		return nil, err
	}
	schema := plan.Schema{}
	var absent []plan.TableRef
	for _, ref := range refs {
		var t *plan.Table
		if ref.Select != "" {
			t, err = p.inspectSelect(ctx, ref.Select)
		} else {
			t, err = catalog.table(ctx, ref)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the structure of the database: %w", err)
		case t != nil:
			schema[ref] = t
		case ref.Select == "":
			absent = append(absent, ref)
		}
	}
	var asked []string
	for _, ref := range absent {
		if slices.Contains(asked, ref.Database) {
			continue
		}
		asked = append(asked, ref.Database)
		names, err := catalog.names(ctx, ref.Database)
		if err != nil {
			return nil, fmt.Errorf("reading the names of the tables: %w", err)
		}
		for _, name := range names {
			other := plan.TableRef{Database: ref.Database, Table: name}
			if schema[other] == nil && !slices.Contains(refs, other) {
				schema[other] = &plan.Table{}
			}
		}
	}
	return schema, nil
}

// catalog is what a server says about its own tables.
type catalog interface {
	// table is nil when there is no such table.
	table(ctx context.Context, ref plan.TableRef) (*plan.Table, error)
	names(ctx context.Context, database string) ([]string, error)
}

func (p *pool) catalog(ctx context.Context) (catalog, error) {
	if p.server == plan.SQLite {
		return sqliteCatalog{p}, nil
	}
	c := &mysqlCatalog{pool: p}
	err := p.ask(ctx, "select database(), @@lower_case_table_names", nil, func(rows *sql.Rows) error {
		return rows.Scan(&c.database, &c.letters)
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the database's name: %w", err)
	}
	return c, nil
}

// inspectSelect learns the columns of an inline SELECT by asking for none of
// its rows, or why the server refuses the text.
func (p *pool) inspectSelect(ctx context.Context, text string) (*plan.Table, error) {
	dialect := sqltext.MySQL
	if p.server == plan.SQLite {
		dialect = sqltext.SQLite
	}
	var statement strings.Builder
	var args []any
	statement.WriteString("select * from (")
	for _, piece := range sqltext.Split(text, dialect) {
		if piece.Name != "" {
			statement.WriteByte('?')
			args = append(args, nil)
			continue
		}
		statement.WriteString(piece.SQL)
	}
	statement.WriteString("\n) as x where 1 = 0")
	t, err := p.columnsOf(ctx, statement.String(), args)
	if why, refused := refusal(err); refused {
		if found := sqltext.Blame(why, statement.String(), []string{text}, dialect); found != nil {
			return &plan.Table{Refused: found.Words(why, text), RefusedAt: found.Offset}, nil
		}
		return &plan.Table{Refused: why}, nil
	}
	return t, err
}

func (p *pool) columnsOf(ctx context.Context, text string, args []any) (t *plan.Table, err error) {
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	defer func() {
		if err != nil {
			t, err = nil, translate(ctx, err)
		}
	}()
	rows, err := p.db.Statement.ConnPool.QueryContext(limited, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	t = &plan.Table{}
	for _, column := range types {
		nullable, known := column.Nullable()
		t.Columns = append(t.Columns, plan.Column{
			Name: column.Name(), Kind: convert.KindOf(column.DatabaseTypeName()), Nullable: nullable || !known,
			Collation: p.unknownCollation(),
		})
	}
	return t, rows.Err()
}

// unknownCollation is the loosest comparison of a server: with it texts are
// compared again by bytes wherever that matters.
func (p *pool) unknownCollation() plan.Collation {
	if p.server == plan.SQLite {
		return plan.Exact
	}
	return plan.MarkOff
}

// uniques adds unique indexes to a table: the statement gives the name of an
// index and one of its columns at a time, index by index, a NULL for what is no
// column. An index with such a part is left out.
func (p *pool) uniques(ctx context.Context, t *plan.Table, text string, args []any) error {
	var last string
	var columns []string
	whole := true
	end := func() {
		if last != "" && whole && len(columns) > 0 {
			t.Unique = append(t.Unique, columns)
			t.Primary = t.Primary || last == primaryIndex
		}
		columns, whole = nil, true
	}
	err := p.ask(ctx, text, args, func(rows *sql.Rows) error {
		var index string
		var column sql.NullString
		if err := rows.Scan(&index, &column); err != nil {
			return err
		}
		if index != last {
			end()
			last = index
		}
		whole = whole && column.Valid
		columns = append(columns, column.String)
		return nil
	})
	if err != nil {
		return err
	}
	end()
	return nil
}

// primaryIndex is what MySQL and MariaDB call the index of a primary key; no
// other index can be called so there.
const primaryIndex = "PRIMARY"
