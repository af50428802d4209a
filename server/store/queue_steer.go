package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// itemRow is one row of queue_items.
type itemRow struct {
	Number     int64
	Lane       int64
	ID         []byte
	State      int
	Place      int64
	OrderKey   []byte
	MergeKey   []byte
	Customer   []byte
	Kind       string
	Priority   int
	Tries      int
	Strikes    int
	Merged     int
	EnqueuedMs int64
	FirstMs    int64
	BlamedMs   int64
	NextMs     int64
	SettledMs  int64
	Bytes      int64
	Parts      int
	Why        string
	Body       []byte
}

// rowColumns are all but the body.
const rowColumns = "number, lane, id, state, place, order_key, merge_key, customer, kind, priority, tries, strikes, merged, " +
	"enqueued_ms, first_ms, blamed_ms, next_ms, settled_ms, bytes, parts, why"

// item is the row without its body.
func (r itemRow) item(lane queue.Lane) queue.Item {
	states := map[int]queue.State{
		stateWaiting: queue.Waiting, stateWorking: queue.Working, stateDone: queue.Done, stateEmptied: queue.Done, stateParked: queue.Parked,
	}
	return queue.Item{
		Lane: lane, ID: string(r.ID), OrderKey: string(r.OrderKey), MergeKey: string(r.MergeKey), Priority: r.Priority,
		Kind: r.Kind, Customer: string(r.Customer), Number: r.Number, State: states[r.State], Enqueued: instant(r.EnqueuedMs),
		Tries: r.Tries, Strikes: r.Strikes, Merged: r.Merged, First: instant(r.FirstMs), Blamed: instant(r.BlamedMs),
		Next: instant(r.NextMs), Settled: instant(r.SettledMs), Bytes: r.Bytes, Erased: r.State == stateEmptied, Why: r.Why,
	}
}

// body gives the whole body of a row that was read with its own part of it.
func (q *Queue) body(db *gorm.DB, r itemRow) ([]byte, error) {
	if r.Parts == 0 || r.State == stateEmptied {
		return r.Body, nil
	}
	body := make([]byte, 0, r.Bytes)
	for n := range r.Parts {
		var part [][]byte
		if err := db.Raw("SELECT bytes FROM queue_bodies WHERE number = ? AND part = ?", r.Number, n).Scan(&part).Error; err != nil {
			return nil, fmt.Errorf("reading a body: %w", redacted(err))
		}
		if len(part) == 0 {
			return nil, fmt.Errorf("item %d is damaged in the gateway's state: a part of its body is not there", r.Number)
		}
		body = append(body, part[0]...)
	}
	return body, nil
}

// named gives the lanes a filter means, by number.
func (q *Queue) named(ctx context.Context, l queue.Lane) (map[int64]queue.Lane, error) {
	var rows []struct {
		ID        int64
		Dealer    string
		Direction string
	}
	db := q.s.at(ctx).Table("queue_lanes").Select("id, dealer, direction")
	if l.Dealer != "" {
		db = db.Where("dealer = ?", l.Dealer)
	}
	if l.Direction != "" {
		db = db.Where("direction = ?", string(l.Direction))
	}
	if err := db.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading lanes: %w", redacted(err))
	}
	all := make(map[int64]queue.Lane, len(rows))
	for _, r := range rows {
		all[r.ID] = queue.Lane{Dealer: r.Dealer, Direction: queue.Direction(r.Direction)}
	}
	return all, nil
}

// List is part of queue.Storage.
func (q *Queue) List(ctx context.Context, f queue.Filter) ([]queue.Item, error) {
	lanes, err := q.named(ctx, f.Lane)
	if err != nil || len(lanes) == 0 {
		return nil, err
	}
	ids := make([]int64, 0, len(lanes))
	for id := range lanes {
		ids = append(ids, id)
	}
	db := q.s.at(ctx).Table("queue_items").Select(rowColumns).Where("lane IN ? AND number > ?", ids, f.After)
	if len(f.States) > 0 {
		db = db.Where("state IN ?", stored(f.States))
	}
	if f.Kind != "" {
		db = db.Where("kind = ?", f.Kind)
	}
	if f.OrderKey != "" {
		db = db.Where("order_key = ? AND order_key <> ?", raw(f.OrderKey), raw(""))
	}
	if f.Customer != "" {
		db = db.Where("customer = ? AND customer <> ?", raw(f.Customer), raw(""))
	}
	if f.Most <= 0 {
		f.Most = 100
	}
	var rows []itemRow
	if err := db.Order("number").Limit(f.Most).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading items: %w", redacted(err))
	}
	items := make([]queue.Item, len(rows))
	for i, r := range rows {
		items[i] = r.item(lanes[r.Lane])
	}
	return items, nil
}

func stored(states []queue.State) []int {
	var out []int
	for _, s := range states {
		switch s {
		case queue.Waiting:
			out = append(out, stateWaiting)
		case queue.Working:
			out = append(out, stateWorking)
		case queue.Done:
			out = append(out, stateDone, stateEmptied)
		case queue.Parked:
			out = append(out, stateParked)
		}
	}
	return append(out, 0)
}

