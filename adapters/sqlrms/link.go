package sqlrms

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// link is one connection to a MySQL or MariaDB server with the statements
// that were prepared on it. Rows are read from the driver itself: what stands
// between it and callers of database/sql costs more than reading a cell.
//
// Nor does the driver look after the end of a statement's context: it would wake
// a goroutine twice for every statement. A context that ends hangs up instead.
type link struct {
	connection
	wire   net.Conn
	byText map[string]*list.Element
	used   *list.List // of *linkStatement, the one used last in front
	values []driver.NamedValue
}

// connection is everything database/sql may ask of the driver's connections.
type connection interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.QueryerContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type linkStatement struct {
	text string
	stmt driver.StmtQueryContext
	row  []driver.Value // where the driver puts a row, of the result read last
	size int            // of that result's texts, in bytes
}

func newLink(conn driver.Conn, wire net.Conn) (*link, error) {
	c, ok := conn.(connection)
	if !ok || wire == nil {
		return nil, database.ErrDriver
	}
	return &link{connection: c, wire: wire, byText: map[string]*list.Element{}, used: list.New()}, nil
}

// statement gives a prepared statement, preparing it if need be; of too many
// the one used longest ago goes.
func (s *link) statement(ctx context.Context, text string) (*linkStatement, error) {
	if e := s.byText[text]; e != nil {
		s.used.MoveToFront(e)
		return e.Value.(*linkStatement), nil //nolint:forcetypeassert // nothing else is in the list
	}
	prepared, err := s.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.Join(database.ErrDriver, prepared.Close())
	}
	made := &linkStatement{text: text, stmt: stmt}
	s.byText[text] = s.used.PushFront(made)
	if s.used.Len() <= preparedMost {
		return made, nil
	}
	last, _ := s.used.Remove(s.used.Back()).(*linkStatement)
	delete(s.byText, last.text)
	if old, ok := last.stmt.(driver.Stmt); ok {
		return made, old.Close()
	}
	return made, nil
}

// query runs a statement and reads all of its rows. begun says whether rows
// were handed out.
func (s *link) query(ctx context.Context, into *convert.Pieces, text string, args []any, next func() []convert.Cell) (begun bool, err error) {
	hangUp := context.AfterFunc(ctx, func() {
		_ = s.wire.Close() // the driver finds out and gives the connection up
	})
	defer func() {
		if !hangUp() && err == nil {
			// It may have ended just now, and then the connection with it.
			err = context.Cause(ctx)
		}
	}()
	ctx = context.WithoutCancel(ctx)
	st, err := s.statement(ctx, text)
	if err != nil {
		return false, err
	}
	// The values, and the row below, are used again: a connection runs one
	// statement at a time, and neither outlives it.
	s.values = s.values[:0]
	defer func() { clear(s.values) }()
	for i, arg := range args {
		s.values = append(s.values, driver.NamedValue{Ordinal: i + 1, Value: arg})
		if err := s.CheckNamedValue(&s.values[i]); err != nil {
			return false, err
		}
	}
	rows, err := st.stmt.QueryContext(ctx, s.values)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if width := len(rows.Columns()); len(st.row) != width {
		st.row = make([]driver.Value, width)
	}
	defer func() { clear(st.row) }()
	// Two runs of a statement mostly read about as much.
	texts := into.Arena(st.size + st.size/8)
	defer texts.Close()
	for {
		switch err := rows.Next(st.row); {
		case errors.Is(err, io.EOF):
			st.size = texts.Size()
			return begun, nil
		case err != nil:
			return begun, err
		}
		cells := next()
		begun = true
		if len(cells) != len(st.row) {
			return begun, fmt.Errorf("%w: %d instead of %d", database.ErrWidth, len(st.row), len(cells))
		}
		if err := texts.Fill(cells, st.row); err != nil {
			return begun, err
		}
	}
}

// staleMost is how many connections that the server has ended meanwhile a
// statement puts up with.
const staleMost = 3

// queryRaw runs a statement on one of the pool's sessions.
func (p *pool) queryRaw(ctx context.Context, into *convert.Pieces, text string, args []any, next func() []convert.Cell) error {
	for stale := 0; ; stale++ {
		begun, err := p.onSession(ctx, func(s *link) (bool, error) { return s.query(ctx, into, text, args, next) })
		if err == nil {
			return nil
		}
		if gone := ctx.Err(); gone != nil {
			return errors.Join(gone, err) // whatever the driver calls it
		}
		if begun || stale == staleMost || !errors.Is(err, driver.ErrBadConn) {
			return err
		}
	}
}

func (p *pool) onSession(ctx context.Context, do func(*link) (bool, error)) (begun bool, err error) {
	conn, err := p.Connections.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		// One that broke was given up already.
		if cerr := conn.Close(); cerr != nil && !errors.Is(cerr, sql.ErrConnDone) {
			err = errors.Join(err, cerr)
		}
	}()
	err = conn.Raw(func(raw any) error {
		s, ok := raw.(*link)
		if !ok {
			return database.ErrDriver
		}
		var err error
		begun, err = do(s)
		return err
	})
	return begun, err
}
