package store

import (
	"context"
	"errors"
	"fmt"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// together carries the transaction in a context.
type together struct{ store *Store }

// transaction is what a context carries.
type transaction struct {
	tx    *gorm.DB
	after []func() // what waits for the commit
}

// beginnings bounds how often a transaction is begun that gives way to others.
const beginnings = 5

// Together runs do in one transaction: everything that is kept with the context
// do is given stands when Together returns nil, and nothing of it otherwise. A
// call inside another joins it.
//
// On a server two transactions may wait for each other, and the one that loses
// is begun anew, a few times. So do may run more than once: it starts from
// nothing each time and has no effect but on the state.
//
// On SQLite those who come at the same time share one commit, so that many of
// them cost the disk little more than one; see commits. Once do began, it is not
// stopped by its context.
func (s *Store) Together(ctx context.Context, do func(ctx context.Context) error) error {
	if ctx.Value(together{s}) != nil {
		return do(ctx)
	}
	for n := 1; ; n++ {
		err := s.once(ctx, do)
		if n == beginnings || !errors.Is(err, errContended) {
			return err
		}
	}
}

// once runs do in one transaction of its own.
func (s *Store) once(ctx context.Context, do func(ctx context.Context) error) error {
	carried := &transaction{}
	run := func(ctx context.Context, tx *gorm.DB) error {
		carried.tx, carried.after = tx, nil
		return do(context.WithValue(ctx, together{s}, carried))
	}
	var refused error
	var err error
	if s.commits != nil {
		refused, err = s.commits.join(ctx, run)
	} else {
		err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			refused = run(ctx, tx)
			return refused
		})
	}
	switch {
	case refused != nil:
		return refused
	case err != nil:
		return fmt.Errorf("writing the gateway's state: %w", redacted(err))
	}
	for _, do := range carried.after {
		do()
	}
	return nil
}

// afterCommit runs do when what the context's transaction did stands, at once
// where the context carries none, never where it fails.
func (s *Store) afterCommit(ctx context.Context, do func()) {
	if carried, ok := ctx.Value(together{s}).(*transaction); ok {
		carried.after = append(carried.after, do)
		return
	}
	do()
}

// at gives the transaction the context carries, the pool otherwise. Whatever
// may stand in a Together asks here and never for the pool: on SQLite a second
// connection would wait for the first.
func (s *Store) at(ctx context.Context) *gorm.DB {
	if carried, ok := ctx.Value(together{s}).(*transaction); ok {
		return carried.tx.WithContext(ctx)
	}
	return s.db.WithContext(ctx)
}

// errContended marks a transaction that a server broke off for another one's
// sake. Nothing of it stands, and it may start anew.
var errContended = errors.New("the server gave way to another transaction")

// contended says whether a server's error is of that kind.
func contended(e *driver.MySQLError) bool {
	const deadlock, lockTimeout = 1213, 1205
	return e.Number == deadlock || e.Number == lockTimeout
}
