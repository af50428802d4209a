package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// LimitPages lets the state grow no further, as a full disk would.
func LimitPages(ctx context.Context, s *Store) error { return limitPages(ctx, s.db) }

// LimitKeyListPages is LimitPages for the connections of key lists.
func LimitKeyListPages(ctx context.Context, k *KeyLists) error { return limitPages(ctx, k.db) }

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
