package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// sweepFile writes key lists into a SQLite file, on one connection for which
// every statement is prepared once: it writes with every page. So it speaks to
// the driver itself, which costs a third of the allocations. Commits there do
// not wait for the disk, so they survive the process and not a power cut; what
// a power cut may have taken is remembered as lost instead, see boots.
type sweepFile struct {
	pool *sql.DB
	turn chan struct{} // held by whoever uses what is below

	conn                    *sql.Conn
	stamp, save, list, keys *fileStatement
	group                   *fileStatement
	lose, forget, erase     *fileStatement
	begin, commit, rollback *fileStatement
	open                    []*fileStatement
	epoch                   int64 // counts connections
}

// inlineMost is up to how many bytes packed keys stand in the row of their list:
// a list of a few pages is kept by writing one page of the file.
const inlineMost = 512

func newSweepFile(pool *sql.DB) *sweepFile {
	return &sweepFile{pool: pool, turn: make(chan struct{}, 1)}
}

const (
	saveProgress = "UPDATE sweep_lists SET version = version + 1, used_ms = ?, unfinished = ?, progress = ? " +
		"WHERE grp = ? AND id = ? AND version = ? AND lost_ms = 0"
	keepList = "INSERT INTO sweep_lists (id, grp, birth_us, total, size, version, used_ms, unfinished, lost_ms, bytes, progress, packed) " +
		"VALUES (?, ?, ?, ?, ?, 1, ?, ?, 0, ?, ?, ?)"
	keepKeys  = "INSERT INTO sweep_keys (id, packed) VALUES (?, ?)"
	readGroup = "SELECT id, grp, birth_us, total, size, version, used_ms, unfinished, lost_ms, bytes, progress " +
		"FROM sweep_lists WHERE grp = ? ORDER BY birth_us, id"
	readInline = "SELECT packed FROM sweep_lists WHERE grp = ? AND id = ? AND packed IS NOT NULL"
	loseList   = "UPDATE sweep_lists SET version = version + 1, lost_ms = ?, bytes = 0, packed = NULL " +
		"WHERE grp = ? AND id = ? AND (version = ? OR ? < 0) AND lost_ms = 0"
	forgetList = "DELETE FROM sweep_lists WHERE grp = ? AND id = ? AND (version = ? OR ? < 0)"
	eraseKeys  = "DELETE FROM sweep_keys WHERE id = ?"
)

// with gives a caller the connection. One that failed is not used again: its
// stamps mean nothing to the next. A statement is not broken off: the file's own
// patience ends it, and to watch for more costs more than the statement.
func (f *sweepFile) with(ctx context.Context, do func() error) error {
	select {
	case f.turn <- struct{}{}:
	default: // only who has to wait needs to know for how long
		select {
		case f.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-f.turn }()
	if f.conn == nil {
		if err := f.connect(ctx); err != nil {
			return errors.Join(err, f.disconnect())
		}
	}
	err := f.conn.Raw(func(any) error { return do() })
	if err != nil {
		err = errors.Join(err, f.disconnect())
	}
	return err
}

func (f *sweepFile) connect(ctx context.Context) (err error) {
	if f.conn, err = f.pool.Conn(ctx); err != nil {
		return fmt.Errorf("connecting to the kept key lists: %w", err)
	}
	f.epoch++
	return f.conn.Raw(func(conn any) error {
		for _, one := range []struct {
			to   **fileStatement
			text string
		}{
			{&f.stamp, "PRAGMA data_version"},
			{&f.save, saveProgress},
			{&f.list, keepList},
			{&f.keys, keepKeys},
			{&f.group, readGroup},
			{&f.lose, loseList},
			{&f.forget, forgetList},
			{&f.erase, eraseKeys},
			{&f.begin, "BEGIN IMMEDIATE"},
			{&f.commit, "COMMIT"},
			{&f.rollback, "ROLLBACK"},
		} {
			if *one.to, err = prepareFile(ctx, conn, one.text); err != nil {
				return fmt.Errorf("preparing a statement of the kept key lists: %w", err)
			}
			f.open = append(f.open, *one.to)
		}
		return nil
	})
}

func (f *sweepFile) disconnect() error {
	if f.conn == nil {
		return nil
	}
	errs := []error{f.conn.Raw(func(any) error {
		var errs []error
		for _, s := range f.open {
			errs = append(errs, s.stmt.Close())
		}
		return errors.Join(errs...)
	})}
	f.open = nil
	errs = append(errs, f.conn.Close())
	f.conn = nil
	return errors.Join(errs...)
}

// Close ends the connection.
func (f *sweepFile) Close() error {
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	return f.disconnect()
}

// fileStatement is a statement of the driver's, prepared on the connection.
type fileStatement struct {
	stmt driver.Stmt
	args []driver.NamedValue // of the last time, to be written over
}

func prepareFile(ctx context.Context, conn any, text string) (*fileStatement, error) {
	c, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, fmt.Errorf("the driver's %T prepares nothing", conn)
	}
	stmt, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &fileStatement{stmt: stmt}, nil
}

