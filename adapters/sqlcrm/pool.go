package sqlcrm

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// pool is the connections to one dealer's CRM.
type pool struct {
	db     *gorm.DB
	server plan.Server
	limit  time.Duration // of one statement
	// declared are types that say more than the database does, by table and
	// column; nil where the database is the dealer's own.
	declared func(table, column string) string
}

// newPool makes a pool without connecting: a database that is away is no
// mistake of the settings.
func newPool(c *Config, log *slog.Logger) (*pool, error) {
	p := &pool{limit: c.statementTimeout()}
	var dialector gorm.Dialector
	var err error
	switch c.Driver {
	case MySQL:
		p.server = plan.MySQL
		dialector, err = openMySQL(c, log)
	case SQLite:
		p.server = plan.SQLite
		dialector, err = openSQLite(c)
	default:
		err = fmt.Errorf("the driver must be %q or %q", MySQL, SQLite)
	}
	if err != nil {
		return nil, err
	}
	p.db, err = gorm.Open(dialector, &gorm.Config{
		DisableAutomaticPing: true,
		// Its lines would hold statements; errors are returned instead.
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	connections, err := p.db.DB()
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	connections.SetMaxOpenConns(c.maxConnections())
	connections.SetMaxIdleConns(c.maxConnections())
	connections.SetConnMaxIdleTime(longestIdle)
	connections.SetConnMaxLifetime(longestLife)
	return p, nil
}

// How long a connection is kept.
const (
	longestIdle = 90 * time.Second
	longestLife = 5 * time.Minute
)

func (p *pool) close() error {
	connections, err := p.db.DB()
	if err != nil {
		return err
	}
	return connections.Close()
}

// asker is what statements run on: the pool, one connection of it, or a
// transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// on is a place statements run on, with the limits of the pool.
type on struct {
	*pool
	via   asker
	alone bool // one connection: one statement runs at a time
	turn  sync.Mutex
}

func (p *pool) anywhere() *on { return &on{pool: p, via: p.db.Statement.ConnPool} }

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
func (o *on) rows(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) (err error) {
	limited, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	defer func() {
		if err != nil {
			err = translate(ctx, err)
		}
	}()
	rows, err := o.via.QueryContext(limited, text, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
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
	limited, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	result, err := o.via.ExecContext(limited, text, args...)
	if err != nil {
		return nil, translate(ctx, err)
	}
	return result, nil
}

// understands has the server read a statement without running it.
func (p *pool) understands(ctx context.Context, text string, args int) error {
	return p.anywhere().rows(ctx, "explain "+text, make([]any, args), func(*sql.Rows) error { return nil })
}

// ping says whether the database answers.
func (p *pool) ping(ctx context.Context) error {
	return p.anywhere().rows(ctx, "select 1", nil, func(*sql.Rows) error { return nil })
}

// session is one connection of the pool, which a transaction can be begun on.
type session struct {
	*on
	conn *sql.Conn
}

// session takes a connection out of the pool. give puts it back; with broken set
// it is closed instead, and with it goes whatever the server holds for it.
func (p *pool) session(ctx context.Context) (s *session, give func(broken bool) error, err error) {
	connections, err := p.db.DB()
	if err != nil {
		return nil, nil, err
	}
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	conn, err := connections.Conn(limited)
	if err != nil {
		return nil, nil, translate(ctx, err)
	}
	give = func(broken bool) error {
		if broken {
			// The pool is told that the connection is of no more use.
			if err := conn.Raw(func(any) error { return driver.ErrBadConn }); err != nil && !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
				return translate(context.Background(), err)
			}
		}
		if err := conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, driver.ErrBadConn) {
			return translate(context.Background(), err)
		}
		return nil
	}
	return &session{on: &on{pool: p, via: conn, alone: true}, conn: conn}, give, nil
}

// together runs do in a transaction. An error of do takes it back.
func (s *session) together(ctx context.Context, do func(tx *on) error) error {
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	tx, err := s.conn.BeginTx(context.WithoutCancel(limited), nil)
	if err != nil {
		return translate(ctx, err)
	}
	if err := do(&on{pool: s.pool, via: tx, alone: true}); err != nil {
		if undone := tx.Rollback(); undone != nil && !errors.Is(undone, sql.ErrTxDone) {
			return errors.Join(err, translate(ctx, undone))
		}
		return err
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(context.Cause(ctx), translate(ctx, tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return translate(ctx, err)
	}
	return nil
}
