// Package demo owns the fictional dealer D100, Prairie Line Rentals: the tables
// of its old rental system, the rows in them, its documents and its mapping.
// One source fills SQLite and MySQL/MariaDB with the same rows, which are
// untidy on purpose; every untidiness is named in a comment where it is made.
//
// It knows no adapter, no plan and no API: it writes tables and files, and
// whoever serves them reads the mapping like any other dealer's.
package demo

import (
	"embed"
	"io/fs"
)

// Code is the dealer code of the demo dealer.
const Code = "D100"

//go:embed rms.yaml rms_test.yaml makes.csv crm.yaml *-reasons.yaml sales-stages.yaml territories.csv
var mapping embed.FS

// Mapping returns the dealer's folder: rms.yaml, crm.yaml and the lists beside them.
func Mapping() fs.FS { return mapping }
