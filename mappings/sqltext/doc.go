// Package sqltext owns the reading of SQL that an integrator wrote into a
// mapping: it takes the text apart into tokens, finds what may not stand there,
// and splits it at the names that become bound parameters.
//
// It knows no mapping file, no schema and no driver, and it parses no grammar:
// whether a text means anything is for the server to say when it is prepared.
package sqltext
