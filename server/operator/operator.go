// Package operator owns the handlers of the gateway's own API for the people and
// programs that run it. They turn requests into questions to the parts that know
// and answers into the shapes of the specification.
//
// It knows no storage, no adapter implementation and no HTTP beyond the
// generated interface; which dealer is asked was checked before.
package operator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// Options are what the handlers ask. A nil part is not set up.
type Options struct {
	Leads    func(dealer string) Leads // nil answers: the dealer has no subscription
	Desk     Desk
	HasDesk  func(dealer string) bool // nil: every dealer has one
	Queue    Queue
	Machines adapters.AssociationReader
	Now      func() time.Time
	Log      *slog.Logger
}

// Handlers implement the generated interface.
type Handlers struct {
	o        Options
	machines *machines
}

var _ api.StrictServerInterface = (*Handlers)(nil)

// New makes the handlers.
func New(o Options) *Handlers {
	return &Handlers{o: o, machines: newMachines(o.Machines, o.Now)}
}

// callOf gives the dealer a request is about.
func callOf(ctx context.Context) (dealers.Call, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return dealers.Call{}, fmt.Errorf("answering an operator: %w", err)
	}
	return call, nil
}

// told turns what the services of others answer into what an operator is told.
func told(err error) error {
	switch {
	case errors.Is(err, adapters.ErrNotFound):
		return fmt.Errorf("%w: %w", problem.ErrUnknown, err)
	case errors.Is(err, adapters.ErrCredentials), errors.Is(err, adapters.ErrForbidden):
		return problem.Refused("Caterpillar's service does not accept this gateway's credentials; look at the configuration")
	case errors.Is(err, adapters.ErrService), errors.Is(err, adapters.ErrAddress), errors.Is(err, adapters.ErrAnswer),
		errors.Is(err, adapters.ErrBadRequest), errors.Is(err, adapters.ErrAnswerTooLarge):
		return fmt.Errorf("%w: %w", adapters.ErrUnavailable, err)
	}
	return err
}

// plain gives the request's own context: the generated code passes gin's, which
// is used again for other requests once this one is over.
func plain(ctx context.Context) context.Context {
	if c, ok := ctx.(*gin.Context); ok {
		return c.Request.Context()
	}
	return ctx
}
