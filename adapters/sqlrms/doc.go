// Package sqlrms reads a dealer's rental database as a mapping file says.
//
// It owns the connection (MySQL, MariaDB or SQLite), the sessions that can
// only read, what is learnt about the tables a mapping uses, the running of
// statements, and where documents lie. It decides no field: a plan compiled
// from the mapping does, and this package hands it rows.
//
// An answer is read by several statements, some at the same time, each on the
// connection the pool gives it. They are not one snapshot of the database: a
// row that changes while an answer is read may appear with its old main row
// and its new children. Each statement alone is whole: if any of them fails,
// nothing of the answer is used.
//
// It knows no HTTP of the gateway, no tokens and no other adapter.
package sqlrms
