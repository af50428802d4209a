package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Turn is part of queue.Storage.
func (q *Queue) Turn(ctx context.Context, c queue.Claim, now time.Time, before *queue.Settlement) (queue.Turn, error) {
	lane, err := q.lane(ctx, c.Lane, false)
	if err != nil {
		return queue.Turn{}, err
	}
	if lane == 0 { // nothing was ever pushed
		return queue.Turn{Claim: c}, nil
	}
	t := laneTurn{q: q, lane: lane, now: now, out: queue.Turn{Claim: c}}
	for t.more = true; t.more; before = nil {
		claim := t.out.Claim
		err = q.s.Together(ctx, func(ctx context.Context) error {
			t.db, t.out, t.more = q.s.at(ctx), queue.Turn{Claim: claim}, false
			return t.run(ctx, before)
		})
		if err != nil {
			return queue.Turn{}, err
		}
	}
	return t.out, nil
}

// laneTurn is one call of Turn. Where very many items were pushed since the last
// one, it takes several transactions, so that those who push need not wait for
// all of it: the first keeps what became of the item before.
type laneTurn struct {
	q    *Queue
	db   *gorm.DB
	lane int64
	now  time.Time
	out  queue.Turn
	more bool // another transaction is to follow
}

func (t *laneTurn) run(ctx context.Context, before *queue.Settlement) error {
	c := &t.out.Claim
	// The lane's row is locked from here to the end: whoever wants to take the
	// lane waits, and sees what this turn did.
	taken := c.Fence == 0
	if err := t.hold(c); err != nil {
		return err
	}
	// A working item that is not the one to be settled is a dead process's; but
	// where this process's own turn is repeated because its answer was lost, it
	// may be the one that turn began.
	leftover := taken
	if before != nil {
		settled, err := t.settle(before)
		if err != nil {
			return err
		}
		if settled && before.Within != nil {
			if err := before.Within(ctx); err != nil {
				return err
			}
		}
		leftover = leftover || !settled
		if before.Last {
			return t.release()
		}
	}
	if err := t.begin(ctx, leftover); err != nil {
		return err
	}
	if t.out.Item == nil && !t.more {
		return t.release()
	}
	return nil
}

// hold takes the lane or prolongs the lease on it.
func (t *laneTurn) hold(c *queue.Claim) error {
	if c.Fence != 0 {
		res := t.db.Exec("UPDATE queue_lanes SET until_ms = ?, turns = turns + 1 WHERE id = ? AND owner = ? AND fence = ?",
			millis(c.Until), t.lane, c.Owner, c.Fence)
		if res.Error != nil {
			return fmt.Errorf("prolonging a lease: %w", redacted(res.Error))
		}
		if res.RowsAffected == 0 {
			return queue.ErrLeaseLost
		}
		return nil
	}
	res := t.db.Exec("UPDATE queue_lanes SET owner = ?, until_ms = ?, fence = fence + 1 WHERE id = ? AND (owner = ? OR until_ms <= ?)",
		c.Owner, millis(c.Until), t.lane, c.Owner, millis(t.now))
	if res.Error != nil {
		return fmt.Errorf("taking a lane: %w", redacted(res.Error))
	}
	if res.RowsAffected == 0 {
		return queue.ErrHeld
	}
	if err := t.db.Raw("SELECT fence FROM queue_lanes WHERE id = ?", t.lane).Scan(&c.Fence).Error; err != nil {
		return fmt.Errorf("taking a lane: %w", redacted(err))
	}
	return nil
}

