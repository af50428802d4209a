// Package sqltext owns the reading of SQL that an integrator wrote into a
// mapping: it takes the text apart into tokens, finds what may not stand there,
// splits it at the names that become bound parameters, and reads it by the
// grammar of its dialect.
//
// It knows no mapping file, no schema and no driver. The tokens alone decide
// what is safe; the grammar finds names and slips, and what it cannot read is
// for the server to judge when it is prepared.
package sqltext
