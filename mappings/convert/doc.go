// Package convert owns what happens to a raw database value on its way to an
// API value: texts, numbers, instants, codes and keys, with one outcome type
// for all of them.
//
// It knows no database, no mapping file and no API. A rule is compiled once
// and applied to every cell; everything compiled is safe for concurrent use,
// a Cell and a Total belong to one goroutine. Texts handed to functions other
// than Clean, Decimal, Integer and Bool are expected to be cleaned already.
package convert
