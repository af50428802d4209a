// Package database owns the way to a dealer's database: how MySQL, MariaDB and
// SQLite are reached, sessions that behave the same whatever a server's settings
// are, what is to know of the tables there, when a mapping meets them, which texts
// a column's character set holds, and what an error of a database or of its driver
// means.
//
// It serves the adapters that stand on SQL. Whether anything may be written is
// said when the pool is opened, and sessions keep to it. What is asked for and
// what becomes of the rows is the adapter's: it runs its statements on the pool,
// on one connection of it or in a transaction, and this package neither queues
// nor repeats any. It knows no field of any API.
package database
