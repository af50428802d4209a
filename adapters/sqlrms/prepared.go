package sqlrms

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"sync"
)

// prepared keeps the statements used last prepared. GORM's own store is not
// used: one caller that gives up while a statement is being prepared would
// fail all who wait for the same one, and its housekeeping never ends.
type prepared struct {
	conn preparer
	most int

	mu     sync.Mutex
	byText map[string]*list.Element
	used   *list.List // the one used last in front
	closed bool
}

// preparer is what statements are prepared on.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// statement is one prepared statement and how many are using it.
type statement struct {
	text  string
	stmt  *sql.Stmt
	users int
	out   bool // no longer kept: closed by its last user
}

func newPrepared(conn preparer, most int) *prepared {
	return &prepared{conn: conn, most: most, byText: map[string]*list.Element{}, used: list.New()}
}

// take gives a prepared statement; the caller gives it back with release.
// Callers that need the same one at the same time for the first time all
// prepare it, so that nobody depends on another's patience.
func (p *prepared) take(ctx context.Context, text string) (*statement, error) {
	if s := p.kept(text); s != nil {
		return s, nil
	}
	stmt, err := p.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	fresh := &statement{text: text, stmt: stmt, users: 1}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.byText[text] != nil {
		fresh.out = true
		return fresh, nil
	}
	p.byText[text] = p.used.PushFront(fresh)
	var dropped error
	for p.used.Len() > p.most {
		last := p.used.Back()
		s, ok := p.used.Remove(last).(*statement)
		if !ok {
			continue
		}
		delete(p.byText, s.text)
		s.out = true
		if s.users == 0 {
			dropped = errors.Join(dropped, s.stmt.Close())
		}
	}
	if dropped != nil {
		// The connection it stood on is broken; whoever uses that one is told.
		fresh.users--
		return nil, dropped
	}
	return fresh, nil
}

func (p *prepared) kept(text string) *statement {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.byText[text]
	if e == nil {
		return nil
	}
	p.used.MoveToFront(e)
	s, ok := e.Value.(*statement)
	if !ok {
		return nil
	}
	s.users++
	return s
}

func (p *prepared) release(s *statement) error {
	p.mu.Lock()
	s.users--
	end := s.out && s.users == 0
	p.mu.Unlock()
	if end {
		return s.stmt.Close()
	}
	return nil
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var err error
	for e := p.used.Front(); e != nil; e = e.Next() {
		if s, ok := e.Value.(*statement); ok {
			s.out = true
			if s.users == 0 {
				err = errors.Join(err, s.stmt.Close())
			}
		}
	}
	p.used.Init()
	clear(p.byText)
	return err
}
