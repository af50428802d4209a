// Package nordbau owns the fictional dealer D200, Nordbau Mietpark: the tables
// of a German rental system, the rows in them, its documents and its mapping.
// Names have umlauts, blanks and points in them, nothing has a foreign key, each
// year has its own table of invoices, a contract's state lies in a history, and
// further facts stand in rows instead of columns.
//
// It knows no adapter, no plan and no API: it writes tables and files, and
// whoever serves them reads the mapping like any other dealer's.
package nordbau

import (
	"embed"
	"io/fs"
	"time"
)

// Code is the dealer code.
const Code = "D200"

//go:embed rms.yaml vertragsart.csv hersteller.csv
var mapping embed.FS

// Mapping returns the dealer's folder: rms.yaml and the lists beside it.
func Mapping() fs.FS { return mapping }

// Today is the day the books stand at: the names of the year tables belong to
// it. Only its date counts.
func Today() time.Time { return time.Date(2026, time.June, 15, 0, 0, 0, 0, time.UTC) }
