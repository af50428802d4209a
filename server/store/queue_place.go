package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// placing makes the rows of queue_places for items that are named behind it.
const placing = "INSERT INTO queue_places (number, lane, state, place, order_key, merge_key, customer, " +
	"tries, strikes, merged, first_ms, blamed_ms, next_ms, settled_ms, why) " +
	"SELECT number, lane, 1, -priority, order_key, merge_key, customer, 0, 0, 0, 0, 0, 0, 0, '' FROM queue_items WHERE "

// placeAtOnce bounds how many items get their places in one transaction, so that
// whoever pushes does not wait long for it.
const placeAtOnce = 500

// fresh selects the items of a lane without a place. A file has one writer, so
// that numbers become visible in order and a mark tells the new ones; on a server a
// smaller number may be committed later.
func (s *Store) fresh(lane string) string {
	if s.path == "" {
		return "FROM queue_items f FORCE INDEX (queue_items_fresh) WHERE f.fresh = 1 AND f.lane = " + lane
	}
	// The plus keeps SQLite from going through all items there ever were of a lane.
	return "FROM queue_items f WHERE f.number > (SELECT number FROM queue_placed WHERE id = 1) AND f.merge_key = x'' AND +f.lane = " + lane
}

// place gives items without a place one, of a lane on a server, of all lanes in a
// file, and says whether there may be more of them. It stands in a transaction.
func (q *Queue) place(ctx context.Context, lane int64) (some, more bool, err error) {
	var n int
	if q.s.path == "" {
		n, err = q.placeLane(q.s.at(ctx), lane)
	} else {
		n, err = q.placeAll(q.s.at(ctx))
	}
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey): // somebody else did, after this transaction began to look
		return false, false, fmt.Errorf("placing items: %w", errContended)
	case err != nil:
		return false, false, fmt.Errorf("placing items: %w", redacted(err))
	}
	return n > 0, n == placeAtOnce, nil
}

// placeAll is place in a file.
func (q *Queue) placeAll(db *gorm.DB) (int, error) {
	var numbers []int64
	err := db.Raw("SELECT number FROM queue_items WHERE number > (SELECT number FROM queue_placed WHERE id = 1) ORDER BY number LIMIT ?", placeAtOnce).
		Scan(&numbers).Error
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	last := numbers[len(numbers)-1]
	err = db.Exec(placing+"number > (SELECT number FROM queue_placed WHERE id = 1) AND number <= ? AND merge_key = x'' ORDER BY number", last).Error
	if err != nil {
		return 0, err
	}
	return len(numbers), db.Exec("UPDATE queue_placed SET number = ? WHERE id = 1", last).Error
}

// placeLane is place on a server. What is new is read without a lock, which would
// be one on the place where others push.
func (q *Queue) placeLane(db *gorm.DB, lane int64) (int, error) {
	var rows []struct {
		Number   int64
		Priority int
		OrderKey []byte
		Customer []byte
	}
	err := db.Raw("SELECT number, priority, order_key, customer FROM queue_items FORCE INDEX (queue_items_fresh) WHERE fresh = 1 AND lane = ? ORDER BY number LIMIT ?", lane, placeAtOnce).
		Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	values := make([]any, 0, 5*len(rows))
	numbers := make([]int64, len(rows))
	for i, r := range rows {
		values = append(values, r.Number, lane, -r.Priority, r.OrderKey, r.Customer)
		numbers[i] = r.Number
	}
	const marks = ", (?, ?, 1, ?, ?, x'', ?, 0, 0, 0, 0, 0, 0, 0, '')"
	err = db.Exec("INSERT INTO queue_places (number, lane, state, place, order_key, merge_key, customer, "+
		"tries, strikes, merged, first_ms, blamed_ms, next_ms, settled_ms, why) VALUES "+strings.Repeat(marks, len(rows))[2:], values...).Error
	if err != nil {
		return 0, err
	}
	return len(rows), db.Exec("UPDATE queue_items SET fresh = 0 WHERE number IN ?", numbers).Error
}

// settled gives all items of some lanes their places, step by step, each step in
// a transaction of its own where the context carries none.
func (q *Queue) settled(ctx context.Context, lanes ...int64) error {
	for _, lane := range lanes {
		for more := true; more; {
			err := q.s.Together(ctx, func(ctx context.Context) (err error) {
				_, more, err = q.place(ctx, lane)
				return err
			})
			if err != nil {
				return err
			}
		}
		if q.s.path != "" {
			return nil // that was all of them
		}
	}
	return nil
}

// unsettled says whether an item of any lane waits for its place; of a file only.
func (q *Queue) unsettled(ctx context.Context) (bool, error) {
	var found []int64
	err := q.s.at(ctx).Raw("SELECT number FROM queue_items WHERE number > (SELECT number FROM queue_placed WHERE id = 1) LIMIT 1").Scan(&found).Error
	if err != nil {
		return false, fmt.Errorf("looking for new items: %w", redacted(err))
	}
	return len(found) > 0, nil
}
