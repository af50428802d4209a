// Package crmfile owns the format of crm.yaml and of the files beside it: which
// rows of a dealer's CRM a lead becomes, and what is reported back of them.
//
// It reads them into a typed tree with positions and reports everything that is
// wrong with their form at once. It knows no SQL, no database and no API: the
// members of a lead are handed in, columns are for whoever writes them.
package crmfile

import "github.com/dealerbridge/dealerbridge/mappings/mapfile"

// File is one crm.yaml with the maps beside it.
type File struct {
	Path string
	// Shared holds what is written as in rms.yaml: settings, code maps (those of
	// the files beside it too), joins, definitions, and the section of Update as
	// its only endpoint.
	Shared    *mapfile.File
	Lead      *Lead   // nil: leads are not written here
	Update    *Update // nil: nothing is reported back
	PickLists []*PickList
	Messages  *Messages // nil: messages are not written here
	Moves     *Moves    // nil: nothing is fetched for messages
}

// Lead says which rows one lead becomes.
type Lead struct {
	Pos mapfile.Pos
	// LeadID is the column that holds Caterpillar's id of the lead; nil where the
	// gateway keeps the pair of ids.
	LeadID           *RowColumn
	DealerLeadID     *RowColumn // a key column of a row
	AcceptDuplicates bool
	Instead          *mapfile.Text // stands for every character a column cannot hold
	Rows             []*Row        // in the order in which they are written
}

// RowColumn is a column of a row by the row's name: card.CAT_LEAD.
type RowColumn struct {
	Row, Column string
	Pos         mapfile.Pos
}

// Row is one row that a lead becomes, or finds.
type Row struct {
	Name        mapfile.Text
	Source      mapfile.Source       // its table; no alias
	When        []*mapfile.Condition // on members of the lead; the row is left out where they do not hold
	Key         []*Key
	Find        [][]*Set // ways to find a row that is there already, in this order
	NeverChange bool
	Insert      []*Set
	Update      []*Set
	Append      []*Set
}

// Key is one column of a row's key and how it comes into being: exactly one
// member besides Column is set.
type Key struct {
	Column  mapfile.Text
	Auto    bool // the database counts
	UUID    bool
	Counter *Counter
	Format  *Format
	Value   *Write // a value: the key of an earlier row, say
}

// Chosen says whether the gateway knows the key before the row is there.
func (k *Key) Chosen() bool { return k.UUID || k.Counter != nil || k.Format != nil }

// Counter is a table that says which number is next.
type Counter struct {
	Pos               mapfile.Pos
	Source            mapfile.Source
	Column            mapfile.Text
	Where             []*Literal // which row of the table
	ReadThenIncrement bool       // the number found is the one to use; else the one after it
}

// Literal is a column and the text it is equal to.
type Literal struct {
	Column, Text mapfile.Text
}

// Format is a number with a shape: L-{yyyy}{mm}-{next:4}.
type Format struct {
	Text  mapfile.Text
	Parts []FormatPart
}

// FormatPart is fixed text, a part of today's date (yyyy, yy, mm, dd) or the
// next free number with so many digits.
type FormatPart struct {
	Fixed  string
	Date   string
	Next   bool
	Digits int
}

// Set is a column and what it gets.
type Set struct {
	Column mapfile.Text
	Value  *Write
}

// Write is what a column gets.
type Write struct {
	Pos       mapfile.Pos
	Value     *mapfile.Value // nil with Territory
	Territory *Territory
	As        *mapfile.Text // how a date is spelt in a column of texts or numbers
	Zone      *mapfile.Text // of a date that is written, instead of the file's
	Cut       bool          // to the column's length, or to Length
	Length    *mapfile.Text
	Rest      *RowColumn // where what was cut off goes
	Instead   *mapfile.Text
	Columns   []mapfile.ColumnRef // all it is made of
}

// Territory finds a value in a CSV whose first line names its columns.
type Territory struct {
	Pos   mapfile.Pos
	File  mapfile.Text
	By    []*By
	Take  mapfile.Text
	Else  *mapfile.Text
	Table *TerritoryTable // nil where the file could not be read
}

// By is a column of the CSV and the value it has to have.
type By struct {
	Column mapfile.Text
	Value  *mapfile.Value
}

// Update says what is reported back of a lead.
type Update struct {
	Pos     mapfile.Pos
	Section *mapfile.Endpoint // from, key, join, where, fields
	LeadID  *mapfile.Value    // nil where the gateway keeps the pair of ids
	Changed []*Changed
	Open    []*mapfile.Condition // nil: what the update itself says
	Gone    *Gone
}

// Changed is one table whose stamp tells that a lead changed.
type Changed struct {
	Pos    mapfile.Pos
	Source *mapfile.ChangeSource
	Own    bool             // the lead's own rows: no table is named
	Lead   []*mapfile.Value // the key of the lead's row; empty where Own
}

// Gone is what is reported of a lead whose row is not there any more.
type Gone struct {
	Pos  mapfile.Pos
	When []*mapfile.Condition // rows that count as gone although they are there
	Send []*mapfile.Field     // literals; none: nothing is sent
}

// PickList is a table of the CRM that lists what a mapped column can hold.
type PickList struct {
	Map    mapfile.Text
	Source mapfile.Source
	Column mapfile.Text
	Where  []*Literal
}

// Messages says how inbound messages are written into a table.
type Messages struct {
	Pos    mapfile.Pos
	Source mapfile.Source
	ID     mapfile.Text // the column that holds the gateway's id of the message
	Insert []*Set
}

// Moves says where the moves of the dealer's staff stand that are to be told to
// the partner. The fields of its section are those of MoveFields.
type Moves struct {
	Pos     mapfile.Pos
	Section *mapfile.Endpoint
	Stamp   *mapfile.Value // when a row changed
}

// MoveFields are the fields of a move, StampField beside them.
func MoveFields() []string {
	return []string{"requestId", "remoteId", "status", "user", "userName", "title", "text", "date", "disposition"}
}

// StampField is the field under which the moment of a move stands in its section.
const StampField = "changedAt"

// The maps that stand in files of their own.
const (
	RejectedReasons     = "rejected-reasons"
	DisqualifiedReasons = "disqualified-reasons"
	ClosedReasons       = "closed-reasons"
	SalesStages         = "sales-stages"
)

// NotYet is the word of a code map with which nothing is sent and nothing held.
const NotYet = "notYet"

// The fields under which a stage and the row's own percentage stand in the
// section of an update.
const (
	StageField      = "stage"
	PercentageField = "stagePercentage"
)

// The names values can begin with beside those of rows.
const (
	LeadAlias    = "lead"
	GatewayAlias = "gateway"
	MessageAlias = "message"
)
