package database

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/gorm"
)

// Asker is what a SELECT runs on: the pool, one connection of it, or a
// transaction.
type Asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Anywhere is whichever connection of the pool is free. Texts go to the server
// as they stand, past everything GORM does to texts.
func (p *Pool) Anywhere() gorm.ConnPool { return p.db.Statement.ConnPool }

// Ask runs a SELECT on any connection, unprepared and within the limit, and
// hands each row to scan. Every row was read, or there is an error that is
// translated already.
func (p *Pool) Ask(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	return p.AskOn(ctx, p.Anywhere(), text, args, scan)
}

// AskOn is Ask on a connection or in a transaction.
func (p *Pool) AskOn(ctx context.Context, via Asker, text string, args []any, scan func(*sql.Rows) error) error {
	return p.read(ctx, via, text, args, func(rows *sql.Rows) error {
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Pool) read(ctx context.Context, via Asker, text string, args []any, all func(*sql.Rows) error) (err error) {
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	defer func() { err = Translate(ctx, err) }()
	rows, err := via.QueryContext(limited, text, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := all(rows); err != nil {
		return err
	}
	return rows.Err()
}

// Understands has the server read a statement with so many arguments without
// running it.
func (p *Pool) Understands(ctx context.Context, text string, args int) error {
	return p.Ask(ctx, "explain "+text, make([]any, args), func(*sql.Rows) error { return nil })
}

// Ping says whether the database answers.
func (p *Pool) Ping(ctx context.Context) error {
	return p.Ask(ctx, "select 1", nil, func(*sql.Rows) error { return nil })
}
