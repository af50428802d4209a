package mapfile

// Pos is a place in a mapping file: line and column count from 1, the column
// in characters. The zero Pos means "no place in the file".
type Pos struct {
	Line, Col int
}

// File is one parsed mapping file. Everything in it carries the place it was
// written at, so that whoever finds a fault later can point at it.
type File struct {
	Path     string // as it was given to Parse; stands in every fault
	Pos      Pos
	Dialect  Dialect // of the SQL written in this file; MySQL unless said
	Timezone Text    // IANA name, of every DATE and DATETIME without a zone
	Currency Text    // ISO 4217, fills every currency that is not mapped

	CustomerNumber *Value        // the dealer customer number; must be reversible
	Owner          []TableFilter // whose rows: goes with the table everywhere
	State          []TableFilter // which rows are shown: lists only, never changes
	Maps           []*CodeMap
	Joins          []*Join // named once, used by any endpoint
	Define         []*Definition
	Endpoints      []*Endpoint // in file order, each name at most once
	Documents      []*Document
	Changes        *Changes
	Policies       Policies
	Functions      []Text // SQL functions allowed beside the built-in list
	Sentinels      []Text // raw texts that count as empty, file wide
	MaxScan        *Text  // rows a plan may scan before it is worth a warning

	lines []string // as they were written, for At
}

// Dialect names whose SQL a file's own SQL texts are.
type Dialect string

// The dialects a mapping file can be written in.
const (
	MySQL  Dialect = "mysql"
	SQLite Dialect = "sqlite"
)

// Text is a scalar exactly as it was written (0017 stays 0017), with its place.
type Text struct {
	Value  string
	Pos    Pos
	Quoted bool // written in quotes or as a block
}

// TableFilter is one line of `owner:` or `state:`.
type TableFilter struct {
	Table Text
	Where []*Condition // all must hold
}

// Condition is one thing that must hold: exactly one member besides Pos is set.
//
//	"r.status <> 'X'"                      SQL
//	{r.status: [S, R]}                     Compare, one per key, all must hold
//	{exists: lines, where: ...}            Exists (also `none:` with Negate)
//	{any: [cond, cond]}                    Any
//	{not: cond}                            Not
type Condition struct {
	Pos     Pos
	SQL     *Text
	Compare []*Comparison
	Exists  *Exists
	Any     []*Condition // at least one must hold
	Not     []*Condition // must not all hold together
}

// Comparison is one `name: value` of a condition. Name is a raw column
// (alias.name) or, in `when:`, a field of the answer.
type Comparison struct {
	Pos    Pos
	Name   Text
	Op     CompareOp
	Values []Text // for Equal: any one of them may match; for Declared: the codes that are shown
	Hidden []Text // for Declared: the codes that are known and not shown
}

// CompareOp says how a Comparison compares. Values compare as exact text
// after trim (numbers by value when the column is numeric).
type CompareOp string

// The comparisons of the mapping language, with the way they are written.
const (
	Equal   CompareOp = "equal"   // name: value, name: [value, value]
	Differs CompareOp = "not"     // name: {not: value} or {not: [..]}; an empty column differs
	Empty   CompareOp = "empty"   // name: {empty: true}: NULL, blank, zero date, sentinel
	Present CompareOp = "present" // name: {empty: false} or {present: true}
	Less    CompareOp = "below"   // name: {below: 10}
	More    CompareOp = "above"   // name: {above: 0}
	Since   CompareOp = "from"    // name: {from: 10}: at least
	UpTo    CompareOp = "upTo"    // name: {upTo: 20}: at most
	// Declared knows every code there is: rows with any other are neither shown
	// nor hidden but left out and reported. An empty text stands for an empty
	// column.
	Declared CompareOp = "show" // name: {show: [R, S], hide: [Q, C]}
)

