package database

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// Catalog is what is known of a database. A table that was asked for and does
// not exist is missing in Tables and in Schema; then the names of all others
// stand in Schema without columns, so that the one that was meant can be
// offered.
type Catalog struct {
	Tables map[plan.TableRef]*Table // by the way they were asked for
	Schema plan.Schema              // those, and inline SELECTs
}

// Names are the tables that are known of a database, sorted; empty: the
// connection's own.
func (c *Catalog) Names(database string) []string {
	var names []string
	for ref := range c.Schema {
		if ref.Select == "" && ref.Database == database {
			names = append(names, ref.Table)
		}
	}
	slices.Sort(names)
	return names
}

// Inspect learns what there is to know of tables and inline SELECTs.
func (p *Pool) Inspect(ctx context.Context, refs []plan.TableRef) (*Catalog, error) {
	r, err := p.reader(ctx)
	if err != nil {
		return nil, err
	}
	c := &Catalog{Tables: map[plan.TableRef]*Table{}, Schema: plan.Schema{}}
	var absent []plan.TableRef
	for _, ref := range refs {
		if c.Schema[ref] != nil {
			continue
		}
		if ref.Select != "" {
			if c.Schema[ref], err = p.inspectSelect(ctx, ref.Select); err != nil {
				return nil, fmt.Errorf("reading the structure of the database: %w", err)
			}
			continue
		}
		t := &Table{Ref: ref, Plan: &plan.Table{}}
		switch err := r.read(ctx, t); {
		case err != nil:
			return nil, fmt.Errorf("reading the structure of the database: %w", err)
		case len(t.Columns) == 0:
			absent = append(absent, ref)
		default:
			c.Tables[ref], c.Schema[ref] = t, t.Plan
		}
	}
	return c, c.offer(ctx, r, refs, absent)
}

// offer adds the names of the tables there are beside those that are not.
func (c *Catalog) offer(ctx context.Context, r reader, refs, absent []plan.TableRef) error {
	var asked []string
	for _, ref := range absent {
		if slices.Contains(asked, ref.Database) {
			continue
		}
		asked = append(asked, ref.Database)
		names, err := r.names(ctx, ref.Database)
		if err != nil {
			return fmt.Errorf("reading the names of the tables: %w", err)
		}
		for _, name := range names {
			other := plan.TableRef{Database: ref.Database, Table: name}
			if c.Schema[other] == nil && !slices.Contains(refs, other) {
				c.Schema[other] = &plan.Table{}
			}
		}
	}
	return nil
}

// reader is what a database says about its own tables.
type reader interface {
	// read fills a table; without columns there is none.
	read(ctx context.Context, t *Table) error
	names(ctx context.Context, database string) ([]string, error)
}

func (p *Pool) reader(ctx context.Context) (reader, error) {
	if p.Server == plan.SQLite {
		return fileReader{p}, nil
	}
	r := &serverReader{pool: p}
	err := p.Ask(ctx, "select database(), @@lower_case_table_names", nil, func(rows *sql.Rows) error {
		return rows.Scan(&r.database, &r.letters)
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the database's name: %w", err)
	}
	return r, nil
}

// inspectSelect learns the columns of an inline SELECT by asking for none of
// its rows, or why the server refuses the text.
func (p *Pool) inspectSelect(ctx context.Context, text string) (*plan.Table, error) {
	dialect := sqltext.MySQL
	if p.Server == plan.SQLite {
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
	t := &plan.Table{}
	err := p.read(ctx, p.Anywhere(), statement.String(), args, func(rows *sql.Rows) error {
		types, err := rows.ColumnTypes()
		for _, column := range types {
			nullable, known := column.Nullable()
			t.Columns = append(t.Columns, plan.Column{
				Name: column.Name(), Kind: convert.KindOf(column.DatabaseTypeName()), Nullable: nullable || !known,
				Collation: p.unknownCollation(),
			})
		}
		return err
	})
	if why, refused := Refusal(err); refused {
		if found := sqltext.Blame(why, statement.String(), []string{text}, dialect); found != nil {
			return &plan.Table{Refused: found.Words(why, text), RefusedAt: found.Offset}, nil
		}
		return &plan.Table{Refused: why}, nil
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// unknownCollation is the loosest comparison of a server: with it texts are
// compared again by bytes wherever that matters.
func (p *Pool) unknownCollation() plan.Collation {
	if p.Server == plan.SQLite {
		return plan.Exact
	}
	return plan.MarkOff
}

// primaryIndex is what MySQL and MariaDB call the index of a primary key; no
// other index can be called so there.
const primaryIndex = "PRIMARY"

// indexes adds what is unique to a table, and what indexes begin with. The
// statement gives the name of an index, one of its columns at a time in their
// order, a NULL for what is no column, and whether the index is unique. One with
// a part that is no column says nothing about columns.
func (p *Pool) indexes(ctx context.Context, t *Table, text string, args []any) error {
	var last string
	var columns []string
	whole, one := true, false
	end := func() {
		if one && whole && len(columns) > 0 {
			t.Plan.Unique = append(t.Plan.Unique, columns)
			t.Plan.Primary = t.Plan.Primary || last == primaryIndex
		}
		columns, whole = nil, true
	}
	err := p.Ask(ctx, text, args, func(rows *sql.Rows) error {
		var index string
		var column sql.NullString
		var unique bool
		if err := rows.Scan(&index, &column, &unique); err != nil {
			return err
		}
		first := index != last
		if first {
			end()
			last, one = index, unique
		}
		if first && column.Valid && !slices.Contains(t.Plan.Leading, column.String) {
			t.Plan.Leading = append(t.Plan.Leading, column.String)
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

// texts asks for one column.
func (p *Pool) texts(ctx context.Context, text string, args ...any) ([]string, error) {
	var all []string
	err := p.Ask(ctx, text, args, func(rows *sql.Rows) error {
		var one string
		if err := rows.Scan(&one); err != nil {
			return err
		}
		all = append(all, one)
		return nil
	})
	return all, err
}
