package sqlcrm

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// pool is the connections to one dealer's CRM.
type pool struct {
	*database.Pool
	// declared are types that say more than the database does, by table and
	// column; nil where the database is the dealer's own.
	declared func(table, column string) string
}

// newPool makes a pool without connecting.
func newPool(c *Config, log *slog.Logger) (*pool, error) {
	p, err := database.Way{
		Driver: c.Driver, DSN: c.DSN, Path: c.Path, Writes: true,
		Connections: c.maxConnections(), Limit: c.StatementTimeout, Log: log,
	}.Open()
	if err != nil {
		return nil, err
	}
	return &pool{Pool: p}, nil
}

// asker is what statements run on: the pool, one connection of it, or a
// transaction.
type asker interface {
	database.Asker
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// on is a place statements run on, with the limits of the pool.
type on struct {
	*pool
	via   asker
	alone bool // one connection: one statement runs at a time
	turn  sync.Mutex
}

func (p *pool) anywhere() *on { return &on{pool: p, via: p.Anywhere()} }

// Query implements plan.Querier. Every row was read, or there is an error that
// is translated already.
func (o *on) Query(ctx context.Context, _, text string, args []any, next func() []convert.Cell) error {
	if o.alone {
		o.turn.Lock()
		defer o.turn.Unlock()
	}
	return o.rows(ctx, text, args, func(rows *sql.Rows) error {
		cells := next()
		dest := make([]any, len(cells))
		for i := range cells {
			dest[i] = &cells[i]
		}
		return rows.Scan(dest...)
	})
}

// rows runs a SELECT and hands each row to scan.
func (o *on) rows(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	return o.AskOn(ctx, o.via, text, args, scan)
}

// texts runs a SELECT of so many columns and gives its rows as texts; NULL is nil.
func (o *on) texts(ctx context.Context, text string, args []any, width int) ([][]*string, error) {
	var all [][]*string
	err := o.rows(ctx, text, args, func(rows *sql.Rows) error {
		cells := make([]convert.Cell, width)
		dest := make([]any, width)
		for i := range cells {
			cells[i] = convert.NewCell(convert.ColumnUnknown)
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		row := make([]*string, width)
		for i := range cells {
			if !cells[i].IsNull() {
				value := cells[i].String()
				row[i] = &value
			}
		}
		all = append(all, row)
		return nil
	})
	return all, err
}

// exec runs a statement that writes.
func (o *on) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	limited, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	result, err := o.via.ExecContext(limited, text, args...)
	if err != nil {
		return nil, database.Translate(ctx, err)
	}
	return result, nil
}

// session is one connection of the pool, which a transaction can be begun on.
type session struct {
	*on
	conn *sql.Conn
}

// session takes a connection out of the pool. give puts it back; with broken set
// it is closed instead, and with it goes whatever the server holds for it.
func (p *pool) session(ctx context.Context) (s *session, give func(broken bool) error, err error) {
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	conn, err := p.Connections.Conn(limited)
	if err != nil {
		return nil, nil, database.Translate(ctx, err)
	}
	give = func(broken bool) error {
		if broken {
			// The pool is told that the connection is of no more use.
			if err := conn.Raw(func(any) error { return driver.ErrBadConn }); err != nil && !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
				return database.Translate(context.Background(), err)
			}
		}
		if err := conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, driver.ErrBadConn) {
			return database.Translate(context.Background(), err)
		}
		return nil
	}
	return &session{on: &on{pool: p, via: conn, alone: true}, conn: conn}, give, nil
}

// together runs do in a transaction. An error of do takes it back.
func (s *session) together(ctx context.Context, do func(tx *on) error) error {
	limited, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	tx, err := s.conn.BeginTx(context.WithoutCancel(limited), nil)
	if err != nil {
		return database.Translate(ctx, err)
	}
	if err := do(&on{pool: s.pool, via: tx, alone: true}); err != nil {
		if undone := tx.Rollback(); undone != nil && !errors.Is(undone, sql.ErrTxDone) {
			return errors.Join(err, database.Translate(ctx, undone))
		}
		return err
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(context.Cause(ctx), database.Translate(ctx, tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return database.Translate(ctx, err)
	}
	return nil
}