// Exists is a filter on child rows: at least one (Negate: none) of the named
// children of the endpoint (`lines:`) fulfils Where; with Aggregate, the
// aggregate over them is compared instead.
type Exists struct {
	Children  Text
	Negate    bool
	Where     []*Condition
	Aggregate *Aggregate  // {sum: lines.amount, above: 0}
	Compare   *Comparison // Name is empty
}

// CodeMap translates codes into words. Entries come from the file or from a
// CSV beside it (File); exact match after trim unless IgnoreCase.
type CodeMap struct {
	Name       Text
	Entries    []MapEntry
	File       *Text // CSV of two columns: code, word
	IgnoreCase bool
	Else       *Text // nil: an unknown code is reported and never guessed
	ElseNull   bool  // `else: null`: an unknown code leaves the field out
}

// MapEntry is one code and its word.
type MapEntry struct {
	Code, Word Text
}

// Source is where rows come from: a table (database.table where it stands in
// another database of the server) or an inline SELECT, under an alias.
type Source struct {
	Pos      Pos
	Database Text // empty: the connection's own
	Table    Text
	Select   *Text // instead of Table
	Alias    Text
}

// Join is an N:1 join: at most one row for each row it is joined to.
type Join struct {
	Pos      Pos
	Name     Text // is the alias
	Source   Source
	Match    []Match
	On       *Text // SQL, instead of or beside Match (join on an expression)
	Where    []*Condition
	Pick     []Order // keeps one row where several match: the first in this order
	Required bool    // rows without a match are dropped; else a left join
	One      bool    // known to find one row, though no unique index says so
}

// Match is one `column: value` pair of a join, a parent or children: Column is
// a column of the table that is being joined.
type Match struct {
	Column Text
	Value  *Value // a column of an earlier alias, a literal or a conversion with a reverse
}

// Order is one key of a sort order.
type Order struct {
	Value *Value // usually a column
	Desc  bool
}

// Definition is a shared value (`jobsiteId: ...`, used as $jobsiteId) or a
// shared group of fields (used by `use: asset`).
type Definition struct {
	Name   Text
	Value  *Value
	Fields []*Field
}

// Endpoint is one list the gateway serves: contract, jobsite,
// dealer-category, invoice, customer or location.
type Endpoint struct {
	Name     Text
	None     bool       // `contract: none`: no data here, said and not forgotten
	Fixed    []FixedRow // `list:` instead of a query
	Source   Source
	Sources  []*Endpoint // union: each with its own source, joins, fields
	Key      []*Value    // columns that address a row; the table's key if left out
	Join     []*Join     // references resolved to the named joins, and own ones, in order
	Children []*Children // named child rows for aggregates and filters
	Where    []*Condition
	Order    []Order
	Distinct []*Value // rows with the same computed values are one
	Fields   []*Field
	Lists    []*List
	Use      []Text
	Policies Policies
}

// FixedRow is one element of a fixed list, all literals.
type FixedRow struct {
	Pos    Pos
	Fields []*Field
}

// Children names child rows of an endpoint: `lines: {table: LINE, match: {rental: r.id}}`.
type Children struct {
	Name   Text
	Source Source
	Match  []Match
	Join   []*Join
	Where  []*Condition
}

// Field maps one field of the answer. Path is dotted, as the API spells it,
// relative to the element it stands in.
type Field struct {
	Path  Text
	Value *Value
}

// List is an array member of the answer, fed by one or several sources.
type List struct {
	Path      Text
	None      bool  // `feeDetails: none`
	SumByName *Text // elements of equal `name` are one, this member added up, zeros dropped
	Sources   []*ListSource
	Pivot     *Pivot // rates: rows to daily, weekly, monthly
}

// ListSource is one source of an array's elements: child rows (Source and
// Parent), columns of the parent row (Columns, an unpivot), or elements inside
// one column (Elements).
type ListSource struct {
	Pos      Pos
	Source   Source
	Parent   []Match // child column: value of the parent row
	Columns  *Text   // alias whose columns become elements, one per Rows entry
	Rows     [][]*Field
	Elements *Value // list: or json: conversion; its parts go by the names given there
	Join     []*Join
	Children []*Children
	Where    []*Condition
	Order    []Order
	Distinct []*Value // rows with the same computed values are one
	Use      []Text
	Fields   []*Field
	Lists    []*List
	Policies Policies
}

