// Package sqlcrm writes leads into a dealer's CRM and tells what became of them,
// as crm.yaml says.
//
// It owns the transactions, the keys of new rows, and the order of things by
// which a lead stands there once whatever breaks: one writer at a time, the keys
// that can be chosen noted before the first row, the lead looked for before it
// is made; the way to the database is the package database's. Which row gets what is the mapping's; what is reported back is read
// by a plan.
//
// Where all tables have transactions, a lead is written whole or not at all, and
// a crash after the commit is told by the lead id or by a chosen key; new leads
// that carry their id share look-ups, counters and commits. Tables
// without transactions get their rows one by one in the mapping's order; what is
// missing of a lead that was begun is added when it comes again.
//
// It knows no HTTP, no queue of leads and no other adapter.
package sqlcrm
