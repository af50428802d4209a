package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// together carries the transaction in a context.
type together struct{ store *Store }

// Together runs do in one transaction: everything that is kept with the context
// do is given stands when Together returns nil, and nothing of it otherwise. A
// call inside another joins it. On a server several processes may be made to
// wait for each other; the one that loses gets an error and may start anew, so
// do must have no effect but on the state.
func (s *Store) Together(ctx context.Context, do func(ctx context.Context) error) error {
	if ctx.Value(together{s}) != nil {
		return do(ctx)
	}
	var refused error
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		refused = do(context.WithValue(ctx, together{s}, tx))
		return refused
	})
	if err != nil && refused == nil {
		return fmt.Errorf("writing the gateway's state: %w", redacted(err))
	}
	return err
}

// at gives the transaction the context carries, the pool otherwise. Whatever
// may stand in a Together asks here and never for the pool: on SQLite a second
// connection would wait for the first.
func (s *Store) at(ctx context.Context) *gorm.DB {
	if tx, ok := ctx.Value(together{s}).(*gorm.DB); ok {
		return tx.WithContext(ctx)
	}
	return s.db.WithContext(ctx)
}
