package naive

// Mapping is what a mapping file says, as far as this package answers for it.
type Mapping struct {
	Zone      string
	Currency  string
	Sentinels []string
	Number    Number
	Owner     []Filter
	State     []Filter
	Maps      []CodeMap
	Contract  *Endpoint
	Archive   *Endpoint // a second source of contracts; nil: none
	Documents *Documents
	Changes   *Changes
	Locations []map[string]string // a fixed list; nil: none
}

// contracts are the sources of contracts.
func (m *Mapping) contracts() []*Endpoint {
	if m.Archive == nil {
		return []*Endpoint{m.Contract}
	}
	return []*Endpoint{m.Contract, m.Archive}
}

// Number is the dealer customer number: a column, filled up with zeros, or two
// columns with a fixed text before and between them.
type Number struct {
	Column Ref
	Pad    int
	Second *Ref
	Prefix string
}

// Filter is a condition that goes with a table.
type Filter struct {
	Table *Table
	Where Cond // bare
}

// CodeMap turns codes into words.
type CodeMap struct {
	Name       string
	Codes      [][2]string
	Else       *string // nil: none; a text of "" is null
	IgnoreCase bool
}

// Ref is a column of an alias; without an alias a bare one.
type Ref struct{ Alias, Column string }

// Endpoint is the list of contracts.
type Endpoint struct {
	From     Source
	Key      []Ref // empty: the primary key
	Distinct []Ref // of a customer's rows in which these are equal the first stays
	Children []Children
	Order    []Order
	Fields   []Field
	Assets   *List // nil: none
	Fees     *List
	Taxes    *List
}

// Source is a table under an alias, its joins and conditions.
type Source struct {
	Table *Table
	Alias string
	Joins []Join
	Where []Cond
}

// Join finds at most one row.
type Join struct {
	Alias    string
	Table    *Table
	Match    []Match
	Where    []Cond // bare
	Pick     []Order
	Required bool
}

// Match pairs a column with one of a row that is there already, or with a
// fixed text.
type Match struct {
	Column string
	With   Ref
	Fixed  *string
}

// Order is one key of an order.
type Order struct {
	By   Ref
	Desc bool
}

// Children are child rows under a name.
type Children struct {
	Name  string
	Table *Table
	Match []Match
	Joins []Join
	Where []Cond // bare
}

// Field is a field of the answer, dotted.
type Field struct {
	Path     string
	Value    Value
	Want     Want
	Required bool
	Max      int
	Words    []string // of an enumeration
	OnBad    string   // "" or null
	Fallback string   // a placeholder, "" for none
}

// List is an array member.
type List struct {
	Name      string
	SumByName bool
	Sources   []ListSource
}

// ListSource makes elements of child rows or of columns of the row itself.
type ListSource struct {
	From       *Source // nil: columns or elements
	Elements   *Elements
	Rates      *Rates // nil: none
	Parent     []Match
	Order      []Order
	Fields     []Field
	KeepParent bool
	Columns    [][]Field
}

// Elements are inside a column; their parts are columns of the alias e.
type Elements struct {
	Ref      Ref
	JSON     bool
	Distinct bool
}

// Op is a comparison.
type Op int

// The comparisons.
const (
	Equal Op = iota
	Differs
	Empty
	Present
	Above
	Below
	From
	UpTo
	Declared // Values are shown, Hidden are not; a code that is neither is in doubt
)

// Cond is a condition; exactly one of its parts is used.
type Cond struct {
	Column Ref
	Op     Op
	Values []string
	Hidden []string

	Exists string // name of children
	None   bool
	Where  []Cond // bare, of the children

	Any []Cond
	Not *Cond
}

// Want is the type a field has.
type Want int

// The types of fields.
const (
	WantText Want = iota
	WantInteger
	WantDecimal
	WantBool
	WantInstant
)

// Value is what a field gets.
type Value interface {
	written() any
	eval(r *row, want Want) outcome
}

// The values.
type (
	// ColumnValue is a plain column.
	ColumnValue struct{ Ref Ref }
	// FirstValue is the first that is not empty.
	FirstValue []Value
	// FixedValue is sent as written.
	FixedValue string
	// TextValue puts columns between fixed texts: Fixed has one more entry than Columns.
	TextValue struct {
		Fixed   []string
		Columns []Ref
	}
	// WhenValue is if, then, else.
	WhenValue struct {
		If         Cond
		Then, Else Value // Else may be nil
	}
	// MapValue is a column through a code map.
	MapValue struct {
		Ref Ref
		Map *CodeMap
	}
	// PadValue is a column filled up with zeros.
	PadValue struct {
		Ref Ref
		To  int
	}
	// DateValue is a text column with a date in a spelling.
	DateValue struct {
		Ref      Ref
		Spelling string
	}
	// MoneyValue is an amount written by people.
	MoneyValue struct{ Ref Ref }
	// ProductValue multiplies.
	ProductValue []Ref
	// ReckonedValue adds, takes off or divides: plus, minus or divide.
	ReckonedValue struct {
		Func   string
		Terms  []Term
		Digits int // of a quotient
	}
	// TotalValue reduces child rows: sum, count, min, max or exists.
	TotalValue struct {
		Func     string
		Children *Children
		Column   string // of sum, min and max
		Money    bool
		Where    []Cond // bare
	}
)

// Term is a column or, where that is set, a number as it is written.
type Term struct {
	Ref    Ref
	Number string
}
