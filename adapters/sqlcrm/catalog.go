package sqlcrm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// table is what a database says about one table that is written or read.
type table struct {
	ref     plan.TableRef
	plan    *plan.Table // the same for whoever reads it
	columns []*column
	engine  string // of MySQL
	// lasting says that what was written stays when a transaction is taken back.
	lasting bool
}

// column is one column with what writing has to know.
type column struct {
	plan.Column
	table      string
	declared   string // data type, lower case
	charset    string
	hasDefault bool
	auto       bool // the database counts
	made       bool // the database computes it
	members    []string
	unsigned   bool
	bits       uint // of a whole number, 0 where the database does not keep to it
	precision  int  // digits of a decimal, 0 where it is none
	scale      int
	bytes      bool // MaxChars counts bytes
}

// integerBits are the bits of the whole numbers of MySQL and MariaDB.
var integerBits = map[string]uint{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

// title is the column as people know it.
func (c *column) title() string { return c.table + "." + c.Name }

func (t *table) column(name string) *column {
	for _, c := range t.columns {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}

func (t *table) names() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.Name
	}
	return names
}

// name is the table as SQL.
func (t *table) name() string { return tableName(t.ref) }

func tableName(ref plan.TableRef) string {
	if ref.Database != "" {
		return quoted(ref.Database) + "." + quoted(ref.Table)
	}
	return quoted(ref.Table)
}

// quoted makes an identifier of a name.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// primary are the columns of the primary key.
func (t *table) primary() []string {
	if !t.plan.Primary || len(t.plan.Unique) == 0 {
		return nil
	}
	return t.plan.Unique[0]
}

// indexed says whether an index begins with a column.
func (t *table) indexed(name string) bool {
	return slices.ContainsFunc(t.plan.Leading, func(lead string) bool { return strings.EqualFold(lead, name) })
}

// catalog is what is known of a database: tables by the way they were asked for,
// and the names of the others.
type catalog struct {
	tables map[plan.TableRef]*table
	schema plan.Schema
	others []string
}