// Item is part of queue.Storage.
func (q *Queue) Item(ctx context.Context, number int64) (queue.Item, error) {
	return q.one(ctx, "number = ?", number)
}

// Find is part of queue.Storage.
func (q *Queue) Find(ctx context.Context, lane queue.Lane, id string) (queue.Item, error) {
	n, err := q.lane(ctx, lane, false)
	if err != nil {
		return queue.Item{}, err
	}
	return q.one(ctx, "lane = ? AND id = ?", n, raw(id))
}

func (q *Queue) one(ctx context.Context, where string, values ...any) (queue.Item, error) {
	db := q.s.at(ctx)
	var rows []itemRow
	if err := db.Raw("SELECT "+rowColumns+", body FROM queue_items WHERE "+where, values...).Scan(&rows).Error; err != nil {
		return queue.Item{}, fmt.Errorf("reading an item: %w", redacted(err))
	}
	if len(rows) == 0 {
		return queue.Item{}, queue.ErrUnknown
	}
	lanes, err := q.named(ctx, queue.Lane{})
	if err != nil {
		return queue.Item{}, err
	}
	item := rows[0].item(lanes[rows[0].Lane])
	if item.Body, err = q.body(db, rows[0]); err != nil {
		return queue.Item{}, err
	}
	return item, nil
}

// Retry is part of queue.Storage.
func (q *Queue) Retry(ctx context.Context, number int64, now time.Time) (queue.Lane, int64, error) {
	var overtaken int64
	lane, err := q.steer(ctx, number, func(ctx context.Context, i queue.Item) error {
		db := q.s.at(ctx)
		var err error
		switch {
		case i.State == queue.Done:
			return queue.ErrState
		case i.State == queue.Parked:
			err = db.Exec("UPDATE queue_items SET state = ?, place = -priority, next_ms = 0, settled_ms = 0, strikes = 0, blamed_ms = 0 WHERE number = ? AND state = ?",
				stateWaiting, number, stateParked).Error
		default: // its place stays: what was begun stays the head
			err = db.Exec("UPDATE queue_items SET next_ms = 0, strikes = 0, blamed_ms = 0 WHERE number = ? AND state = ?", number, stateWaiting).Error
		}
		if err != nil {
			return fmt.Errorf("putting an item back: %w", redacted(err))
		}
		if i.OrderKey == "" {
			return nil
		}
		err = db.Raw("SELECT COUNT(*) FROM queue_items WHERE lane = (SELECT id FROM queue_lanes WHERE dealer = ? AND direction = ?) "+
			"AND order_key = ? AND order_key <> ? AND state IN ? AND number > ?",
			i.Lane.Dealer, string(i.Lane.Direction), raw(i.OrderKey), raw(""), []int{stateDone, stateEmptied}, number).Scan(&overtaken).Error
		if err != nil {
			return fmt.Errorf("counting what went past an item: %w", redacted(err))
		}
		return nil
	})
	return lane, overtaken, err
}

// Park is part of queue.Storage.
func (q *Queue) Park(ctx context.Context, number int64, why string, now time.Time) (queue.Lane, error) {
	return q.steer(ctx, number, func(ctx context.Context, i queue.Item) error {
		switch i.State {
		case queue.Done:
			return queue.ErrState
		case queue.Parked:
			return nil
		}
		err := q.s.at(ctx).Exec("UPDATE queue_items SET state = ?, place = ?, settled_ms = ?, next_ms = 0, why = ? WHERE number = ? AND state = ?",
			stateParked, millis(now), millis(now), why, number, stateWaiting).Error
		if err != nil {
			return fmt.Errorf("parking an item: %w", redacted(err))
		}
		return nil
	})
}

// steer does something to an item nobody is working on, whose row is locked
// meanwhile.
func (q *Queue) steer(ctx context.Context, number int64, do func(context.Context, queue.Item) error) (queue.Lane, error) {
	var lane queue.Lane
	err := q.s.persistently(ctx, func(ctx context.Context) error {
		db := q.s.at(ctx)
		lock := ""
		if db.Name() == "mysql" {
			lock = " FOR UPDATE"
		}
		var rows []itemRow
		if err := db.Raw("SELECT "+rowColumns+" FROM queue_items WHERE number = ?"+lock, number).Scan(&rows).Error; err != nil {
			return fmt.Errorf("reading an item: %w", redacted(err))
		}
		if len(rows) == 0 {
			return queue.ErrUnknown
		}
		if rows[0].State == stateWorking {
			return queue.ErrBusy
		}
		lanes, err := q.named(ctx, queue.Lane{})
		if err != nil {
			return err
		}
		lane = lanes[rows[0].Lane]
		return do(ctx, rows[0].item(lane))
	})
	return lane, err
}