// Pivot turns child rows into named members, e.g. rates into daily, weekly
// and monthly.
type Pivot struct {
	Path    Text // of the object that gets the members
	Source  Source
	Parent  []Match
	Join    []*Join
	Where   []*Condition
	Prefer  []Preference
	By      *Value
	UpTo    *Value        // with By: a ladder, by from-day and to-day
	Columns []PivotColumn // member name and the By values that feed it
	Amount  *Value
	Fields  []*Field // further members of the object, from the preferred row
	Order   []Order  // which row wins among equals
}

// Preference is one rank of `prefer:`: rows for which all Match hold; Fields
// say what the answer's members are then (rateType: customer).
type Preference struct {
	Pos    Pos
	Match  []*Comparison // values may be @customer
	Fields []*Field
}

// PivotColumn is one member made by a pivot.
type PivotColumn struct {
	Name   Text
	Values []Text
}

// ValueKind says which form a Value was written in.
type ValueKind string

// The forms of a value.
const (
	ColumnValue    ValueKind = "column"    // r.number
	FirstValue     ValueKind = "first"     // [a, b, c]: first non-empty
	LiteralValue   ValueKind = "value"     // {value: Month}
	TextValue      ValueKind = "text"      // {text: '{d.rental}-{d.seq}'}
	FromValue      ValueKind = "from"      // {from: r.kind, ...conversions}
	WhenValue      ValueKind = "when"      // {when: ..., then: ..., else: ...}
	AggregateValue ValueKind = "aggregate" // {sum: lines.amount}
	ProductValue   ValueKind = "product"   // {product: [d.qty, d.price]}
	PlusValue      ValueKind = "plus"      // {plus: [r.net, r.tax]}
	MinusValue     ValueKind = "minus"     // {minus: [r.gross, r.tax]}
	DivideValue    ValueKind = "divide"    // {divide: [r.cents, 100], digits: 2}
	SQLValue       ValueKind = "sql"       // {sql: "..."}
	DocumentValue  ValueKind = "document"  // {document: contract}
	RefValue       ValueKind = "ref"       // $jobsiteId
	NameValue      ValueKind = "name"      // @customer, @dealer, @today
)

// Value is what a field, key or match gets. Kind says which members are set;
// conversions apply to the outcome of any kind, in the fixed order of
// Conversions.
type Value struct {
	Pos       Pos
	Kind      ValueKind
	Column    ColumnRef  // ColumnValue
	Items     []*Value   // FirstValue, arithmetic; FromValue with one or several sources
	Digits    *Text      // DivideValue: places the quotient is rounded to
	Literal   *Text      // LiteralValue; Null when `{value: null}`
	Null      bool       // LiteralValue
	Parts     []TextPart // TextValue
	When      *When
	Aggregate *Aggregate
	Ref       Text // RefValue, DocumentValue, NameValue: the name without its sign
	SQL       *Text
	Convert   *Conversions // nil: the target's type decides
	OnBad     *Text        // null, leaveOut, fail, or placeholder
	Fallback  *Text        // `placeholder: N/A`: sent when the value is bad or, in a required field, empty
}

// ColumnRef is alias.name; the name is whatever follows the first dot.
type ColumnRef struct {
	Alias, Name string
	Pos         Pos
}

// TextPart is a piece of a text template: fixed text or a column.
type TextPart struct {
	Fixed  string
	Column *ColumnRef
	Ref    string // {$name} of a shared definition
}

// When is if, then, else. Without else the value is empty.
type When struct {
	If   []*Condition // Compare forms only
	Then *Value
	Else *Value
}

// Aggregate is a value over named child rows.
type Aggregate struct {
	Pos      Pos
	Func     Text // sum, count, min, max, exists
	Children Text
	Column   *ColumnRef // Alias is the children's name; nil for count and exists
	Where    []*Condition
}

