package adapters

import (
	"context"
	"sync"
)

// Loan is the memory one answer lies in, lent by whoever made it to whoever
// writes it. It is a context, so that it reaches the adapter; an adapter that
// knows nothing of it makes its answers in memory of their own.
//
// What is lent is good until the loan is returned. Keys, left-out rows, notes
// and errors are not part of it: they may be kept.
type Loan struct {
	context.Context

	mu       sync.Mutex
	lent     []Lent
	returned bool
}

// Lent is memory that can be used for another answer.
type Lent interface {
	// Release takes it back. Nobody looks at what lies in it any more.
	Release()
}

type loanKey struct{}

// Borrow is a context for calls whose answers are written, and done with, before
// the loan is returned.
func Borrow(ctx context.Context) *Loan { return &Loan{Context: ctx} }

// LoanOf is the loan a context is or comes from; nil where there is none.
func LoanOf(ctx context.Context) *Loan {
	l, _ := ctx.Value(loanKey{}).(*Loan)
	return l
}

// Value implements context.Context.
func (l *Loan) Value(key any) any {
	if key == (loanKey{}) {
		return l
	}
	return l.Context.Value(key)
}

// Lend adds memory to the loan. Nil takes none, and neither does one that was
// returned: the memory is the garbage collector's then.
func (l *Loan) Lend(memory Lent) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.returned {
		l.lent = append(l.lent, memory)
	}
}

// Return gives back everything that was lent, once: the answer was written. For
// an answer that is not, it is not called.
func (l *Loan) Return() {
	if l == nil {
		return
	}
	l.mu.Lock()
	lent := l.lent
	l.lent, l.returned = nil, true
	l.mu.Unlock()
	for _, memory := range lent {
		memory.Release()
	}
}
