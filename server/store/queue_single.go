package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Messages are pushed one at a time, each waits for the disk, and somebody waits
// for each. So single pushes go a way of their own: one statement that is a
// transaction by itself, with no round trip to begin or to commit one, and with
// nothing looked up before: that an item is there already shows when it is written.

// singles keeps items that each came alone. ok is false where they need the long
// way: a lane is new, or a server has put another one's transaction first.
func (q *Queue) singles(ctx context.Context, all []*gathered) (ok bool, err error) {
	news := make([]newItem, len(all))
	for i, g := range all {
		lane, known := q.s.lanes.known.Load(g.item.Lane)
		if !known {
			return false, nil
		}
		news[i] = newItem{Item: &g.item, lane: lane.(int64), at: g.now}
	}
	receipts := make([]queue.Receipt, len(all))
	if q.s.commits != nil {
		err = q.toFile(ctx, news, receipts)
	} else {
		err = q.toServer(ctx, news, receipts)
	}
	if errors.Is(err, errContended) {
		return false, nil
	}
	for i, g := range all {
		g.receipt = receipts[i]
	}
	return true, err
}

// toServer writes a few items by one statement, all of them or none. Of several
// that are refused for one that is there already, each is to be tried alone.
func (q *Queue) toServer(ctx context.Context, news []newItem, receipts []queue.Receipt) error {
	insert, err := q.s.inserts.of(ctx, q.s, len(news)) //nolint:sqlclosecheck // it ends with the store
	if err != nil {
		return fmt.Errorf("writing items: %w", redacted(err))
	}
	values := make([]any, 0, 9*len(news))
	for i := range news {
		values = news[i].singleValues(values)
	}
	_, err = insert.ExecContext(ctx, values...)
	switch {
	case len(news) == 1 && errors.Is(q.s.translated(err), gorm.ErrDuplicatedKey):
		receipts[0] = queue.Repeated
		return nil
	case err != nil:
		return fmt.Errorf("writing items: %w", redacted(err))
	}
	for i := range receipts {
		receipts[i] = queue.Added
	}
	return nil
}

// inserts are the statements that write so many items at once, which the engine
// reads once. They end with the store.
type inserts struct {
	mu sync.Mutex
	by [gatherAtOnce + 1]*sql.Stmt
}

// of gives the statement for so many rows.
func (i *inserts) of(ctx context.Context, s *Store, rows int) (*sql.Stmt, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.by[rows] == nil {
		stmt, err := s.db.Statement.ConnPool.PrepareContext(ctx, s.singlesInto(rows)) //nolint:sqlclosecheck // it ends with the store
		if err != nil {
			return nil, fmt.Errorf("preparing a statement: %w", err)
		}
		i.by[rows] = stmt
	}
	return i.by[rows], nil
}

// Close ends the statements.
func (i *inserts) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	var errs []error
	for n, stmt := range i.by {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
		i.by[n] = nil
	}
	return errors.Join(errs...)
}

// toFile writes a few items with a statement that SQLite has read once.
func (q *Queue) toFile(ctx context.Context, news []newItem, receipts []queue.Receipt) error {
	insert, err := q.s.inserts.of(ctx, q.s, 1)
	if err != nil {
		return redacted(err)
	}
	if len(news) == 1 {
		alone, err := q.s.commits.alone(func() (err error) {
			receipts[0], err = q.s.writeItem(ctx, insert, &news[0])
			return err
		})
		if alone {
			return err
		}
	}
	return q.s.Together(ctx, func(ctx context.Context) error {
		tx, ok := q.s.at(ctx).Statement.ConnPool.(*sql.Tx)
		if !ok {
			return errors.New("writing items: there is no transaction")
		}
		insert := tx.StmtContext(ctx, insert)
		for i := range news {
			if receipts[i], err = q.s.writeItem(ctx, insert, &news[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) writeItem(ctx context.Context, insert *sql.Stmt, n *newItem) (queue.Receipt, error) {
	_, err := insert.ExecContext(ctx, n.singleValues(make([]any, 0, 9))...)
	switch {
	case errors.Is(s.translated(err), gorm.ErrDuplicatedKey):
		return queue.Repeated, nil
	case err != nil:
		return "", fmt.Errorf("writing items: %w", redacted(err))
	}
	return queue.Added, nil
}

// translated gives an error of the driver the name GORM has for it.
func (s *Store) translated(err error) error {
	if t, ok := s.db.Dialector.(gorm.ErrorTranslator); ok && err != nil {
		return t.Translate(err)
	}
	return err
}

// pushAll is the long way of items that each came alone.
func (q *Queue) pushAll(ctx context.Context, all []*gathered) error {
	items := make([]queue.Item, len(all))
	for i, g := range all {
		items[i] = g.item
	}
	receipts, err := q.push(ctx, items, func(i int) time.Time { return all[i].now })
	for i, g := range all {
		g.receipt = receipts[i]
	}
	return err
}