// with puts arguments in their places; they are int64, string, []byte or nil, as
// the driver takes them.
func (s *fileStatement) with(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

// exec runs the statement and says how many rows it changed.
func (s *fileStatement) exec(args ...any) (changed int64, err error) {
	defer func() { clear(s.args) }() // keys can be long
	stmt, ok := s.stmt.(driver.StmtExecContext)
	if !ok {
		return 0, fmt.Errorf("the driver's %T cannot be run", s.stmt)
	}
	res, err := stmt.ExecContext(context.Background(), s.with(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs the statement and hands over each row, which is good until the
// next one.
func (s *fileStatement) query(each func(row []driver.Value) error, args ...any) (err error) {
	defer func() { clear(s.args) }()
	stmt, ok := s.stmt.(driver.StmtQueryContext)
	if !ok {
		return fmt.Errorf("the driver's %T cannot be asked", s.stmt)
	}
	rows, err := stmt.QueryContext(context.Background(), s.with(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

var errColumns = errors.New("the kept key lists have other columns than expected")

// Stamp changes whenever another connection has written to the file.
func (f *sweepFile) Stamp(ctx context.Context) (stamp int64, ok bool) {
	err := f.with(ctx, func() error {
		return f.stamp.query(func(row []driver.Value) error {
			version, is := row[0].(int64)
			if !is {
				return errColumns
			}
			stamp, ok = f.epoch<<32|version&(1<<32-1), true
			return nil
		})
	})
	return stamp, ok && err == nil
}

func (f *sweepFile) update(ctx context.Context, args ...any) (changed int64, err error) {
	err = f.with(ctx, func() (err error) {
		changed, err = f.save.exec(args...)
		return err
	})
	return changed, err
}

// together runs statements of the connection in one transaction.
func (f *sweepFile) together(ctx context.Context, do func() error) error {
	return f.with(ctx, func() error {
		if _, err := f.begin.exec(); err != nil {
			return err
		}
		err := do()
		if err == nil {
			_, err = f.commit.exec()
		}
		if err != nil {
			_, undone := f.rollback.exec()
			err = errors.Join(err, undone)
		}
		return err
	})
}

// keep does what KeyLists.Keep says, with the values of keepList.
func (f *sweepFile) keep(ctx context.Context, values []any, id string, apart []byte, gone []listRow, now int64) error {
	if apart == nil && len(gone) == 0 { // a statement is a transaction
		return f.with(ctx, func() error {
			_, err := f.list.exec(values...)
			return err
		})
	}
	return f.together(ctx, func() error {
		if _, err := f.list.exec(values...); err != nil {
			return err
		}
		if apart != nil {
			if _, err := f.keys.exec(id, apart); err != nil {
				return err
			}
		}
		return f.take(gone, now)
	})
}

// drop does what KeyLists.drop says.
func (f *sweepFile) drop(ctx context.Context, gone []listRow, now int64) error {
	return f.together(ctx, func() error { return f.take(gone, now) })
}

// take takes lists away within a transaction.
func (f *sweepFile) take(gone []listRow, now int64) error {
	for _, r := range gone {
		how, args := f.forget, []any{r.Grp, r.ID, r.Version, r.Version}
		if r.Unfinished {
			how, args = f.lose, append([]any{now}, args...)
		}
		n, err := how.exec(args...)
		if err == nil && n > 0 {
			_, err = f.erase.exec(r.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lists reads the rows of a group.
func (f *sweepFile) lists(ctx context.Context, group string) (rows []listRow, err error) {
	err = f.with(ctx, func() error {
		return f.group.query(func(row []driver.Value) error {
			r, err := listRowOf(row)
			rows = append(rows, r)
			return err
		}, group)
	})
	return rows, err
}

// listRowOf reads a row of readGroup.
func listRowOf(row []driver.Value) (r listRow, err error) {
	var unfinished int64
	places := []any{
		&r.ID, &r.Grp, &r.BirthUs, &r.Total, &r.Size, &r.Version, &r.UsedMs, &unfinished, &r.LostMs, &r.Bytes, &r.Progress,
	}
	if len(row) != len(places) {
		return r, errColumns
	}
	for i, place := range places {
		var ok bool
		switch place := place.(type) {
		case *string:
			*place, ok = row[i].(string)
		case *int64:
			*place, ok = row[i].(int64)
		}
		if !ok {
			return r, errColumns
		}
	}
	r.Unfinished = unfinished != 0
	return r, nil
}
