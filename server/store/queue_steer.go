package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// itemRow is an item and its place.
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
	Fresh      int // whether items of its lane wait for their places
}

// rowColumns are all but the body. What has no place yet waits.
const rowColumns = "i.number, i.lane, i.id, COALESCE(p.state, 1) AS state, COALESCE(p.place, -i.priority) AS place, i.order_key, i.merge_key, " +
	"i.customer, i.kind, i.priority, COALESCE(p.tries, 0) AS tries, COALESCE(p.strikes, 0) AS strikes, COALESCE(p.merged, 0) AS merged, " +
	"i.enqueued_ms, COALESCE(p.first_ms, 0) AS first_ms, COALESCE(p.blamed_ms, 0) AS blamed_ms, COALESCE(p.next_ms, 0) AS next_ms, " +
	"COALESCE(p.settled_ms, 0) AS settled_ms, i.bytes, i.parts, COALESCE(p.why, '') AS why"

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
	if f.Most <= 0 {
		f.Most = 100
	}
	// New ones first: one that gets its place meanwhile is found twice rather than
	// not at all.
	var rows, placed []itemRow
	if len(f.States) == 0 || slices.Contains(f.States, queue.Waiting) {
		db := narrowed(q.s.at(ctx).Table("queue_items i").Joins("LEFT JOIN queue_places p ON p.number = i.number"), f, "i")
		if err := db.Where("EXISTS (SELECT 1 "+q.s.fresh("i.lane")+" AND f.number = i.number)").Where("i.lane IN ? AND i.number > ?", ids, f.After).
			Select(rowColumns).Order("i.number").Limit(f.Most).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("reading items: %w", redacted(err))
		}
	}
	db := narrowed(q.s.at(ctx).Table("queue_places p").Joins("JOIN queue_items i ON i.number = p.number"), f, "p")
	if len(f.States) > 0 {
		db = db.Where("p.state IN ?", stored(f.States))
	}
	if err := db.Where("p.lane IN ? AND p.number > ?", ids, f.After).Select(rowColumns).Order("p.number").Limit(f.Most).Find(&placed).Error; err != nil {
		return nil, fmt.Errorf("reading items: %w", redacted(err))
	}
	rows = append(placed, rows...)
	slices.SortStableFunc(rows, func(a, b itemRow) int { return cmp.Compare(a.Number, b.Number) })
	rows = slices.CompactFunc(rows, func(a, b itemRow) bool { return a.Number == b.Number })
	rows = rows[:min(len(rows), f.Most)]
	items := make([]queue.Item, len(rows))
	for i, r := range rows {
		items[i] = r.item(lanes[r.Lane])
	}
	return items, nil
}

// narrowed leaves what a filter says of keys, as one of the tables has them.
func narrowed(db *gorm.DB, f queue.Filter, table string) *gorm.DB {
	if f.Kind != "" {
		db = db.Where("i.kind = ?", f.Kind)
	}
	if f.OrderKey != "" {
		db = db.Where(table+".order_key = ? AND "+table+".order_key <> ?", raw(f.OrderKey), raw(""))
	}
	if f.Customer != "" {
		db = db.Where(table+".customer = ? AND "+table+".customer <> ?", raw(f.Customer), raw(""))
	}
	return db
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
	return q.one(ctx, "i.number = ? AND i.lane > 0", number)
}

// Find is part of queue.Storage.
func (q *Queue) Find(ctx context.Context, lane queue.Lane, id string) (queue.Item, error) {
	n, err := q.lane(ctx, lane, false)
	if err != nil {
		return queue.Item{}, err
	}
	return q.one(ctx, "i.lane = ? AND i.id = ?", n, raw(id))
}

func (q *Queue) one(ctx context.Context, where string, values ...any) (queue.Item, error) {
	db := q.s.at(ctx)
	var rows []itemRow
	if err := db.Raw("SELECT "+rowColumns+", i.body FROM queue_items i LEFT JOIN queue_places p ON p.number = i.number WHERE "+where, values...).Scan(&rows).Error; err != nil {
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
			err = db.Exec("UPDATE queue_places SET state = ?, place = ?, next_ms = 0, settled_ms = 0, strikes = 0, blamed_ms = 0 WHERE number = ? AND state = ?",
				stateWaiting, -i.Priority, number, stateParked).Error
		default: // its place stays: what was begun stays the head
			err = db.Exec("UPDATE queue_places SET next_ms = 0, strikes = 0, blamed_ms = 0 WHERE number = ? AND state = ?", number, stateWaiting).Error
		}
		if err != nil {
			return fmt.Errorf("putting an item back: %w", redacted(err))
		}
		if i.OrderKey == "" {
			return nil
		}
		err = db.Raw("SELECT COUNT(*) FROM queue_places WHERE lane = (SELECT id FROM queue_lanes WHERE dealer = ? AND direction = ?) "+
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
		err := q.s.at(ctx).Exec("UPDATE queue_places SET state = ?, place = ?, settled_ms = ?, next_ms = 0, why = ? WHERE number = ? AND state = ?",
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
	err := q.s.Together(ctx, func(ctx context.Context) error {
		db := q.s.at(ctx)
		lock := ""
		if db.Name() == "mysql" {
			lock = " FOR UPDATE"
		}
		var rows []itemRow
		read := func() error {
			err := db.Raw("SELECT "+rowColumns+" FROM queue_places p JOIN queue_items i ON i.number = p.number WHERE p.number = ?"+lock, number).Scan(&rows).Error
			if err != nil {
				return fmt.Errorf("reading an item: %w", redacted(err))
			}
			return nil
		}
		if err := read(); err != nil {
			return err
		}
		if len(rows) == 0 { // it may have no place yet
			var in []int64
			if err := db.Raw("SELECT lane FROM queue_items WHERE number = ?", number).Scan(&in).Error; err != nil {
				return fmt.Errorf("reading an item: %w", redacted(err))
			}
			if err := q.settled(ctx, in...); err != nil {
				return err
			}
			if err := read(); err != nil {
				return err
			}
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
		FreshMs   *int64
		BlockedMs *int64
	}
	const of = "(SELECT COUNT(*) FROM queue_places p WHERE p.lane = l.id AND p.state = ?)"
	fresh := q.s.fresh("l.id")
	err := q.s.at(ctx).Raw("SELECT l.dealer, l.direction, "+of+" + (SELECT COUNT(*) "+fresh+") AS waiting, "+of+" AS working, "+of+" AS parked, "+
		"(SELECT i.enqueued_ms FROM queue_items i WHERE i.number = (SELECT MIN(m.number) FROM queue_places m WHERE m.lane = l.id AND m.state IN (?, ?))) AS oldest_ms, "+
		"(SELECT f.enqueued_ms "+fresh+" ORDER BY f.number LIMIT 1) AS fresh_ms, "+
		"(SELECT MIN(p.first_ms) FROM queue_places p WHERE p.lane = l.id AND p.state IN (?, ?) AND p.place = ? AND p.strikes + CASE WHEN p.why = '' THEN 0 ELSE 1 END > 0) AS blocked_ms "+
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
		for _, ms := range []*int64{r.OldestMs, r.FreshMs} {
			if ms != nil && (c.Oldest.IsZero() || instant(*ms).Before(c.Oldest)) {
				c.Oldest = instant(*ms)
			}
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