// settle keeps what became of an item; false where that is kept already.
func (t *laneTurn) settle(s *queue.Settlement) (bool, error) {
	strike := flag(s.Strike)
	var res *gorm.DB
	switch s.State {
	case queue.Waiting:
		res = t.db.Exec("UPDATE queue_places SET state = ?, place = ?, next_ms = ?, why = ?, strikes = strikes + ?, "+
			"blamed_ms = CASE WHEN ? = 1 AND blamed_ms = 0 THEN ? ELSE blamed_ms END WHERE number = ? AND state = ?",
			stateWaiting, begun, millis(s.Next), s.Why, strike, strike, millis(t.now), s.Number, stateWorking)
	case queue.Done, queue.Parked:
		state := stateDone
		if s.State == queue.Parked {
			state = stateParked
		}
		res = t.db.Exec("UPDATE queue_places SET state = ?, place = ?, next_ms = 0, settled_ms = ?, why = ?, strikes = strikes + ? WHERE number = ? AND state = ?",
			state, millis(t.now), millis(t.now), s.Why, strike, s.Number, stateWorking)
	default:
		return false, fmt.Errorf("settling an item as %q: %w", s.State, queue.ErrState)
	}
	if res.Error != nil {
		return false, fmt.Errorf("settling an item: %w", redacted(res.Error))
	}
	return res.RowsAffected > 0, nil
}

// begin finds the next item and begins it.
func (t *laneTurn) begin(ctx context.Context, leftover bool) error {
	if leftover {
		found, err := t.next("p.state = ? ORDER BY p.place, p.number LIMIT 1", stateWorking)
		if err != nil {
			return err
		}
		if found != nil {
			t.out.Interrupted = true
			return t.start(*found)
		}
	}
	head, err := t.head(ctx)
	if err != nil || head == nil {
		return err
	}
	if head.NextMs > millis(t.now) {
		t.out.Wait = instant(head.NextMs)
		return nil
	}
	return t.start(*head)
}

// head is the item whose turn it is; nil also where t.more says that first more
// items are to get their places.
func (t *laneTurn) head(ctx context.Context) (*itemRow, error) {
	const first = "p.state = ? ORDER BY p.place, p.number LIMIT 1"
	head, err := t.next(first, stateWaiting)
	if err != nil || head != nil && (head.Place == begun || head.Fresh == 0) {
		return t.elder(head, err)
	}
	some, more, err := t.q.place(ctx, t.lane)
	switch {
	case err != nil:
		return nil, err
	case more:
		t.more = true
		return nil, nil
	case some:
		head, err = t.next(first, stateWaiting)
	}
	return t.elder(head, err)
}

// elder is an item, or the oldest of its order key.
func (t *laneTurn) elder(head *itemRow, err error) (*itemRow, error) {
	if err != nil || head == nil || head.Place == begun || len(head.OrderKey) == 0 {
		return head, err
	}
	elder, err := t.next("p.order_key = ? AND p.order_key <> ? AND p.state = ? AND p.number < ? ORDER BY p.number LIMIT 1",
		head.OrderKey, raw(""), stateWaiting, head.Number)
	if err != nil || elder == nil {
		return head, err
	}
	return elder, nil
}

