package demo

import (
	"fmt"
	"strings"
)

// Dialect names the SQL of the server that is filled.
type Dialect string

// The dialects Load can write.
const (
	MySQL  Dialect = "mysql" // MariaDB too
	SQLite Dialect = "sqlite"
)

// columnType is a type of the old system, spelled per dialect in spelling.
type columnType int

const (
	char      columnType = iota // fixed length, filled up with blanks
	varchar                     // text
	integer                     // INT
	tinyint                     // flags, which also hold 2 and -1
	bigserial                   // BIGINT UNSIGNED, with values beyond 2^63
	amount                      // DECIMAL(24,8)
	cents                       // DECIMAL(12,2)
	day                         // DATE
	moment                      // DATETIME, in the dealer's zone
	stamp                       // TIMESTAMP, in UTC
	blob
)

// spelling is the one place where the two dialects differ. SQLite has no exact
// decimal and no integer above 2^63, so both are text there; its text columns
// ignore trailing blanks when they compare, as the old collations of MySQL do.
var spelling = map[columnType]map[Dialect]string{
	char:      {MySQL: "CHAR(%d)", SQLite: "CHAR(%d) COLLATE RTRIM"},
	varchar:   {MySQL: "VARCHAR(%d)", SQLite: "VARCHAR(%d) COLLATE RTRIM"},
	integer:   {MySQL: "INT", SQLite: "INTEGER"},
	tinyint:   {MySQL: "TINYINT", SQLite: "TINYINT"},
	bigserial: {MySQL: "BIGINT UNSIGNED", SQLite: "TEXT"},
	amount:    {MySQL: "DECIMAL(24,8)", SQLite: "TEXT"},
	cents:     {MySQL: "DECIMAL(12,2)", SQLite: "TEXT"},
	day:       {MySQL: "DATE", SQLite: "DATE"},
	moment:    {MySQL: "DATETIME", SQLite: "DATETIME"},
	stamp:     {MySQL: "TIMESTAMP NULL DEFAULT NULL", SQLite: "TIMESTAMP"},
	blob:      {MySQL: "MEDIUMBLOB", SQLite: "BLOB"},
}

type column struct {
	name   string
	kind   columnType
	length int // char and varchar
}

type table struct {
	name    string
	utf8    bool     // the others are latin1 on MySQL, as the old system made them
	primary []string // most tables have none
	indexes [][]string
	columns []column
}

// text is a varchar column, code a char column.
func text(name string, length int) column { return column{name, varchar, length} }
func code(name string, length int) column { return column{name, char, length} }
func col(name string, kind columnType) column {
	return column{name: name, kind: kind}
}

