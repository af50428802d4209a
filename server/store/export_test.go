package store

import (
	"context"
	"fmt"
)

// LimitPages lets the state grow no further, as a full disk would.
func LimitPages(ctx context.Context, s *Store) error {
	pool, err := s.db.DB()
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1) // the limit belongs to a connection
	pool.SetMaxIdleConns(1)
	var pages int
	if err := s.db.WithContext(ctx).Raw("PRAGMA page_count").Scan(&pages).Error; err != nil {
		return err
	}
	return s.db.WithContext(ctx).Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+2)).Error
}
