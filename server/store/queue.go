package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Queue keeps the lanes of package queue. It is safe for concurrent use, also
// by several processes on one state.
type Queue struct{ s *Store }

var _ queue.Storage = (*Queue)(nil)

// Queue gives the keeping of the queue. It ends with the store.
func (s *Store) Queue() *Queue { return &Queue{s: s} }

// States as they are stored. A done item without its body is told apart, so
// that looking for bodies to take away does not find it again and again.
const (
	stateWaiting = 1
	stateWorking = 2
	stateDone    = 3
	stateParked  = 4
	stateEmptied = 5
)

// begun is the place of an item that was begun: before all that were not, whose
// place is their priority turned round. Of a settled item the place is when
// that was, so that old ones are found without an index of their own.
const begun = -1 << 40

const (
	partSize   = 512 << 10 // bytes of a row of queue_bodies: any server takes that in one statement
	inRow      = partSize  // a body up to this stands in its item's row
	rowsAtOnce = 200       // items of one statement
	bytesOnce  = 1 << 20   // and their bodies
)

// Two tables hold an item. What was pushed stands in queue_items, which has as few
// indexes as it can, since somebody waits while it is written. Where it stands
// is in queue_places, together with what it is looked for by; whoever works on
// the lane makes that row (see place), so that many are made at once and nobody
// waits for them. An item with a merge key has it from the beginning.

