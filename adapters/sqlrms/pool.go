package sqlrms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// preparedMost is how many statements are kept prepared on each connection.
// IN lists are padded, so a mapping needs few; the server's own limit is for
// all its clients together.
const preparedMost = 200

// pool is the connections to one dealer's database.
type pool struct {
	db       *gorm.DB
	server   plan.Server
	limit    time.Duration // of one statement
	prepared *prepared     // of a file; nil on a server
	// sessions: statements are prepared on a server's connections; otherwise
	// values are written into their text.
	sessions    bool
	connections *sql.DB
	told        func(name, text string, args []any)
	gate        *gate
}

// newPool makes a pool without connecting: a database that is away is no
// mistake of the settings.
func newPool(c *Config, log *slog.Logger) (*pool, error) {
	p := &pool{limit: c.statementTimeout(), told: c.Told, gate: newGate(c.maxConnections(), c.maxWaiting(), c.clock())}
	var dialector gorm.Dialector
	var err error
	binary := true
	switch c.Driver {
	case MySQL:
		p.server = plan.MySQL
		dialector, binary, err = openMySQL(c, log)
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
	p.connections = connections
	switch {
	case p.server == plan.SQLite:
		p.prepared = newPrepared(p.db.Statement.ConnPool, preparedMost)
	case binary:
		p.sessions = true
	}
	return p, nil
}

// How long a connection is kept. A server that hangs up earlier makes the
// second one shorter, see pinned.
const (
	longestIdle = 90 * time.Second
	longestLife = 5 * time.Minute
)

func (p *pool) close() error {
	var err error
	if p.prepared != nil {
		err = p.prepared.close()
	}
	connections, dberr := p.db.DB()
	if dberr != nil {
		return errors.Join(err, dberr)
	}
	return errors.Join(err, connections.Close())
}

func (p *pool) stats() sql.DBStats {
	connections, err := p.db.DB()
	if err != nil {
		return sql.DBStats{}
	}
	return connections.Stats()
}

// Query implements plan.Querier. The text goes to the server as it stands, past
// everything GORM does to texts. Every row was read, or there is an error that
// is translated already.
func (p *pool) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	if err := p.gate.enter(ctx); err != nil {
		return translate(ctx, err)
	}
	began := p.gate.now()
	late := false
	defer func() { p.gate.leave(name, p.gate.now().Sub(began), late) }()
	if p.told != nil {
		p.told(name, text, args)
	}
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	if err := p.query(limited, text, args, next); err != nil {
		late = limited.Err() != nil && !errors.Is(ctx.Err(), context.Canceled)
		return translate(ctx, err)
	}
	return nil
}

func (p *pool) query(ctx context.Context, text string, args []any, next func() []convert.Cell) (err error) {
	if p.sessions {
		return p.queryRaw(ctx, text, args, next)
	}
	rows, release, err := p.run(ctx, text, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close(), release()) }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	var texts convert.Arena
	into := make([]scanned, len(names))
	dest := make([]any, len(names))
	for i := range into {
		into[i].texts, dest[i] = &texts, &into[i]
	}
	for rows.Next() {
		cells := next()
		if len(cells) != len(dest) {
			return fmt.Errorf("%w: %d instead of %d", errWidth, len(dest), len(cells))
		}
		for i := range cells {
			into[i].cell = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanned is where database/sql puts the value of a cell.
type scanned struct {
	texts *convert.Arena
	cell  *convert.Cell
}

// Scan implements sql.Scanner.
func (s *scanned) Scan(v any) error { return s.cell.ScanInto(s.texts, v) }

// run sends a statement, prepared where that is possible. release is called
// when the rows are closed.
func (p *pool) run(ctx context.Context, text string, args []any) (*sql.Rows, func() error, error) {
	if p.prepared == nil {
		rows, err := p.db.Statement.ConnPool.QueryContext(ctx, text, args...)
		return rows, func() error { return nil }, err
	}
	s, err := p.prepared.take(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, nil, errors.Join(err, p.prepared.release(s))
	}
	return rows, func() error { return p.prepared.release(s) }, nil
}

// ask runs a statement of this package's own, unprepared, and hands each row
// to scan.
func (p *pool) ask(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) (err error) {
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	defer func() {
		if err != nil {
			err = translate(ctx, err)
		}
	}()
	rows, err := p.db.Statement.ConnPool.QueryContext(limited, text, args...)
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

// understands has the server read a statement without running it.
func (p *pool) understands(ctx context.Context, text string, args int) (err error) {
	if p.server == plan.SQLite || !p.sessions {
		return p.ask(ctx, "explain "+text, make([]any, args), func(*sql.Rows) error { return nil })
	}
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	statement, err := p.db.Statement.ConnPool.PrepareContext(limited, text)
	if err != nil {
		return translate(ctx, err)
	}
	defer func() { err = translate(ctx, statement.Close()) }()
	return nil
}

// ping says whether the database answers.
func (p *pool) ping(ctx context.Context) error {
	return p.ask(ctx, "select 1", nil, func(*sql.Rows) error { return nil })
}