// Conversions are what Go does to a value, in this order.
type Conversions struct {
	Pos      Pos
	Date     *DateRule
	Money    *MoneyRule
	Split    *SplitRule    // split: ',', part: 1 (from 1; -1 is the last)
	Line     *Text         // n-th line, from 1
	Match    *Text         // regular expression; first group, else the whole match
	Plain    bool          // markup and entities off
	Strip    *Text         // characters taken off the left (zeros)
	Pad      *Text         // zero-pad to this many characters; its reverse strips
	Case     *Text         // upper, lower, title
	Replace  []Replacement // text for text
	Map      *Text         // name of a code map
	Words    *WordsRule    // yes/no words to boolean
	Hash     *HashRule     // stable made-up key over several columns
	Cut      *CutRule      // a policy, reported
	AddDays  *Text
	List     *ListRule // elements inside a column
	JSON     *ListRule
	Distinct bool
}

// Replacement replaces From by To.
type Replacement struct {
	From, To Text
}

// DateRule is `date:` with its spelling (empty: as the column's type says),
// optional zone and time-of-day behaviour.
type DateRule struct {
	Pos      Pos
	Spelling string // yyyymmdd, cyymmdd hhmm, dd/mm/yyyy, unix, unixms, iso ...; several separated by |
	Zone     *Text  // instead of the file's timezone
	Midnight *Text  // noon (default) or keep: what a DATETIME at 00:00:00 means
}

// MoneyRule is `money:`: true, or the spelling of thousands and decimals.
type MoneyRule struct {
	Pos     Pos
	Decimal string // "." or ","; empty: guessed by the last separator
	Minor   bool   // stored in minor units (cents)
}

// SplitRule takes one part out of a text.
type SplitRule struct {
	By   Text
	Part Text
}

// WordsRule names the words that mean true and false.
type WordsRule struct {
	True, False []Text
}

// HashRule makes a stable key: letter case, blanks and row order do not matter.
type HashRule struct {
	Over   []*Value
	Length *Text // characters, default 16
	Prefix *Text
}

// CutRule shortens a text to N characters, or to the field's maximum length.
type CutRule struct {
	Pos    Pos
	Length *Text // nil: the field's own
}

// ListRule takes a column apart into elements.
type ListRule struct {
	Pos   Pos
	By    Text   // element separator
	Pair  *Text  // separator inside an element
	Names []Text // names of an element's parts; JSON: member paths
}

// Document says where the PDFs of a kind (contract, invoice) are: exactly one
// of Directory, Column, URL is set.
type Document struct {
	Pos       Pos
	Kind      Text
	Directory *Text  // below the configured documents root
	Name      *Value // file name in Directory
	Source    *Source
	Parent    []Match
	Column    *ColumnRef // BLOB
	URL       *Value     // upstream address, fetched by the gateway
	Type      *Text      // media type, application/pdf unless said
}

// Changes is the `changes:` section.
type Changes struct {
	Pos     Pos
	Overlap *Text // duration, how far back `since` is widened
	Kinds   []*ChangeKind
}

// ChangeKind is one of contract, invoice, catalog, document.
type ChangeKind struct {
	Kind     Text
	Snapshot bool // no stamp: compared by hash
	None     bool // never reported, said and not forgotten
	Sources  []*ChangeSource
}

// ChangeSource is one table whose stamp tells of changes.
type ChangeSource struct {
	Pos           Pos
	Source        Source
	Join          []*Join
	Where         []*Condition
	Stamp         []*Value // the latest counts
	Customer      *Value   // the file's customerNumber unless said
	NullIsChanged bool
}

// Policies say what happens to bad rows; nil members are inherited
// (file, then endpoint, then list, then field).
type Policies struct {
	OnBadRow       *Text // leaveOut (default) or fail
	LeaveOutAtMost *Text // share of a sweep, "5%"
	KeepParent     *bool // a left-out child does not take its parent with it
}
