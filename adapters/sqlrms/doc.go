// Package sqlrms reads a dealer's rental database as a mapping file says.
//
// It owns how much a dealer's database is asked at a time, the running and
// preparing of statements, when a changed mapping takes over, and where documents
// lie; the way to the database is the package database's. It decides no field: a
// plan compiled from the mapping does, and this package hands it rows.
//
// An answer is read by several statements, some at the same time, each on the
// connection the pool gives it. They are not one snapshot of the database: a
// row that changes while an answer is read may appear with its old main row
// and its new children. Each statement alone is whole: if any of them fails,
// nothing of the answer is used.
//
// Nothing is written, and three things see to it: sessions whose transactions
// are read-only (a file opened for reading only, with SQLite), plans that hold
// SELECTs alone, and, where a dealer follows the advice, an account without
// other rights. Sessions are pinned: time zone, SQL mode, character set and
// limits do not depend on how a server is set up. Statements are prepared; a
// DSN with interpolateParams=true has values travel inside the text instead,
// which some proxies need.
//
// It knows no HTTP of the gateway, no tokens and no other adapter.
package sqlrms
