package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"
)

// commits lets those who write to a SQLite file at the same time share a
// commit. SQLite has one writer at a time, and what a durable transaction costs
// is waiting for the disk; so whoever comes while a transaction is open does his
// part in it, one after the other, and all wait for the one commit. Each part
// stands between savepoints: one that is refused leaves no trace and harms no
// other.
type commits struct {
	db *gorm.DB

	mu      sync.Mutex
	open    bool    // somebody leads a transaction
	waiting []*part // who came meanwhile, in order
}

// most bounds the parts of one commit, so that the first does not wait for ever.
const most = 64

// part is one caller's share in a transaction. Its work is done by the caller's
// own goroutine, so that what may happen there (a panic, a test that ends) is
// the caller's.
type part struct {
	run   func(ctx context.Context, tx *gorm.DB) error
	turn  chan turn  // the transaction is this part's now, or the lead
	done  chan error // from the caller: its part is written (nil) or the transaction is broken
	after chan error // what became of the commit
}

// turn hands the open transaction to a part; without one the part leads the
// next.
type turn struct{ tx *gorm.DB }

// join does one part. refused is what the part itself returned, err what the
// transaction did.
func (c *commits) join(ctx context.Context, run func(context.Context, *gorm.DB) error) (refused, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &part{run: run, turn: make(chan turn, 1), done: make(chan error, 1), after: make(chan error, 1)}
	c.mu.Lock()
	if !c.open {
		c.open = true
		c.mu.Unlock()
		return c.lead(ctx, p)
	}
	c.waiting = append(c.waiting, p)
	c.mu.Unlock()
	var t turn
	select {
	case t = <-p.turn:
	case <-ctx.Done():
		if c.leave(p) {
			return nil, ctx.Err()
		}
		t = <-p.turn
	}
	if t.tx == nil {
		return c.lead(ctx, p)
	}
	if refused, err = p.write(ctx, t.tx); refused != nil || err != nil {
		return refused, err
	}
	return nil, <-p.after
}

// alone does one statement that is a transaction by itself, where nobody else
// writes; false says that somebody does, and nothing was done.
func (c *commits) alone(statement func() error) (bool, error) {
	c.mu.Lock()
	if c.open {
		c.mu.Unlock()
		return false, nil
	}
	c.open = true
	c.mu.Unlock()
	defer c.pass()
	return true, statement()
}

// leave takes a part out that nobody has called yet.
func (c *commits) leave(p *part) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.waiting {
		if w == p {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// next takes the first part that waits.
func (c *commits) next() *part {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		return nil
	}
	p := c.waiting[0]
	c.waiting = c.waiting[1:]
	return p
}

// pass gives the lead to the first that waits.
func (c *commits) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.open = false
		return
	}
	p := c.waiting[0]
	c.waiting = c.waiting[1:]
	p.turn <- turn{}
}

// lead opens a transaction, does its own part and everybody's who waits, and
// commits.
func (c *commits) lead(ctx context.Context, own *part) (refused, err error) {
	defer c.pass()
	// The transaction belongs to all of them: it does not end with one's context.
	tx := c.db.WithContext(context.WithoutCancel(ctx)).Begin()
	if tx.Error != nil {
		return nil, tx.Error
	}
	var in []*part
	broken := errors.New("the transaction was broken off")
	ended := false
	defer func() { // also where the own part does not return
		if ended {
			return
		}
		tx.Rollback()
		for _, p := range in {
			p.after <- broken
		}
	}()
	// The first part needs no savepoint: what would be taken back is all there is.
	if refused = own.run(context.WithoutCancel(ctx), tx); refused != nil {
		return refused, nil
	}
	for n := 1; err == nil && n < most; n++ {
		p := c.next()
		if p == nil {
			break
		}
		p.turn <- turn{tx: tx}
		var wrote bool
		wrote, err = p.wrote()
		if wrote {
			in = append(in, p)
		}
	}
	if err != nil {
		broken = err
		return nil, err
	}
	ended = true
	if err = tx.Commit().Error; err != nil {
		tx.Rollback() // a commit that failed may leave the transaction open
	}
	for _, p := range in {
		p.after <- err
	}
	return nil, err
}

// errRefused is how a part that took everything back says so.
var errRefused = errors.New("refused")

// wrote waits for a part that has its turn. err is that of the transaction.
func (p *part) wrote() (wrote bool, err error) {
	switch err := <-p.done; {
	case err == nil:
		return true, nil
	case errors.Is(err, errRefused):
		return false, nil
	default:
		return false, err
	}
}

// write does a part between savepoints and says so to whoever leads.
func (p *part) write(ctx context.Context, tx *gorm.DB) (refused, err error) {
	told := errors.New("a part of the transaction did not return")
	defer func() { p.done <- told }()
	// A statement that is broken off takes the whole transaction with it.
	ctx = context.WithoutCancel(ctx)
	if err := tx.Exec("SAVEPOINT part").Error; err != nil {
		told = fmt.Errorf("beginning a part: %w", err)
		return nil, told
	}
	if refused = p.run(ctx, tx); refused != nil {
		if err := tx.Exec("ROLLBACK TO part").Error; err != nil {
			told = fmt.Errorf("taking a part back: %w", errors.Join(err, refused))
			return refused, told
		}
	}
	if err := tx.Exec("RELEASE part").Error; err != nil {
		told = fmt.Errorf("ending a part: %w", err)
		return refused, told
	}
	told = nil
	if refused != nil {
		told = errRefused
	}
	return refused, nil
}
