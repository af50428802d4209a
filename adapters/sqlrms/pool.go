package sqlrms

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// preparedMost is how many statements are kept prepared on each connection.
// IN lists are padded, so a mapping needs few; the server's own limit is for
// all its clients together.
const preparedMost = 200

// pool is the connections to one dealer's database.
type pool struct {
	*database.Pool
	prepared *prepared // of a file; nil on a server
	told     func(name, text string, args []any)
	gate     *gate
}

// newPool makes a pool without connecting.
func newPool(c *Config, log *slog.Logger) (*pool, error) {
	connections, err := database.Way{
		Driver: c.Driver, DSN: c.DSN, Path: c.Path,
		Connections: c.maxConnections(), Limit: c.StatementTimeout, Log: log,
		Session: func(conn driver.Conn, wire net.Conn) (driver.Conn, error) { return newLink(conn, wire) },
	}.Open()
	if err != nil {
		return nil, err
	}
	p := &pool{Pool: connections, told: c.Told, gate: newGate(c.maxConnections(), c.maxWaiting(), c.clock())}
	if p.Server == plan.SQLite {
		p.prepared = newPrepared(p.Anywhere(), preparedMost)
	}
	return p, nil
}

// onSessions says that statements are prepared on a server's connections;
// otherwise values are written into their text, or the prepared ones are a
// file's.
func (p *pool) onSessions() bool { return p.prepared == nil && p.Prepares }

func (p *pool) close() error {
	var err error
	if p.prepared != nil {
		err = p.prepared.close()
	}
	return errors.Join(err, p.Close())
}

// Query implements plan.Querier. The text goes to the server as it stands, past
// everything GORM does to texts. Every row was read, or there is an error that
// is translated already.
func (p *pool) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	return p.QueryInto(ctx, nil, name, text, args, next)
}

// QueryInto implements plan.PieceQuerier.
func (p *pool) QueryInto(ctx context.Context, texts *convert.Pieces, name, text string, args []any, next func() []convert.Cell) error {
	if err := p.gate.enter(ctx); err != nil {
		return database.Translate(ctx, err)
	}
	began := p.gate.now()
	late := false
	defer func() { p.gate.leave(name, p.gate.now().Sub(began), late) }()
	if p.told != nil {
		p.told(name, text, args)
	}
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	if err := p.query(limited, texts, text, args, next); err != nil {
		late = limited.Err() != nil && !errors.Is(ctx.Err(), context.Canceled)
		return database.Translate(ctx, err)
	}
	return nil
}

func (p *pool) query(ctx context.Context, into *convert.Pieces, text string, args []any, next func() []convert.Cell) (err error) {
	if p.onSessions() {
		return p.queryRaw(ctx, into, text, args, next)
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
	texts := into.Arena(0)
	defer texts.Close()
	row := make([]scanned, len(names))
	dest := make([]any, len(names))
	for i := range row {
		row[i].texts, dest[i] = &texts, &row[i]
	}
	for rows.Next() {
		cells := next()
		if len(cells) != len(dest) {
			return fmt.Errorf("%w: %d instead of %d", database.ErrWidth, len(dest), len(cells))
		}
		for i := range cells {
			row[i].cell = &cells[i]
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
		rows, err := p.Anywhere().QueryContext(ctx, text, args...)
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

// understands has the server read a statement without running it.
func (p *pool) understands(ctx context.Context, text string, args int) (err error) {
	if !p.onSessions() {
		return p.Understands(ctx, text, args)
	}
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	statement, err := p.Anywhere().PrepareContext(limited, text)
	if err != nil {
		return database.Translate(ctx, err)
	}
	defer func() { err = database.Translate(ctx, statement.Close()) }()
	return nil
}
