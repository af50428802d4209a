package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// gathering lets those who push at the same time share a statement: while as many
// as there may be are under way, whoever comes waits for the next, which takes all
// that wait. A single pusher waits for nobody.
type gathering struct {
	mu      sync.Mutex
	most    int // statements at once
	leads   int
	waiting []*gathered
}

// A file has one writer. On a server one statement can be read while another one
// waits for the disk; with more than two there is less to share.
const (
	gatherFile   = 1
	gatherServer = 2
)

// gathered is one item on its way.
type gathered struct {
	item    queue.Item
	now     time.Time
	receipt queue.Receipt
	lead    bool
	done    chan error // what became of it; or nil and lead, to take the others along
}

// gatherAtOnce and gatherBytes bound one statement.
const (
	gatherAtOnce = 64
	gatherBytes  = bytesOnce
)

// gatherable says whether an item can go with others: alone in its call, outside
// of any transaction, with nothing to look up.
func (q *Queue) gatherable(ctx context.Context, items []queue.Item) bool {
	return len(items) == 1 && items[0].MergeKey == "" && len(items[0].Body) <= inRow && ctx.Value(together{q.s}) == nil
}

// gather pushes one item, with those of others.
func (q *Queue) gather(ctx context.Context, item queue.Item, now time.Time) (queue.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	g := &q.s.pushes
	own := &gathered{item: item, now: now, done: make(chan error, 1)}
	g.mu.Lock()
	if g.leads >= g.most {
		g.waiting = append(g.waiting, own)
		g.mu.Unlock()
		select {
		case err := <-own.done:
			if !own.lead {
				return own.receipt, err
			}
		case <-ctx.Done():
			go func() { // it may have been given the lead, and others wait
				if err := <-own.done; err == nil && own.lead {
					q.s.pushes.pass()
				}
			}()
			return "", ctx.Err()
		}
	} else {
		g.leads++
		g.mu.Unlock()
	}
	defer g.pass()
	return q.lead(ctx, own)
}

// lead pushes its own item and those that wait.
func (q *Queue) lead(ctx context.Context, own *gathered) (queue.Receipt, error) {
	all := append([]*gathered{own}, q.s.pushes.take(len(own.item.Body))...)
	// What others are waiting for does not end with this one's context.
	ctx = context.WithoutCancel(ctx)
	err := q.together(ctx, all)
	if len(all) > 1 && (errors.Is(err, errAnswered) || err != nil && q.s.commits != nil) {
		// One must not pay for another. Where the server did not answer, nobody
		// knows what stands, and it will not answer each of them either.
		err = q.together(ctx, all[:1])
		for _, g := range all[1:] {
			g.done <- q.together(ctx, []*gathered{g})
		}
		return own.receipt, err
	}
	for _, g := range all[1:] {
		g.done <- err
	}
	return own.receipt, err
}

func (q *Queue) together(ctx context.Context, all []*gathered) error {
	if ok, err := q.singles(ctx, all); ok {
		return err
	}
	return q.pushAll(ctx, all)
}

// take gives those that wait, as many as fit beside so many bytes.
func (g *gathering) take(bytes int) []*gathered {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for n < len(g.waiting) && n < gatherAtOnce-1 && bytes+len(g.waiting[n].item.Body) <= gatherBytes {
		bytes += len(g.waiting[n].item.Body)
		n++
	}
	taken := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return taken
}

// pass gives the lead to the first that waits.
func (g *gathering) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.leads, g.waiting = g.leads-1, nil
		return
	}
	next := g.waiting[0]
	g.waiting = g.waiting[1:]
	next.lead = true
	next.done <- nil
}