// itemsInto is a statement that writes so many items.
func (s *Store) itemsInto(rows int) string {
	const columns = "lane, id, order_key, merge_key, customer, kind, priority, enqueued_ms, bytes, parts, body"
	if s.path != "" {
		return "INSERT INTO queue_items (" + columns + ") VALUES " + marks(rows, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	}
	return "INSERT INTO queue_items (" + columns + ", fresh) VALUES " + marks(rows, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
}

// singlesInto is itemsInto for items that stand in their rows and stand for no
// others, with the values of singleValues.
func (s *Store) singlesInto(rows int) string {
	const columns = "lane, id, order_key, customer, kind, priority, enqueued_ms, bytes, body, merge_key, parts"
	if s.path != "" {
		return "INSERT INTO queue_items (" + columns + ") VALUES " + marks(rows, "(?, ?, ?, ?, ?, ?, ?, ?, ?, x'', 0)")
	}
	return "INSERT INTO queue_items (" + columns + ", fresh) VALUES " + marks(rows, "(?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 1)")
}

// marks are those of so many rows.
func marks(rows int, one string) string { return one + strings.Repeat(", "+one, rows-1) }

// lanes remembers the numbers of lanes; they never change.
type lanes struct{ known sync.Map }

// raw makes a text the bytes it is kept as.
func raw(s string) []byte { return append([]byte{}, s...) }

// AfterCommit is part of queue.Storage.
func (q *Queue) AfterCommit(ctx context.Context, do func()) { q.s.afterCommit(ctx, do) }

// lane gives a lane's number, 0 where there is none yet and none is to be made.
func (q *Queue) lane(ctx context.Context, l queue.Lane, create bool) (int64, error) {
	if id, ok := q.s.lanes.known.Load(l); ok {
		return id.(int64), nil
	}
	db := q.s.at(ctx)
	find := func() (int64, error) {
		var ids []int64
		err := db.Raw("SELECT id FROM queue_lanes WHERE dealer = ? AND direction = ?", l.Dealer, string(l.Direction)).Scan(&ids).Error
		if err != nil || len(ids) == 0 {
			return 0, err
		}
		return ids[0], nil
	}
	id, err := find()
	if err == nil && id == 0 && create {
		err = db.Exec("INSERT INTO queue_lanes (dealer, direction, owner, until_ms, fence, turns) VALUES (?, ?, '', 0, 0, 0)", l.Dealer, string(l.Direction)).Error
		if err == nil || errors.Is(err, gorm.ErrDuplicatedKey) {
			id, err = find()
		}
		if err == nil && id == 0 {
			// Another process made it, and this transaction looks at a time before.
			return 0, fmt.Errorf("finding a lane: %w", errContended)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("finding a lane: %w", redacted(err))
	}
	if id != 0 {
		q.s.afterCommit(ctx, func() { q.s.lanes.known.Store(l, id) })
	}
	return id, nil
}

// newItem is an item on its way in.
type newItem struct {
	*queue.Item
	lane  int64
	at    time.Time
	parts int // rows of queue_bodies; 0 where the body is in the item's row
}

// values are those of itemsInto.
func (s *Store) values(to []any, n *newItem) []any {
	body := n.inRow()
	if n.parts > 0 {
		body = nil
	}
	to = append(to, n.lane, raw(n.ID), raw(n.OrderKey), raw(n.MergeKey), raw(n.Customer), n.Kind, n.Priority, n.came(), len(n.Body), n.parts, body)
	if s.path == "" {
		to = append(to, flag(n.MergeKey == ""))
	}
	return to
}

// singleValues are those of singlesInto.
func (n *newItem) singleValues(to []any) []any {
	return append(to, n.lane, raw(n.ID), raw(n.OrderKey), raw(n.Customer), n.Kind, n.Priority, n.came(), len(n.Body), n.inRow())
}

// inRow is the body; an empty one is unlike one that was taken away.
func (n *newItem) inRow() []byte {
	if n.Body == nil {
		return []byte{}
	}
	return n.Body
}

func (n *newItem) came() int64 {
	if n.Enqueued.IsZero() {
		return millis(n.at)
	}
	return millis(n.Enqueued)
}

// Push is part of queue.Storage.
func (q *Queue) Push(ctx context.Context, items []queue.Item, now time.Time) ([]queue.Receipt, error) {
	if q.gatherable(ctx, items) {
		receipt, err := q.gather(ctx, items[0], now)
		if err != nil {
			return nil, fmt.Errorf("keeping an item: %w", err)
		}
		return []queue.Receipt{receipt}, nil
	}
	receipts, err := q.push(ctx, items, func(int) time.Time { return now })
	if err != nil {
		return nil, fmt.Errorf("keeping items: %w", err)
	}
	return receipts, nil
}

// push keeps items that came at some times.
func (q *Queue) push(ctx context.Context, items []queue.Item, at func(i int) time.Time) ([]queue.Receipt, error) {
	receipts := make([]queue.Receipt, len(items))
	all := func(ctx context.Context) error {
		p := push{q: q, db: q.s.at(ctx)}
		return p.all(ctx, items, at, receipts)
	}
	return receipts, q.s.Together(ctx, all)
}

// push is one call of Push.
type push struct {
	q  *Queue
	db *gorm.DB
}

func (p *push) all(ctx context.Context, items []queue.Item, at func(i int) time.Time, receipts []queue.Receipt) error {
	news := make([]newItem, len(items))
	for i := range items {
		lane, err := p.q.lane(ctx, items[i].Lane, true)
		if err != nil {
			return err
		}
		news[i] = newItem{Item: &items[i], lane: lane, at: at(i)}
		if n := len(items[i].Body); n > inRow {
			news[i].parts = (n + partSize - 1) / partSize
		}
	}
	for from := 0; from < len(news); {
		to, bytes := from, 0
		for to < len(news) && to-from < rowsAtOnce && (to == from || bytes+len(news[to].Body) <= bytesOnce) {
			bytes += len(news[to].Body)
			to++
		}
		if err := p.some(news[from:to], receipts[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// name is how an item is known again.
type name struct {
	lane int64
	id   string
}

// some pushes a handful. Where nothing can be merged, that an item is there
// already shows when it is written.
func (p *push) some(news []newItem, receipts []queue.Receipt) error {
	if !slices.ContainsFunc(news, func(n newItem) bool { return n.MergeKey != "" }) {
		add := make([]int, len(news))
		for i := range news {
			add[i] = i
		}
		return p.insert(news, add, receipts)
	}
	known, err := p.numbers(news)
	if err != nil {
		return err
	}
	merging := map[name]bool{} // by merge key: what comes in this handful
	var add []int
	for i := range news {
		n := &news[i]
		if _, ok := known[name{n.lane, n.ID}]; ok {
			receipts[i] = queue.Repeated
			continue
		}
		key := name{n.lane, n.MergeKey}
		switch merged, err := p.merge(n); {
		case err != nil:
			return err
		case merged:
			receipts[i] = queue.Merged
			continue
		case n.MergeKey != "" && merging[key]:
			// The first of them is written before it is merged into.
			if err := p.insert(news, add, receipts); err != nil {
				return err
			}
			add = add[:0]
			if merged, err = p.merge(n); err != nil {
				return err
			}
			if merged {
				receipts[i] = queue.Merged
				continue
			}
		}
		merging[key] = n.MergeKey != ""
		known[name{n.lane, n.ID}] = 0
		add = append(add, i)
	}
	return p.insert(news, add, receipts)
}

// numbers finds those that are there already.
func (p *push) numbers(news []newItem) (map[name]int64, error) {
	byLane := map[int64][][]byte{}
	for i := range news {
		byLane[news[i].lane] = append(byLane[news[i].lane], raw(news[i].ID))
	}
	known := map[name]int64{}
	for lane, ids := range byLane {
		var rows []struct {
			Number int64
			ID     []byte
		}
		if err := p.db.Raw("SELECT number, id FROM queue_items WHERE lane = ? AND id IN ?", lane, ids).Scan(&rows).Error; err != nil {
			return nil, fmt.Errorf("looking for repeats: %w", redacted(err))
		}
		for _, r := range rows {
			known[name{lane, string(r.ID)}] = r.Number
		}
	}
	return known, nil
}

// merge lets an item that waits and was never begun stand for a new one. Being
// an update it sees what is there now, and holds that until the end.
func (p *push) merge(n *newItem) (bool, error) {
	if n.MergeKey == "" {
		return false, nil
	}
	res := p.db.Exec("UPDATE queue_places SET merged = merged + 1 WHERE lane = ? AND merge_key = ? AND merge_key <> ? AND state = ? AND tries = 0",
		n.lane, raw(n.MergeKey), raw(""), stateWaiting)
	if res.Error != nil {
		return false, fmt.Errorf("merging: %w", redacted(res.Error))
	}
	return res.RowsAffected > 0, nil
}

// insert writes new items, and their bodies.
func (p *push) insert(news []newItem, add []int, receipts []queue.Receipt) error {
	if len(add) == 0 {
		return nil
	}
	var values []any
	large := false
	for _, i := range add {
		values = p.q.s.values(values, &news[i])
		receipts[i] = queue.Added
		large = large || news[i].parts > 0
	}
	err := p.db.Exec(p.q.s.itemsInto(len(add)), values...).Error
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey) && len(add) > 1:
		for _, i := range add { // which of them came from elsewhere meanwhile
			if err := p.insert(news, []int{i}, receipts); err != nil {
				return err
			}
		}
		return nil
	case errors.Is(err, gorm.ErrDuplicatedKey):
		receipts[add[0]] = queue.Repeated
		return nil
	case err != nil:
		return fmt.Errorf("writing items: %w", redacted(err))
	}
	if err := p.stand(news, add); err != nil || !large {
		return err
	}
	return p.bodies(news, add)
}

// stand gives those that others may be merged into their places at once.
func (p *push) stand(news []newItem, add []int) error {
	byLane := map[int64][][]byte{}
	for _, i := range add {
		if n := &news[i]; n.MergeKey != "" {
			byLane[n.lane] = append(byLane[n.lane], raw(n.ID))
		}
	}
	for lane, ids := range byLane {
		if err := p.db.Exec(placing+"lane = ? AND id IN ?", lane, ids).Error; err != nil {
			return fmt.Errorf("placing items: %w", redacted(err))
		}
	}
	return nil
}

// bodies writes what does not stand in the items' rows.
func (p *push) bodies(news []newItem, add []int) error {
	var large []newItem
	for _, i := range add {
		if news[i].parts > 0 {
			large = append(large, news[i])
		}
	}
	numbers, err := p.numbers(large)
	if err != nil {
		return err
	}
	var (
		values []any
		bytes  int
	)
	flush := func() error {
		if len(values) == 0 {
			return nil
		}
		rows := strings.Repeat(", (?, ?, ?)", len(values)/3)[2:]
		if err := p.db.Exec("INSERT INTO queue_bodies (number, part, bytes) VALUES "+rows, values...).Error; err != nil {
			return fmt.Errorf("writing bodies: %w", redacted(err))
		}
		values, bytes = nil, 0
		return nil
	}
	for _, n := range large {
		number, ok := numbers[name{n.lane, n.ID}]
		if !ok {
			return errors.New("an item that was written is not there")
		}
		for i := range n.parts {
			part := n.Body[i*partSize : min((i+1)*partSize, len(n.Body))]
			if bytes += len(part); bytes > bytesOnce {
				if err := flush(); err != nil {
					return err
				}
				bytes = len(part)
			}
			values = append(values, number, i, part)
		}
	}
	return flush()
}
