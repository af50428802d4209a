package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// sweepFile writes key lists into a SQLite file, on one connection for which
// every statement is prepared once: it writes with every page. Commits there do
// not wait for the disk, so they survive the process and not a power cut; what
// a power cut may have taken is remembered as lost instead, see boots.
type sweepFile struct {
	pool *sql.DB
	turn chan struct{} // held by whoever uses what is below

	conn                    *sql.Conn
	stamp, save, list, keys *sql.Stmt
	group                   *sql.Stmt
	lose, forget, erase     *sql.Stmt
	begin, commit, rollback *sql.Stmt
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
func (f *sweepFile) with(ctx context.Context, do func(context.Context) error) error {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.conn == nil {
		if err := f.connect(ctx); err != nil {
			return errors.Join(err, f.disconnect())
		}
	}
	err := do(context.WithoutCancel(ctx))
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
	for _, one := range []struct {
		to   **sql.Stmt
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
		if *one.to, err = f.conn.PrepareContext(ctx, one.text); err != nil { //nolint:sqlclosecheck // see disconnect
			return fmt.Errorf("preparing a statement of the kept key lists: %w", err)
		}
	}
	return nil
}

func (f *sweepFile) disconnect() error {
	if f.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range []**sql.Stmt{
		&f.stamp, &f.save, &f.list, &f.keys, &f.group, &f.lose, &f.forget, &f.erase, &f.begin, &f.commit, &f.rollback,
	} {
		if *s != nil {
			errs = append(errs, (*s).Close())
			*s = nil
		}
	}
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

// Stamp changes whenever another connection has written to the file.
func (f *sweepFile) Stamp(ctx context.Context) (stamp int64, ok bool) {
	err := f.with(ctx, func(ctx context.Context) error {
		var version int64
		if err := f.stamp.QueryRowContext(ctx).Scan(&version); err != nil {
			return fmt.Errorf("reading the version of the file: %w", err)
		}
		stamp = f.epoch<<32 | version&(1<<32-1)
		return nil
	})
	return stamp, err == nil
}

func (f *sweepFile) update(ctx context.Context, args ...any) (changed int64, err error) {
	err = f.with(ctx, func(ctx context.Context) error {
		res, err := f.save.ExecContext(ctx, args...)
		if err != nil {
			return err
		}
		changed, err = res.RowsAffected()
		return err
	})
	return changed, err
}

// together runs statements of the connection in one transaction.
func (f *sweepFile) together(ctx context.Context, do func(context.Context) error) error {
	return f.with(ctx, func(ctx context.Context) error {
		if _, err := f.begin.ExecContext(ctx); err != nil {
			return err
		}
		err := do(ctx)
		if err == nil {
			_, err = f.commit.ExecContext(ctx)
		}
		if err != nil {
			_, undone := f.rollback.ExecContext(ctx)
			err = errors.Join(err, undone)
		}
		return err
	})
}

// keep does what KeyLists.Keep says, with the values of keepList.
func (f *sweepFile) keep(ctx context.Context, values []any, id string, apart []byte, gone []listRow, now int64) error {
	if apart == nil && len(gone) == 0 { // a statement is a transaction
		return f.with(ctx, func(ctx context.Context) error {
			_, err := f.list.ExecContext(ctx, values...)
			return err
		})
	}
	return f.together(ctx, func(ctx context.Context) error {
		if _, err := f.list.ExecContext(ctx, values...); err != nil {
			return err
		}
		if apart != nil {
			if _, err := f.keys.ExecContext(ctx, id, apart); err != nil {
				return err
			}
		}
		return f.take(ctx, gone, now)
	})
}

// drop does what KeyLists.drop says.
func (f *sweepFile) drop(ctx context.Context, gone []listRow, now int64) error {
	return f.together(ctx, func(ctx context.Context) error { return f.take(ctx, gone, now) })
}

// take takes lists away within a transaction.
func (f *sweepFile) take(ctx context.Context, gone []listRow, now int64) error {
	for _, r := range gone {
		how, args := f.forget, []any{r.Grp, r.ID, r.Version, r.Version}
		if r.Unfinished {
			how, args = f.lose, append([]any{now}, args...)
		}
		res, err := how.ExecContext(ctx, args...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err == nil && n > 0 {
			_, err = f.erase.ExecContext(ctx, r.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lists reads the rows of a group.
func (f *sweepFile) lists(ctx context.Context, group string) (rows []listRow, err error) {
	err = f.with(ctx, func(ctx context.Context) (err error) {
		found, err := f.group.QueryContext(ctx, group)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, found.Close()) }()
		for found.Next() {
			var r listRow
			if err := found.Scan(&r.ID, &r.Grp, &r.BirthUs, &r.Total, &r.Size, &r.Version, &r.UsedMs, &r.Unfinished, &r.LostMs,
				&r.Bytes, &r.Progress); err != nil {
				return err
			}
			rows = append(rows, r)
		}
		return found.Err()
	})
	return rows, err
}
