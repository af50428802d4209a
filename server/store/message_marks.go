package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/messaging"
)

// messageMarkRow is one row of message_marks.
type messageMarkRow struct {
	Dealer string `gorm:"primaryKey"`
	Name   string `gorm:"primaryKey"`
	Value  string
}

func (messageMarkRow) TableName() string { return "message_marks" }

// MessageMark implements messaging.Store.
func (s *Store) MessageMark(ctx context.Context, dealer, name string) (string, error) {
	var rows []messageMarkRow
	if err := s.at(ctx).Limit(1).Find(&rows, "dealer = ? AND name = ?", dealer, name).Error; err != nil {
		return "", fmt.Errorf("reading how far messages were read: %w", redacted(err))
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Value, nil
}

// SetMessageMark implements messaging.Store.
func (s *Store) SetMessageMark(ctx context.Context, dealer, name, from, to string) error {
	return s.Together(ctx, func(ctx context.Context) error {
		var rows []messageMarkRow
		if err := s.locked(ctx).Limit(1).Find(&rows, "dealer = ? AND name = ?", dealer, name).Error; err != nil {
			return fmt.Errorf("reading how far messages were read: %w", redacted(err))
		}
		row := messageMarkRow{Dealer: dealer, Name: name, Value: to}
		var err error
		switch {
		case len(rows) == 0 && from == "":
			err = s.at(ctx).Create(&row).Error
		case len(rows) == 1 && rows[0].Value == from:
			err = s.at(ctx).Model(&row).Where("dealer = ? AND name = ?", dealer, name).Update("value", to).Error
		default:
			return messaging.ErrConflict
		}
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return messaging.ErrConflict
		}
		if err != nil {
			return fmt.Errorf("keeping how far messages were read: %w", redacted(err))
		}
		return nil
	})
}
