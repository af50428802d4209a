// Package tables owns how the tables of a sample dealer are made and filled: one
// description and one set of rows give the same database in SQLite and in
// MySQL/MariaDB.
//
// It knows no dealer, no mapping and no API; a sample dealer's package hands it
// tables and rows.
package tables
