package database

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// rebindPause is how long calls are answered with the reason of the last
// failure before one of them asks the database again.
const rebindPause = time.Second

// Binding is what becomes of a mapping once it has seen the tables of a
// database. Its zero value is not usable: see NewBinding.
type Binding[T any] struct {
	made atomic.Pointer[T]

	turn   chan struct{} // held by whoever binds
	tried  time.Time     // when binding failed last
	failed error
}

// NewBinding makes a binding of a mapping that has seen no table yet.
func NewBinding[T any]() *Binding[T] { return &Binding[T]{turn: make(chan struct{}, 1)} }

// Made is what was made of the mapping; nil: nothing yet.
func (b *Binding[T]) Made() *T { return b.made.Load() }

// Drop has the next caller look at the tables again.
func (b *Binding[T]) Drop() { b.made.Store(nil) }

// When says when a binding is made.
type When int

// The occasions.
const (
	Calmly When = iota // if it is not there, with a pause behind each failure
	Now                // if it is not there
	Again              // even if it is there; a failure leaves it as it was
)

// Make gives what was made of the mapping, making it where that is due: one
// caller at a time, and the others wait for that one. An error of bind is kept
// for the pause, unless it is a cancellation, which says nothing about the
// database.
func (b *Binding[T]) Make(ctx context.Context, when When, now func() time.Time, bind func(context.Context) (*T, error)) (*T, error) {
	if made := b.made.Load(); made != nil && when != Again {
		return made, nil
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return nil, Translate(ctx, ctx.Err())
	}
	if made := b.made.Load(); made != nil && when != Again {
		return made, nil
	}
	if when == Calmly && b.failed != nil && now().Sub(b.tried) < rebindPause {
		return nil, b.failed
	}
	made, err := bind(ctx)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	b.tried, b.failed = now(), err
	if err != nil {
		return nil, err
	}
	b.made.Store(made)
	return made, nil
}

// DialectFits refuses SQL of a mapping that was written for another server; the
// fault stands at a place of a file. A plan may be nil.
func (p *Pool) DialectFits(compiled *plan.Plan, file string, pos mapfile.Pos) error {
	if compiled == nil || !compiled.HasSQL() || string(compiled.Dialect()) == string(p.Server) {
		return nil
	}
	return MappingError(mapfile.Faults{{
		File: file, Pos: pos, Path: "dialect",
		Message: fmt.Sprintf("the SQL in this file is written for %s and the database is %s; write that SQL for %s and say `dialect: %s`",
			compiled.Dialect(), p.Server, p.Server, p.Server),
	}})
}

// Judge has the server read every statement of a program before the first is
// run: SQL that was written in a mapping is only judged by the server itself.
// understands asks it; refused makes a fault of its words. The error is of a
// database that did not read.
func Judge(ctx context.Context, p *plan.Program, understands func(ctx context.Context, text string, args int) error, refused func(s plan.Prepared, why string) mapfile.Fault) (mapfile.Faults, error) {
	var faults mapfile.Faults
	for _, s := range p.Statements() {
		err := understands(ctx, s.Text, s.Args)
		if err == nil {
			continue
		}
		why, ok := Refusal(err)
		if !ok {
			return nil, fmt.Errorf("preparing the statements of the mapping: %w", err)
		}
		faults = append(faults, refused(s, why))
	}
	return faults, nil
}

// MappingError makes faults an error of an adapter; errors.As finds the faults
// in it.
func MappingError(faults mapfile.Faults) error {
	return fmt.Errorf("%w:\n%w", adapters.ErrMapping, faults)
}
