package convert

import "strings"

// ColumnKind is what a column was declared as, as far as conversions care.
type ColumnKind uint8

// The kinds of columns.
const (
	ColumnUnknown   ColumnKind = iota
	ColumnText                 // characters of any length, ENUM, SET, UUID, INET
	ColumnInteger              // any width, BOOLEAN too
	ColumnDecimal              // exact
	ColumnFloat                // binary
	ColumnDate                 // day only
	ColumnDateTime             // wall clock of the file's zone
	ColumnTimestamp            // UTC: the session is pinned to it
	ColumnTime                 // time of day
	ColumnYear
	ColumnBit
	ColumnBinary
	ColumnJSON
)

var columnNames = [...]string{
	"unknown", "text", "integer", "decimal", "float", "date", "datetime", "timestamp",
	"time", "year", "bit", "binary", "json",
}

// String names the kind in lower case.
func (k ColumnKind) String() string {
	if int(k) < len(columnNames) {
		return columnNames[k]
	}
	return "unknown"
}

// Numeric reports whether values of the kind are numbers to the server, so
// that they are bound and compared as such.
func (k ColumnKind) Numeric() bool {
	switch k {
	case ColumnInteger, ColumnDecimal, ColumnFloat, ColumnYear, ColumnBit:
		return true
	}
	return false
}

var kindsByName = map[string]ColumnKind{
	"char": ColumnText, "varchar": ColumnText, "nchar": ColumnText, "nvarchar": ColumnText,
	"character": ColumnText, "text": ColumnText, "tinytext": ColumnText, "mediumtext": ColumnText,
	"longtext": ColumnText, "clob": ColumnText, "enum": ColumnText, "set": ColumnText,
	"uuid": ColumnText, "inet4": ColumnText, "inet6": ColumnText, "string": ColumnText,

	"int": ColumnInteger, "integer": ColumnInteger, "tinyint": ColumnInteger, "smallint": ColumnInteger,
	"mediumint": ColumnInteger, "bigint": ColumnInteger, "bool": ColumnInteger, "boolean": ColumnInteger,
	"int1": ColumnInteger, "int2": ColumnInteger, "int3": ColumnInteger, "int4": ColumnInteger,
	"int8": ColumnInteger, "serial": ColumnInteger,

	"decimal": ColumnDecimal, "dec": ColumnDecimal, "numeric": ColumnDecimal, "number": ColumnDecimal,
	"fixed": ColumnDecimal, "money": ColumnDecimal,

	"float": ColumnFloat, "double": ColumnFloat, "real": ColumnFloat, "float4": ColumnFloat, "float8": ColumnFloat,

	"date": ColumnDate, "datetime": ColumnDateTime, "timestamp": ColumnTimestamp,
	"time": ColumnTime, "year": ColumnYear, "bit": ColumnBit, "json": ColumnJSON,

	"binary": ColumnBinary, "varbinary": ColumnBinary, "blob": ColumnBinary, "tinyblob": ColumnBinary,
	"mediumblob": ColumnBinary, "longblob": ColumnBinary, "geometry": ColumnBinary, "point": ColumnBinary,
	"linestring": ColumnBinary, "polygon": ColumnBinary, "multipoint": ColumnBinary,
	"multilinestring": ColumnBinary, "multipolygon": ColumnBinary, "geometrycollection": ColumnBinary,
	"vector": ColumnBinary,
}

// KindOf reads a declared type as MySQL, MariaDB or SQLite write it, in a
// catalogue or through the driver: with or without length and attributes, in
// any letter case. A type nobody knows is taken as SQLite would take it, by
// the words inside; ColumnUnknown is left for an empty declaration.
func KindOf(declared string) ColumnKind {
	name := strings.ToLower(strings.TrimSpace(declared))
	if name == "" || name == "null" {
		return ColumnUnknown
	}
	for _, attribute := range []string{"unsigned ", "signed ", "zerofill ", "national "} {
		name = strings.TrimPrefix(name, attribute)
	}
	word := name
	if i := strings.IndexAny(name, "( \t"); i >= 0 {
		word = name[:i]
	}
	if word == "long" && strings.HasPrefix(name, "long var") {
		word = strings.TrimSpace(name[len("long"):])
	}
	if kind, ok := kindsByName[word]; ok {
		if kind == ColumnText && strings.Contains(name, "varying binary") {
			return ColumnBinary
		}
		return kind
	}
	switch {
	case strings.Contains(name, "int"):
		return ColumnInteger
	case strings.Contains(name, "char"), strings.Contains(name, "clob"), strings.Contains(name, "text"):
		return ColumnText
	case strings.Contains(name, "blob"):
		return ColumnBinary
	case strings.Contains(name, "real"), strings.Contains(name, "float"), strings.Contains(name, "double"):
		return ColumnFloat
	}
	return ColumnUnknown
}