// Counts is part of queue.Storage.
func (q *Queue) Counts(ctx context.Context) ([]queue.Count, error) {
	var rows []struct {
		Dealer    string
		Direction string
		Waiting   int64
		Working   int64
		Parked    int64
		OldestMs  *int64
		BlockedMs *int64
	}
	const of = "(SELECT COUNT(*) FROM queue_items i WHERE i.lane = l.id AND i.state = ?)"
	err := q.s.at(ctx).Raw("SELECT l.dealer, l.direction, "+of+" AS waiting, "+of+" AS working, "+of+" AS parked, "+
		"(SELECT i.enqueued_ms FROM queue_items i WHERE i.number = (SELECT MIN(m.number) FROM queue_items m WHERE m.lane = l.id AND m.state IN (?, ?))) AS oldest_ms, "+
		"(SELECT MIN(i.first_ms) FROM queue_items i WHERE i.lane = l.id AND i.state IN (?, ?) AND i.place = ? AND i.strikes + CASE WHEN i.why = '' THEN 0 ELSE 1 END > 0) AS blocked_ms "+
		"FROM queue_lanes l ORDER BY l.dealer, l.direction",
		stateWaiting, stateWorking, stateParked, stateWaiting, stateWorking, stateWaiting, stateWorking, begun).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("counting items: %w", redacted(err))
	}
	var counts []queue.Count
	for _, r := range rows {
		c := queue.Count{
			Lane:    queue.Lane{Dealer: r.Dealer, Direction: queue.Direction(r.Direction)},
			Waiting: r.Waiting, Working: r.Working, Parked: r.Parked,
		}
		if r.OldestMs != nil {
			c.Oldest = instant(*r.OldestMs)
		}
		if r.BlockedMs != nil {
			c.Blocked = instant(*r.BlockedMs)
		}
		if c.Waiting+c.Working+c.Parked > 0 {
			counts = append(counts, c)
		}
	}
	return counts, nil
}

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
	err := q.s.at(ctx).Raw("SELECT number FROM queue_items WHERE lane = ? AND state = ? AND place < ? ORDER BY place, number LIMIT ?",
		lane, state, millis(before), most).Scan(&numbers).Error
	if err != nil {
		return nil, fmt.Errorf("looking for old items: %w", redacted(err))
	}
	return numbers, nil
}

// empty takes the bodies of done items away.
func (q *Queue) empty(ctx context.Context, numbers []int64) error {
	return q.inSteps(ctx, numbers, func(db *gorm.DB, some []int64) error {
		if err := db.Exec("UPDATE queue_items SET state = ?, body = NULL WHERE number IN ? AND state = ?", stateEmptied, some, stateDone).Error; err != nil {
			return err
		}
		return db.Exec("DELETE FROM queue_bodies WHERE number IN ?", some).Error
	})
}

// remove takes settled items away.
func (q *Queue) remove(ctx context.Context, numbers []int64) error {
	return q.inSteps(ctx, numbers, func(db *gorm.DB, some []int64) error {
		// One that was put back meanwhile stays, and so does its body.
		err := db.Exec("DELETE FROM queue_items WHERE number IN ? AND state IN ?", some, []int{stateDone, stateParked, stateEmptied}).Error
		if err != nil {
			return err
		}
		return db.Exec("DELETE FROM queue_bodies WHERE number IN ? AND NOT EXISTS (SELECT 1 FROM queue_items i WHERE i.number = queue_bodies.number)", some).Error
	})
}

// inSteps works on numbers in short transactions.
func (q *Queue) inSteps(ctx context.Context, numbers []int64, do func(db *gorm.DB, some []int64) error) error {
	for len(numbers) > 0 {
		n := min(100, len(numbers))
		err := q.s.persistently(ctx, func(ctx context.Context) error { return redacted(do(q.s.at(ctx), numbers[:n])) })
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
	var numbers []int64
	if err := q.s.at(ctx).Raw("SELECT number FROM queue_items WHERE "+where+" AND lane IN ? ORDER BY number", value, ids).Scan(&numbers).Error; err != nil {
		return 0, fmt.Errorf("looking for items to erase: %w", redacted(err))
	}
	var erased int64
	err = q.inSteps(ctx, numbers, func(db *gorm.DB, some []int64) error {
		// What was done keeps its time, and goes when that is over.
		res := db.Exec("UPDATE queue_items SET place = CASE WHEN settled_ms > 0 THEN settled_ms ELSE ? END, "+
			"settled_ms = CASE WHEN settled_ms > 0 THEN settled_ms ELSE ? END, state = ?, body = NULL, "+
			"customer = ?, order_key = ?, merge_key = ?, next_ms = 0, why = 'erased' WHERE number IN ? AND state <> ?",
			millis(now), millis(now), stateEmptied, raw(""), raw(""), raw(""), some, stateWorking)
		if res.Error != nil {
			return res.Error
		}
		if err := db.Exec("DELETE FROM queue_bodies WHERE number IN ? AND EXISTS (SELECT 1 FROM queue_items i WHERE i.number = queue_bodies.number AND i.state = ?)",
			some, stateEmptied).Error; err != nil {
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
