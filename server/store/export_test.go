package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// LimitPages lets the state grow no further, as a full disk would.
func LimitPages(ctx context.Context, s *Store) error { return limitPages(ctx, s.db) }

// LimitKeyListPages is LimitPages for the connection that key lists are written on.
func LimitKeyListPages(ctx context.Context, k *KeyLists) error {
	if err := k.file.with(ctx, func() error { return nil }); err != nil { // it is connected
		return err
	}
	k.file.turn <- struct{}{}
	defer func() { <-k.file.turn }()
	var pages int
	if err := k.file.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return err
	}
	_, err := k.file.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages+2))
	return err
}

// ProgressText is the progress of a sweep as it is kept.
func ProgressText(p sweep.Progress) (string, error) { return progressText(p) }

// Booted is what the state holds about the start of the machine.
func Booted(ctx context.Context, s *Store, boot string, now time.Time) (time.Time, error) {
	return s.booted(ctx, boot, now)
}

func limitPages(ctx context.Context, db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1) // the limit belongs to a connection
	pool.SetMaxIdleConns(1)
	var pages int
	if err := db.WithContext(ctx).Raw("PRAGMA page_count").Scan(&pages).Error; err != nil {
		return err
	}
	return db.WithContext(ctx).Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+2)).Error
}

// WaitForParts returns when so many wait to join the transaction that is open.
func WaitForParts(ctx context.Context, s *Store, n int) error {
	for {
		s.commits.mu.Lock()
		waiting := len(s.commits.waiting)
		s.commits.mu.Unlock()
		if waiting >= n {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		runtime.Gosched()
	}
}

// Statement is one that was run.
type Statement struct {
	SQL  string
	Vars []any
}

// Statements notes every statement from now on; the function gives those since
// it was last called.
func Statements(s *Store) (func() []Statement, error) {
	var mu sync.Mutex
	var all []Statement
	note := func(db *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, Statement{SQL: db.Statement.SQL.String(), Vars: db.Statement.Vars})
	}
	err := errors.Join(
		s.db.Callback().Raw().After("gorm:raw").Register("note", note),
		s.db.Callback().Row().After("gorm:row").Register("note", note),
		s.db.Callback().Query().After("gorm:query").Register("note", note),
	)
	return func() []Statement {
		mu.Lock()
		defer mu.Unlock()
		defer func() { all = nil }()
		return all
	}, err
}

// Plan is how SQLite goes about a statement, one line a step.
func Plan(ctx context.Context, s *Store, st Statement) ([]string, error) {
	var rows []struct{ Detail string }
	err := s.db.Session(&gorm.Session{NewDB: true}).WithContext(ctx).Raw("EXPLAIN QUERY PLAN "+st.SQL, st.Vars...).Scan(&rows).Error
	var steps []string
	for _, r := range rows {
		steps = append(steps, r.Detail)
	}
	return steps, err
}

// WaitForPushes returns when so many wait to share the next statement.
func WaitForPushes(ctx context.Context, s *Store, n int) error {
	for {
		s.pushes.mu.Lock()
		waiting := len(s.pushes.waiting)
		s.pushes.mu.Unlock()
		if waiting >= n {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		runtime.Gosched()
	}
}

// Exec runs a statement, in the transaction the context carries.
func Exec(ctx context.Context, s *Store, statement string) error {
	return s.at(ctx).Exec(statement).Error
}

// OpenBefore opens a state as a version did that knew no migration from a name on.
func OpenBefore(ctx context.Context, o Options, name string) (*sql.DB, error) {
	dialector, err := dialectorFor(o)
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(dialector, &gorm.Config{TranslateError: true, Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(migrations, "migrations/"+db.Name()+"/*.sql")
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return path.Base(n) >= name })
	if err := db.WithContext(ctx).Connection(func(tx *gorm.DB) error { return apply(tx, names) }); err != nil {
		return nil, err
	}
	return db.DB()
}

// RemembersClient says whether a client would be returned without a statement.
func RemembersClient(s *Store, id string) bool {
	state, ok := look(s.path)
	if !ok {
		return false
	}
	_, ok = s.seen.get(id, state, time.Now())
	return ok
}
