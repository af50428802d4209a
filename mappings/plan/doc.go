// Package plan turns a parsed mapping file into something that can be run: the
// SQL statements of every endpoint, compiled evaluators for every field, and
// setters that fill the API's own Go types.
//
// It owns the meaning of the mapping language. It opens no database and knows
// no driver, no HTTP and no API of its own: the Go types and schemas of the
// target are handed in, statements are run through a Querier that somebody
// else provides, and what was not sent as it stood is told to a Noter.
package plan
