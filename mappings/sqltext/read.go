package sqltext

import (
	"fmt"
	"slices"
	"strings"
)

// Reading is what the grammar of a dialect makes of a text.
type Reading struct {
	// Columns are the columns that are named with a table before them, in
	// their order.
	Columns []Column
	// Sources are the names that the text itself gives to tables, by FROM, by
	// JOIN or by WITH.
	Sources []string
	// Reads is false for a statement that is no SELECT, whatever it begins with.
	Reads bool
}

// Column is a column as a text names it: qualifier.name.
type Column struct {
	Qualifier, Name string
	Offset          int // in bytes, of the qualifier
}

// Brings says whether the text itself gives this name to a table. Whether the
// server tells letter cases apart is not known here, so they never make two.
func (r *Reading) Brings(name string) bool {
	return slices.ContainsFunc(r.Sources, func(have string) bool { return strings.EqualFold(have, name) })
}

// Read reads a text by the grammar of its dialect. It expects a text in which
// Check found nothing. What the grammar here does not know the server may know
// all the same, so the fault that comes instead of a reading is no more than a
// warning.
func Read(text string, dialect Dialect, statement bool) (reading *Reading, fault *Fault) {
	defer func() {
		// A grammar written by others must not stop a gateway over a text it
		// was not written for.
		if recover() != nil {
			reading, fault = nil, unread(text, 0)
		}
	}()
	if dialect == SQLite {
		return readSQLite(text, statement)
	}
	return readMySQL(text, statement)
}

// unread is the fault of a text that the grammar gives up on at an offset.
func unread(text string, offset int) *Fault {
	offset = min(max(offset, 0), len(text))
	where := "its end"
	if rest := strings.Fields(text[offset:]); len(rest) > 0 {
		where = fmt.Sprintf("%q", firstToken(text[offset:]))
	} else {
		offset = len(strings.TrimRight(text, " \t\r\n"))
	}
	return &Fault{Offset: offset, Message: "this SQL cannot be read offline, from " + where + " on; whether the database reads it is told by `mapping check --db`"}
}

// firstToken is what stands first in a text, blanks aside.
func firstToken(text string) string {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	_, length := next(trimmed, MySQL)
	return trimmed[:length]
}
