package dealers

import (
	"context"
	"errors"
	"fmt"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Call is one checked request: who asks, and which dealer is asked.
type Call struct {
	Client string
	Dealer *Dealer
	// Undo collects what has to be taken back when the answer does not get
	// through to the caller.
	Undo *Undo
}

// Undo is a list of functions to run when an answer did not get through. One
// request uses it, from one goroutine.
type Undo struct{ steps []func() }

// Add appends a step.
func (u *Undo) Add(step func()) {
	if u != nil && step != nil {
		u.steps = append(u.steps, step)
	}
}

// Run runs the steps, the last one first, and forgets them.
func (u *Undo) Run() {
	for i := len(u.steps) - 1; i >= 0; i-- {
		u.steps[i]()
	}
	u.steps = nil
}

type callKey struct{}

// calling is a context with a call. Every request has one, so it is made in one
// piece.
type calling struct {
	context.Context
	call Call
}

// Value implements context.Context.
func (c *calling) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithCall returns a context that carries a call.
func WithCall(ctx context.Context, c Call) context.Context { return &calling{ctx, c} }

// CallFrom returns the call of a context. A context without one is a mistake of
// the wiring, answered as an internal error.
func CallFrom(ctx context.Context) (Call, error) {
	c, ok := ctx.Value(callKey{}).(*calling)
	if !ok || c.call.Dealer == nil {
		return Call{}, errors.New("the request was routed without choosing a dealer")
	}
	return c.call, nil
}

// Need returns a capability of the call's dealer, or an error that wraps
// adapters.ErrMapping when the dealer's system was not given it: an endpoint
// nobody mapped must not look like an empty one (R109).
func Need[C any](c Call, capability C, what string) (C, error) {
	if c.Dealer.Fault != nil {
		return capability, c.Dealer.Fault
	}
	if any(capability) == nil {
		return capability, fmt.Errorf("dealer %s serves no %s: %w", c.Dealer.Code, what, adapters.ErrMapping)
	}
	return capability, nil
}

// classify makes sure that a dealer's fault is of a kind callers know.
func classify(err error) error {
	if errors.Is(err, adapters.ErrMapping) || errors.Is(err, adapters.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", adapters.ErrUnavailable, err)
}
