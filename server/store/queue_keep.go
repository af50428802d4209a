package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Clear is part of queue.Storage.
func (q *Queue) Clear(ctx context.Context, bodies, ids time.Time, most int) (int64, error) {
	lanes, err := q.named(ctx, queue.Lane{})
	if err != nil {
		return 0, err
	}
	var found int64
	for lane := range lanes {
		emptied, err := q.old(ctx, lane, stateDone, bodies, most)
		if err != nil {
			return found, err
		}
		if err := q.empty(ctx, emptied); err != nil {
			return found, err
		}
		found = max(found, int64(len(emptied)))
		for _, state := range []int{stateEmptied, stateParked, stateDone} {
			gone, err := q.old(ctx, lane, state, ids, most)
			if err != nil {
				return found, err
			}
			if err := q.remove(ctx, gone); err != nil {
				return found, err
			}
			found = max(found, int64(len(gone)))
		}
	}
	return found, nil
}

// old finds items of a lane that were settled before a time.
func (q *Queue) old(ctx context.Context, lane int64, state int, before time.Time, most int) ([]int64, error) {
	var numbers []int64
	err := q.s.at(ctx).Raw("SELECT number FROM queue_places WHERE lane = ? AND state = ? AND place < ? ORDER BY place, number LIMIT ?",
		lane, state, millis(before), most).Scan(&numbers).Error
	if err != nil {
		return nil, fmt.Errorf("looking for old items: %w", redacted(err))
	}
	return numbers, nil
}

// empty takes the bodies of done items away.
func (q *Queue) empty(ctx context.Context, numbers []int64) error {
	return q.inSteps(ctx, numbers, func(db *gorm.DB, some []int64) error {
		if err := db.Exec("UPDATE queue_places SET state = ? WHERE number IN ? AND state = ?", stateEmptied, some, stateDone).Error; err != nil {
			return err
		}
		return bodiless(db, some)
	})
}

// bodiless takes away the bodies of those that are to have none.
func bodiless(db *gorm.DB, some []int64) error {
	const emptied = " IN ? AND EXISTS (SELECT 1 FROM queue_places p WHERE p.state = ? AND p.number = "
	if err := db.Exec("UPDATE queue_items SET body = NULL WHERE number"+emptied+"queue_items.number)", some, stateEmptied).Error; err != nil {
		return err
	}
	return db.Exec("DELETE FROM queue_bodies WHERE number"+emptied+"queue_bodies.number)", some, stateEmptied).Error
}

// remove takes settled items away.
func (q *Queue) remove(ctx context.Context, numbers []int64) error {
	const placeless = " number IN ? AND NOT EXISTS (SELECT 1 FROM queue_places p WHERE p.number = "
	return q.inSteps(ctx, numbers, func(db *gorm.DB, some []int64) error {
		// One that was put back meanwhile stays, and so does its body.
		err := db.Exec("DELETE FROM queue_places WHERE number IN ? AND state IN ?", some, []int{stateDone, stateParked, stateEmptied}).Error
		if err != nil {
			return err
		}
		if q.s.path != "" {
			// SQLite goes on from the highest number there is. A row of no lane stands
			// for it, so that none is given twice.
			if err := db.Exec("DELETE FROM queue_items WHERE lane = 0 AND number < (SELECT MAX(number) FROM queue_items)").Error; err != nil {
				return err
			}
			err := db.Exec("UPDATE queue_items SET lane = 0, id = x'', order_key = x'', merge_key = x'', customer = x'', kind = '', bytes = 0, parts = 0, body = NULL "+
				"WHERE number = (SELECT MAX(number) FROM queue_items) AND"+placeless+"queue_items.number)", some).Error
			if err != nil {
				return err
			}
		}
		if err := db.Exec("DELETE FROM queue_items WHERE lane <> 0 AND"+placeless+"queue_items.number)", some).Error; err != nil {
			return err
		}
		return db.Exec("DELETE FROM queue_bodies WHERE"+placeless+"queue_bodies.number)", some).Error
	})
}

// inSteps works on numbers in short transactions.
func (q *Queue) inSteps(ctx context.Context, numbers []int64, do func(db *gorm.DB, some []int64) error) error {
	for len(numbers) > 0 {
		n := min(100, len(numbers))
		err := q.s.Together(ctx, func(ctx context.Context) error { return redacted(do(q.s.at(ctx), numbers[:n])) })
		if err != nil {
			return fmt.Errorf("taking items away: %w", err)
		}
		numbers = numbers[n:]
	}
	return nil
}

// Erase is part of queue.Storage.
func (q *Queue) Erase(ctx context.Context, dealer, customer string, now time.Time) (int64, error) {
	if customer == "" {
		return 0, nil
	}
	return q.erase(ctx, dealer, "customer = ?", raw(customer), now)
}

// EraseOrder is part of queue.Storage.
func (q *Queue) EraseOrder(ctx context.Context, dealer, key string, now time.Time) (int64, error) {
	if key == "" {
		return 0, nil
	}
	return q.erase(ctx, dealer, "order_key = ?", raw(key), now)
}

// erase takes away what is kept of the items a column says something of.
func (q *Queue) erase(ctx context.Context, dealer, where string, value any, now time.Time) (int64, error) {
	lanes, err := q.named(ctx, queue.Lane{Dealer: dealer})
	if err != nil || len(lanes) == 0 {
		return 0, err
	}
	ids := make([]int64, 0, len(lanes))
	for id := range lanes {
		ids = append(ids, id)
	}
	if err := q.settled(ctx, ids...); err != nil {
		return 0, err
	}
	var numbers []int64
	if err := q.s.at(ctx).Raw("SELECT number FROM queue_places WHERE "+where+" AND lane IN ? ORDER BY number", value, ids).Scan(&numbers).Error; err != nil {
		return 0, fmt.Errorf("looking for items to erase: %w", redacted(err))
	}
	var erased int64
	err = q.inSteps(ctx, numbers, func(db *gorm.DB, some []int64) error {
		// What was done keeps its time, and goes when that is over.
		res := db.Exec("UPDATE queue_places SET place = CASE WHEN settled_ms > 0 THEN settled_ms ELSE ? END, "+
			"settled_ms = CASE WHEN settled_ms > 0 THEN settled_ms ELSE ? END, state = ?, "+
			"customer = ?, order_key = ?, merge_key = ?, next_ms = 0, why = 'erased' WHERE number IN ? AND state <> ?",
			millis(now), millis(now), stateEmptied, raw(""), raw(""), raw(""), some, stateWorking)
		if res.Error != nil {
			return res.Error
		}
		err := db.Exec("UPDATE queue_items SET customer = ?, order_key = ?, merge_key = ? WHERE number IN ? AND "+
			"EXISTS (SELECT 1 FROM queue_places p WHERE p.number = queue_items.number AND p.state = ?)",
			raw(""), raw(""), raw(""), some, stateEmptied).Error
		if err != nil {
			return err
		}
		if err := bodiless(db, some); err != nil {
			return err
		}
		erased += res.RowsAffected
		return nil
	})
	if err == nil && erased < int64(len(numbers)) {
		err = queue.ErrBusy
	}
	if err != nil && !errors.Is(err, queue.ErrBusy) {
		err = fmt.Errorf("erasing: %w", err)
	}
	return erased, err
}
