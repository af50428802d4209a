// Package hostline owns the fictional dealer D300, Hostline Equipment: a nightly
// copy of a host's files in a relational database, the rows in them and its
// mapping. No table has a key, names have at most ten characters and a # in
// them, days and times are numbers, amounts are texts with the minus behind,
// and several states are told by rows that are not there.
//
// It knows no adapter, no plan and no API: it writes tables, and whoever serves
// them reads the mapping like any other dealer's.
package hostline

import (
	"embed"
	"io/fs"
	"time"
)

// Code is the dealer code.
const Code = "D300"

//go:embed rms.yaml
var mapping embed.FS

// Mapping returns the dealer's folder: rms.yaml.
func Mapping() fs.FS { return mapping }

// Today is the day the books stand at. Only its date counts.
func Today() time.Time { return time.Date(2026, time.June, 15, 0, 0, 0, 0, time.UTC) }