// tables is the old system. No table has a foreign key; two have a primary key;
// the rest is addressed by columns that are meant to be unique and sometimes
// are not. CO is the company: a second one, 02, lives in the same tables with
// the same numbers.
var tables = []table{
	{
		name: "CUSMAS", indexes: [][]string{{"CO", "CUST"}},
		columns: []column{
			code("CO", 2), text("CUST", 10), text("NAME", 80), code("DELFLG", 1), code("CUR", 3),
			text("TEL#", 20), col("OPENED", day),
		},
	},
	{
		name: "SITES", indexes: [][]string{{"CO", "CUST", "JOB"}},
		columns: []column{
			code("CO", 2), code("CUST", 10), text("JOB", 12), text("TITLE", 160), text("ADDR1", 60), text("ADDR2", 60),
			text("CITY", 40), code("ST", 2), code("ZIP", 10), code("CTRY", 3), text("GEO", 40), text("CONTACT", 60),
			text("TEL#", 20), col("OPENFL", tinyint), col("CHGUX", integer),
		},
	},
	{
		name: "RENTAL", indexes: [][]string{{"CO", "CONNO"}, {"CO", "CUST"}},
		columns: []column{
			code("CO", 2), text("CONNO", 12), code("STAT", 1), code("KIND", 2), code("CUST", 10), text("JOB", 12),
			code("BRCH", 4), text("ORDER", 30), col("FROM", moment), col("DUE", day), col("THRU", integer),
			code("CYCLE", 2), col("BILLCT", integer), text("SLSMN", 6), code("PAYCD", 2), text("PICKBY", 60),
			text("PICK TEL", 20), text("SIGNBY", 80), code("CUR", 3), text("DIVN", 12), col("DLVY", amount),
			col("PKUP", amount), col("CHG", stamp),
		},
	},
	{
		name: "RENTLN", indexes: [][]string{{"CO", "CONNO"}, {"CO", "CUST", "JOB"}},
		columns: []column{
			code("CO", 2), text("CONNO", 12), col("SEQ", integer), code("TYPE", 2), code("CUST", 10), text("JOB", 12),
			text("UNIT", 16), text("CLASS", 8), text("DESC", 200), col("QTY", cents), text("AMT", 16), col("DAYRT", amount),
			col("WEEKRT", amount), col("MONRT", amount), col("OUTDT", moment), col("COFFD", integer), col("COFFT", integer),
			text("COFF#", 20), col("RETDT", day), col("ATTSEQ", integer), text("METER OUT", 20), code("CUR", 3),
			col("DELFLG", tinyint), col("CHGD", integer), col("CHGT", integer),
		},
	},
	{
		name: "EQPMAS", utf8: true, indexes: [][]string{{"CO", "UNIT"}},
		columns: []column{
			code("CO", 2), text("UNIT", 16), text("SERIAL", 30), text("MAKE", 12), text("MODEL", 40), text("CLASS", 8),
			col("TAG", bigserial), col("PRICE", amount), col("UPDATED", moment),
		},
	},
	{
		name: "CLSMAS", indexes: [][]string{{"CO", "CODE"}},
		columns: []column{
			code("CO", 2), text("CODE", 8), code("CAT", 4), text("TEXT", 140), code("DELFLG", 1),
		},
	},
	{
		name: "CODES", utf8: true, indexes: [][]string{{"CO", "TYPE", "CODE"}},
		columns: []column{
			code("CO", 2), code("TYPE", 4), text("CODE", 8), text("TEXT", 60), text("TEXT2", 60),
		},
	},
	{
		name: "PRICES", indexes: [][]string{{"CO", "CLASS"}},
		columns: []column{
			code("CO", 2), text("CLASS", 8), code("CUST", 10), col("DAYS", integer), col("PRICE", amount),
			text("TABLE", 12), col("CHG", moment),
		},
	},
	{
		name: "TAXES", indexes: [][]string{{"CO", "CONNO"}},
		columns: []column{
			code("CO", 2), text("CONNO", 12), col("SEQ", integer), text("TEXT", 40), col("AMT", cents),
		},
	},
	{
		name: "INVHDR", indexes: [][]string{{"CO", "CUST"}},
		columns: []column{
			code("CO", 2), col("INVNO", integer), col("SEQ", integer), code("CUST", 10), text("CONNO", 12), text("JOB", 12),
			text("IDATE", 10), text("FROM", 10), text("TO", 10), text("TYPE", 20), text("ORDER", 30), text("TOTAL", 16),
			code("CUR", 3), col("ENVFEE", amount), col("DLVY", amount), col("TAXST", amount), col("TAXCO", amount),
			col("VOIDFL", tinyint), col("CHG", moment),
		},
	},
	{
		name: "INVLN", indexes: [][]string{{"CO", "INVNO", "SEQ"}},
		columns: []column{
			code("CO", 2), col("INVNO", integer), col("SEQ", integer), col("LINE", integer), code("TYPE", 2),
			text("CONNO", 12), col("CSEQ", integer), text("UNIT", 16), text("CLASS", 8), text("DESC", 200),
			col("QTY", cents), col("AMT", cents), col("DAYRT", amount), col("WEEKRT", amount), col("MONRT", amount),
			code("CUR", 3),
		},
	},
	{
		name: "BRANCH", primary: []string{"CO", "CODE"},
		columns: []column{
			code("CO", 2), code("CODE", 4), text("NAME", 60), text("ADDR1", 60), text("CITY", 40), code("ST", 2),
			code("ZIP", 10), code("CTRY", 3), text("GEO", 40), code("DELFLG", 1),
		},
	},
	{
		name: "SCANS", primary: []string{"CO", "INVNO", "SEQ"},
		columns: []column{
			code("CO", 2), col("INVNO", integer), col("SEQ", integer), col("PDF", blob), col("ADDED", stamp),
		},
	},
	{
		name: "CUST NOTES", // a blank in a table's name
		columns: []column{
			code("CO", 2), code("CUST", 10), text("NOTE", 200), col("MADE", moment), col("SEEN", moment),
		},
	},
	{
		name: "ZZWORK2", // left behind by somebody's report, read by nobody
		columns: []column{
			text("F1", 20), text("F2", 20), col("F3", blob),
		},
	},
}

// quote makes a name safe in SQL text of either dialect.
func quote(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}

// create returns the statements that make one table and its indexes.
func (t table) create(dialect Dialect) []string {
	var lines []string
	for _, c := range t.columns {
		kind := spelling[c.kind][dialect]
		if c.length > 0 {
			kind = fmt.Sprintf(kind, c.length)
		}
		lines = append(lines, quote(c.name)+" "+kind)
	}
	if t.primary != nil {
		lines = append(lines, "PRIMARY KEY ("+quoteAll(t.primary)+")")
	}
	statement := "CREATE TABLE " + quote(t.name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"
	if dialect == MySQL {
		charset := "latin1"
		if t.utf8 {
			charset = "utf8mb4"
		}
		statement += " ENGINE=InnoDB DEFAULT CHARSET=" + charset
	}
	statements := []string{statement}
	for i, index := range t.indexes {
		// SQLite wants index names unique in the database, not only in the table.
		name := fmt.Sprintf("%s_X%d", t.name, i+1)
		statements = append(statements,
			"CREATE INDEX "+quote(name)+" ON "+quote(t.name)+" ("+quoteAll(index)+")")
	}
	return statements
}

// Schema returns the statements that make the dealer's tables, for the reader
// who wants to see them.
func Schema(dialect Dialect) []string {
	var all []string
	for _, t := range tables {
		all = append(all, t.create(dialect)...)
	}
	return all
}