// next reads one item of the lane, as it was when the lane's row was locked. It
// takes no lock of its own: on a server that would be one on the gap as well,
// and keep others from pushing.
func (t *laneTurn) next(where string, values ...any) (*itemRow, error) {
	query := "SELECT " + rowColumns + ", i.body, EXISTS (SELECT 1 " + t.q.s.fresh("p.lane") + ") AS fresh " +
		"FROM queue_places p JOIN queue_items i ON i.number = p.number WHERE p.lane = ? AND " + where
	var rows []itemRow
	if err := t.db.Raw(query, append([]any{t.lane}, values...)...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("looking for the next item: %w", redacted(err))
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// start begins an item.
func (t *laneTurn) start(r itemRow) error {
	was, strike := stateWaiting, 0
	if t.out.Interrupted {
		was, strike = stateWorking, 1
	}
	now := millis(t.now)
	if r.FirstMs == 0 {
		r.FirstMs = now
	}
	if strike == 1 && r.BlamedMs == 0 {
		r.BlamedMs = now
	}
	res := t.db.Exec("UPDATE queue_places SET state = ?, place = ?, tries = tries + 1, strikes = strikes + ?, first_ms = ?, blamed_ms = ?, next_ms = 0 "+
		"WHERE number = ? AND state = ?", stateWorking, begun, strike, r.FirstMs, r.BlamedMs, r.Number, was)
	if res.Error != nil {
		return fmt.Errorf("beginning an item: %w", redacted(res.Error))
	}
	if res.RowsAffected == 0 { // parked or erased by somebody meanwhile
		return fmt.Errorf("beginning an item: %w", errContended)
	}
	r.State, r.Place, r.NextMs = stateWorking, begun, 0
	r.Tries, r.Strikes = r.Tries+1, r.Strikes+strike
	item := r.item(t.out.Claim.Lane)
	var err error
	if item.Body, err = t.q.body(t.db, r); err != nil {
		return err
	}
	t.out.Item = &item
	return nil
}

// release gives the lane back within the turn.
func (t *laneTurn) release() error {
	c := &t.out.Claim
	if err := t.db.Exec("UPDATE queue_lanes SET owner = '', until_ms = 0 WHERE id = ? AND owner = ? AND fence = ?", t.lane, c.Owner, c.Fence).Error; err != nil {
		return fmt.Errorf("giving a lane back: %w", redacted(err))
	}
	c.Fence = 0
	return nil
}

// Holds is part of queue.Storage.
func (q *Queue) Holds(ctx context.Context, c queue.Claim, renew bool) error {
	lane, err := q.lane(ctx, c.Lane, false)
	if err != nil {
		return err
	}
	var found int64
	if renew {
		err = q.s.Together(ctx, func(ctx context.Context) error {
			res := q.s.at(ctx).Exec("UPDATE queue_lanes SET until_ms = ?, turns = turns + 1 WHERE id = ? AND owner = ? AND fence = ?",
				millis(c.Until), lane, c.Owner, c.Fence)
			found = res.RowsAffected
			return redacted(res.Error)
		})
	} else {
		err = redacted(q.s.at(ctx).Raw("SELECT COUNT(*) FROM queue_lanes WHERE id = ? AND owner = ? AND fence = ?", lane, c.Owner, c.Fence).Scan(&found).Error)
	}
	switch {
	case err != nil:
		return fmt.Errorf("asking for a lease: %w", err)
	case found == 0:
		return queue.ErrLeaseLost
	}
	return nil
}

// Release is part of queue.Storage.
func (q *Queue) Release(ctx context.Context, c queue.Claim) error {
	lane, err := q.lane(ctx, c.Lane, false)
	if err != nil {
		return err
	}
	return q.s.Together(ctx, func(ctx context.Context) error {
		t := laneTurn{db: q.s.at(ctx), lane: lane, out: queue.Turn{Claim: c}}
		return t.release()
	})
}

// Due is part of queue.Storage.
func (q *Queue) Due(ctx context.Context, owner string, lanes []queue.Lane, now time.Time) ([]queue.Lane, error) {
	byID := make(map[int64]queue.Lane, len(lanes))
	ids := make([]int64, 0, len(lanes))
	for _, l := range lanes {
		id, err := q.lane(ctx, l, false)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			byID[id] = l
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if q.s.path != "" {
		// What lies behind the mark is looked through by all who look for a lane's,
		// so that it is kept short.
		some, err := q.unsettled(ctx)
		if err == nil && some {
			err = q.settled(ctx, 0)
		}
		if err != nil {
			return nil, err
		}
	}
	var rows []struct {
		ID    int64
		Head  *int64
		Fresh int64
		Dead  int64
	}
	// Each lane costs a look at a few places of indexes, however much waits.
	err := q.s.at(ctx).Raw("SELECT l.id, "+
		"(SELECT p.next_ms FROM queue_places p WHERE p.lane = l.id AND p.state = ? ORDER BY p.place, p.number LIMIT 1) AS head, "+
		"EXISTS (SELECT 1 "+q.s.fresh("l.id")+") AS fresh, "+
		"(SELECT COUNT(*) FROM queue_places p WHERE p.lane = l.id AND p.state = ?) AS dead "+
		"FROM queue_lanes l WHERE l.id IN ? AND (l.owner = ? OR l.until_ms <= ?)",
		stateWaiting, stateWorking, ids, owner, millis(now)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("looking for what is due: %w", redacted(err))
	}
	var due []queue.Lane
	for _, r := range rows {
		if r.Dead > 0 || r.Head == nil && r.Fresh > 0 || r.Head != nil && *r.Head <= millis(now) {
			due = append(due, byID[r.ID])
		}
	}
	return due, nil
}