// inspect learns what there is to know about tables. One that does not exist is
// missing in the answer.
func (p *pool) inspect(ctx context.Context, refs []plan.TableRef) (*catalog, error) {
	c := &catalog{tables: map[plan.TableRef]*table{}, schema: plan.Schema{}}
	missing := false
	for _, ref := range refs {
		if c.schema[ref] != nil {
			continue
		}
		if ref.Select != "" {
			known, err := p.inspectSelect(ctx, ref)
			if err != nil {
				return nil, err
			}
			c.schema[ref] = known
			continue
		}
		var t *table
		var err error
		if p.server == plan.SQLite {
			t, err = p.sqliteTable(ctx, ref)
		} else {
			t, err = p.mysqlTable(ctx, ref)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the structure of the database: %w", err)
		}
		if t == nil {
			missing = true
			continue
		}
		c.tables[ref], c.schema[ref] = t, t.plan
	}
	if missing {
		if err := c.fillNames(ctx, p); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// fillNames adds the names of the tables there are, so that the one that was
// meant can be offered.
func (c *catalog) fillNames(ctx context.Context, p *pool) error {
	text := "select table_name from information_schema.tables where table_schema = database() order by table_name"
	if p.server == plan.SQLite {
		text = "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by name"
	}
	rows, err := p.anywhere().texts(ctx, text, nil, 1)
	if err != nil {
		return fmt.Errorf("reading the names of the tables: %w", err)
	}
	for _, row := range rows {
		c.others = append(c.others, *row[0])
		ref := plan.TableRef{Table: *row[0]}
		if c.schema[ref] == nil {
			c.schema[ref] = &plan.Table{}
		}
	}
	return nil
}

// inspectSelect learns the columns of an inline SELECT by asking for none of its
// rows, or why the server refuses the text.
func (p *pool) inspectSelect(ctx context.Context, ref plan.TableRef) (t *plan.Table, err error) {
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	defer func() {
		if err == nil {
			return
		}
		t, err = nil, translate(ctx, err)
		if why, ok := refusal(err); ok {
			t, err = &plan.Table{Refused: why}, nil
		}
	}()
	rows, err := p.db.Statement.ConnPool.QueryContext(limited, "select * from ("+ref.Select+"\n) as x where 1 = 0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	t = &plan.Table{}
	for _, one := range types {
		t.Columns = append(t.Columns, plan.Column{Name: one.Name(), Kind: convert.KindOf(one.DatabaseTypeName()), Nullable: true, Collation: plan.MarkOff})
	}
	return t, rows.Err()
}

// mysqlTable reads information_schema for one table.
func (p *pool) mysqlTable(ctx context.Context, ref plan.TableRef) (*table, error) {
	t := &table{ref: ref, plan: &plan.Table{}}
	where := " where table_schema = coalesce(nullif(?, ''), database()) and table_name = ?"
	args := []any{ref.Database, ref.Table}
	err := p.anywhere().rows(ctx, "select column_name, data_type, column_type, character_maximum_length, is_nullable, collation_name, "+
		"character_set_name, column_default is not null, extra, numeric_precision, numeric_scale from information_schema.columns"+where+" order by ordinal_position", args, func(rows *sql.Rows) error {
		c := &column{table: ref.Table}
		var full, nullable, extra string
		var length, precision, scale sql.NullInt64
		var collation, charset sql.NullString
		if err := rows.Scan(&c.Name, &c.declared, &full, &length, &nullable, &collation, &charset, &c.hasDefault, &extra, &precision, &scale); err != nil {
			return err
		}
		c.declared, extra = strings.ToLower(c.declared), strings.ToLower(extra)
		c.Kind, c.Nullable, c.MaxChars = convert.KindOf(c.declared), nullable == "YES", int(min(length.Int64, 1<<31-1))
		c.charset, c.Holds, c.Collation = charset.String, holds(charset.String), collationOf(collation.String)
		c.Letters = plan.Letters{Set: charset.String, Collation: collation.String}
		c.auto = strings.Contains(extra, "auto_increment")
		c.made = strings.Contains(extra, "generated") && !strings.Contains(extra, "default_generated")
		c.bits, c.unsigned = integerBits[c.declared], strings.Contains(full, "unsigned")
		c.bytes = strings.HasSuffix(c.declared, "text") || c.Kind == convert.ColumnBinary
		if c.Kind == convert.ColumnDecimal {
			c.precision, c.scale = int(precision.Int64), int(scale.Int64)
		}
		if c.declared == "enum" {
			c.members = membersOf(full)
		}
		t.add(c)
		return nil
	})
	if err != nil || len(t.columns) == 0 {
		return nil, err
	}
	err = p.anywhere().rows(ctx, "select t.engine, coalesce(e.transactions, 'YES'), coalesce(t.table_rows, 0) from information_schema.tables t "+
		"left join information_schema.engines e on e.engine = t.engine where t.table_schema = coalesce(nullif(?, ''), database()) and t.table_name = ?", args, func(rows *sql.Rows) error {
		var engine sql.NullString
		var transactions string
		if err := rows.Scan(&engine, &transactions, &t.plan.Rows); err != nil {
			return err
		}
		t.engine, t.lasting = engine.String, transactions != "YES"
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err := p.anywhere().texts(ctx, "select index_name, column_name, non_unique, seq_in_index from information_schema.statistics"+where+
		" order by index_name <> 'PRIMARY', index_name, seq_in_index", args, 4)
	if err != nil {
		return nil, err
	}
	t.indexes(rows)
	return t, nil
}

func (t *table) add(c *column) {
	t.columns = append(t.columns, c)
	t.plan.Columns = append(t.plan.Columns, c.Column)
}

// indexes takes rows of index name, column, non-unique and place, in order. An
// index over an expression says nothing about columns.
func (t *table) indexes(rows [][]*string) {
	for at := 0; at < len(rows); {
		name, unique, whole := *rows[at][0], *rows[at][2] == "0", true
		var columns []string
		for ; at < len(rows) && *rows[at][0] == name; at++ {
			if rows[at][1] == nil {
				whole = false
				continue
			}
			if *rows[at][3] == "1" {
				t.plan.Leading = append(t.plan.Leading, *rows[at][1])
			}
			columns = append(columns, *rows[at][1])
		}
		if unique && whole && len(columns) > 0 {
			t.plan.Unique = append(t.plan.Unique, columns)
			t.plan.Primary = t.plan.Primary || name == "PRIMARY"
		}
	}
}

// membersOf reads the words of an ENUM out of its declaration.
func membersOf(declared string) []string {
	_, list, found := strings.Cut(declared, "(")
	if !found {
		return nil
	}
	var words []string
	rest := strings.TrimSuffix(list, ")")
	for {
		open := strings.IndexByte(rest, '\'')
		if open < 0 {
			return words
		}
		rest = rest[open+1:]
		var word strings.Builder
		for rest != "" {
			if strings.HasPrefix(rest, "''") {
				word.WriteByte('\'')
				rest = rest[2:]
				continue
			}
			if rest[0] == '\'' {
				rest = rest[1:]
				break
			}
			word.WriteByte(rest[0])
			rest = rest[1:]
		}
		words = append(words, word.String())
	}
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

// sqliteTable asks a SQLite file through its pragmas.
func (p *pool) sqliteTable(ctx context.Context, ref plan.TableRef) (*table, error) {
	t := &table{ref: ref, plan: &plan.Table{}}
	database := ref.Database
	if database == "" {
		database = "main"
	}
	type part struct {
		at   int
		name string
	}
	var key []part
	err := p.anywhere().rows(ctx, `select name, type, "notnull", dflt_value is not null, pk, hidden from pragma_table_xinfo(?, ?) where hidden <> 1 order by cid`,
		[]any{ref.Table, database}, func(rows *sql.Rows) error {
			c := &column{table: ref.Table}
			var declared string
			var notNull bool
			var at, hidden int
			if err := rows.Scan(&c.Name, &declared, &notNull, &c.hasDefault, &at, &hidden); err != nil {
				return err
			}
			c.declared = strings.ToLower(declared)
			c.Kind, c.Nullable, c.made = convert.KindOf(declared), !notNull, hidden > 1
			if c.Kind == convert.ColumnText {
				c.MaxChars = declaredLength(c.declared)
			}
			if p.declared != nil {
				c.declare(p.declared(ref.Table, c.Name))
			}
			if at > 0 {
				key = append(key, part{at, c.Name})
				c.auto = strings.EqualFold(declared, "integer")
			}
			t.add(c)
			return nil
		})
	if err != nil || len(t.columns) == 0 {
		return nil, err
	}
	if len(key) > 0 {
		slices.SortFunc(key, func(a, b part) int { return a.at - b.at })
		var columns []string
		for _, one := range key {
			columns = append(columns, one.name)
		}
		t.plan.Unique, t.plan.Primary = [][]string{columns}, true
		t.plan.Leading = append(t.plan.Leading, columns[0])
	}
	for _, c := range t.columns {
		c.auto = c.auto && len(key) == 1
	}
	rows, err := p.anywhere().texts(ctx, `select l.name, x.name, case when l."unique" = 1 and l.partial = 0 then '0' else '1' end, x.seqno + 1 `+
		`from pragma_index_list(?, ?) as l, pragma_index_info(l.name, ?) as x where l.origin <> 'pk' order by l.name, x.seqno`,
		[]any{ref.Table, database, database}, 4)
	if err != nil {
		return nil, err
	}
	t.indexes(rows)
	return t, nil
}

// declaredLength reads the length out of a declaration such as varchar(25).
// SQLite keeps no text to it, but whoever declared it meant it.
func declaredLength(declared string) int {
	_, rest, found := strings.Cut(declared, "(")
	n := 0
	for i := 0; found && i < len(rest) && rest[i] >= '0' && rest[i] <= '9' && n < 1<<24; i++ {
		n = n*10 + int(rest[i]-'0')
	}
	return n
}
