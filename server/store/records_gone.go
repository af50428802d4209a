package store

import (
	"context"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/server/messaging"
)

// EraseMessages implements messaging.Store.
func (s *Store) EraseMessages(ctx context.Context, dealer, customer string) (int64, error) {
	var gone int64
	err := s.Together(ctx, func(ctx context.Context) error {
		requests, err := s.drop(ctx, aboutRequest, "dealer = ? AND customer = ?", dealer, customer)
		if err != nil {
			return err
		}
		chains, err := s.drop(ctx, aboutChain, "dealer = ? AND customer = ?", dealer, customer)
		gone = requests + chains
		return err
	})
	return gone, err
}

// EraseRequest implements messaging.Store.
func (s *Store) EraseRequest(ctx context.Context, dealer, id string) error {
	return s.Together(ctx, func(ctx context.Context) error {
		n, err := s.drop(ctx, aboutRequest, "dealer = ? AND id = ?", dealer, id)
		if err == nil && n == 0 {
			return messaging.ErrUnknown
		}
		return err
	})
}

// ClearMessages implements messaging.Store.
func (s *Store) ClearMessages(ctx context.Context, before time.Time, most int) (int64, error) {
	var gone int64
	err := s.Together(ctx, func(ctx context.Context) error {
		gone = 0
		for kind, where := range map[string]string{aboutRequest: "is_over = 1 AND changed_ms < ?", aboutChain: "changed_ms < ?"} {
			var rows []struct{ Dealer, ID string }
			if err := s.at(ctx).Table(kind+"s").Select("dealer, id").Where(where, millis(before)).Limit(most).Find(&rows).Error; err != nil {
				return fmt.Errorf("looking for old messages: %w", redacted(err))
			}
			for _, row := range rows {
				n, err := s.drop(ctx, kind, "dealer = ? AND id = ? AND changed_ms < ?", row.Dealer, row.ID, millis(before))
				if err != nil {
					return err
				}
				gone += n
			}
		}
		return nil
	})
	return gone, err
}

// drop takes requests or conversations away, and what is known of their
// messages.
func (s *Store) drop(ctx context.Context, kind, where string, args ...any) (int64, error) {
	var rows []struct{ Dealer, ID string }
	if err := s.locked(ctx).Table(kind+"s").Select("dealer, id").Where(where, args...).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("looking for what is to be erased: %w", redacted(err))
	}
	for _, row := range rows {
		if err := s.at(ctx).Where("dealer = ? AND kind = ? AND owner = ?", row.Dealer, kind, row.ID).Delete(&sentRow{}).Error; err != nil {
			return 0, fmt.Errorf("erasing messages: %w", redacted(err))
		}
		err := s.at(ctx).Exec("DELETE FROM "+kind+"s WHERE dealer = ? AND id = ?", row.Dealer, row.ID).Error
		if err != nil {
			return 0, fmt.Errorf("erasing messages: %w", redacted(err))
		}
	}
	return int64(len(rows)), nil
}
