package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// The states readiness tells of a dealer.
const (
	stateReady       = "ready"
	stateUnavailable = "unavailable"
	stateMapping     = "mapping-faulty"
)

// Checks of dealers' systems are bounded in time, and their outcome holds for a
// moment, so that asking often costs a dealer's database nothing.
const (
	checkTimeout = 3 * time.Second
	checkHolds   = 2 * time.Second
)

// readinessAnswer is the body of /readyz.
type readinessAnswer struct {
	Status  string        `json:"status"` // ready, partly-ready, not-ready
	Gateway string        `json:"gateway"`
	Dealers []dealerState `json:"dealers"`
}

type dealerState struct {
	Dealer string `json:"dealer"`
	State  string `json:"state"`
	// Changes says how changes of each kind are learnt of: stamp, snapshot,
	// snapshot-warming while the first comparison is under way, none.
	Changes map[adapters.ChangeKind]adapters.Grade `json:"changes,omitempty"`
}

// readiness keeps the last answer for a moment.
type readiness struct {
	mu   sync.Mutex
	at   time.Time
	last readinessAnswer
}

// livez says that the process serves; it asks nobody.
func (s *server) livez(c *gin.Context) {
	s.writeHealth(c, http.StatusOK, map[string]string{"status": "alive"})
}

// readyz says which dealers can be served: 200 while at least one can, 503 when
// none can or the gateway itself cannot. Reasons are classes, never details.
func (s *server) readyz(c *gin.Context) {
	a := s.readinessNow(c.Request.Context())
	status := http.StatusOK
	if a.Status == "not-ready" {
		status = http.StatusServiceUnavailable
	}
	s.writeHealth(c, status, a)
}

func (s *server) readinessNow(ctx context.Context) readinessAnswer {
	// A caller who leaves must not spoil the outcome for the next one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	gateway := stateReady
	if err := s.o.Ready(ctx); err != nil {
		s.o.Log.WarnContext(ctx, "the gateway is not ready", "err", err)
		gateway = stateUnavailable
	}
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if now := s.o.Now(); s.ready.at.IsZero() || now.Sub(s.ready.at) >= checkHolds || now.Before(s.ready.at) {
		s.ready.last = readinessAnswer{Dealers: s.checkDealers(ctx)}
		s.ready.at = now
	}
	a := s.ready.last
	a.Gateway = gateway
	able := 0
	for _, d := range a.Dealers {
		if d.State == stateReady {
			able++
		}
	}
	switch {
	case gateway != stateReady || able == 0:
		a.Status = "not-ready"
	case able < len(a.Dealers):
		a.Status = "partly-ready"
	default:
		a.Status = "ready"
	}
	return a
}

// checkDealers asks all dealers' systems at once.
func (s *server) checkDealers(ctx context.Context) []dealerState {
	all := s.o.Dealers.All()
	states := make([]dealerState, len(all))
	var wg sync.WaitGroup
	for i, d := range all {
		wg.Go(func() { states[i] = s.check(ctx, d) })
	}
	wg.Wait()
	return states
}

func (s *server) check(ctx context.Context, d *dealers.Dealer) (state dealerState) {
	state = dealerState{Dealer: d.Code, State: stateUnavailable}
	defer func() {
		if p := recover(); p != nil {
			s.o.Log.ErrorContext(ctx, "checking a dealer panicked", "dealer", d.Code, "err", fmt.Errorf("panic of type %T", p))
			state.State = stateUnavailable
		}
	}()
	leave, ok := d.Enter()
	if !ok {
		return state
	}
	defer leave()
	state.Changes = s.grades(ctx, d)
	err := d.Check(ctx)
	switch {
	case err == nil:
		state.State = stateReady
		return state
	case errors.Is(err, adapters.ErrMapping):
		state.State = stateMapping
	}
	s.o.Log.WarnContext(ctx, "a dealer is not ready", "dealer", d.Code, "state", state.State, "err", err)
	return state
}

// grader is implemented by readers of changes that know how changes of each
// kind are learnt of.
type grader interface {
	Grades(ctx context.Context) (map[adapters.ChangeKind]adapters.Grade, error)
}

// grades gives how the dealer's changes are learnt of; nil where that cannot be
// said now. It does not decide about readiness.
func (s *server) grades(ctx context.Context, d *dealers.Dealer) map[adapters.ChangeKind]adapters.Grade {
	g, ok := d.Changes.(grader)
	if !ok {
		return nil
	}
	grades, err := g.Grades(ctx)
	if err != nil {
		s.o.Log.WarnContext(ctx, "how changes are found cannot be said", "dealer", d.Code, "err", err)
		return nil
	}
	return grades
}

func (s *server) writeHealth(c *gin.Context, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		s.fail(c, fmt.Errorf("encoding health: %w", err))
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", fmt.Sprint(len(raw)+1))
	c.Writer.WriteHeader(status)
	c.Writer.WriteHeaderNow()
	if c.Request.Method == http.MethodHead {
		return
	}
	if _, err := c.Writer.Write(append(raw, '\n')); err != nil {
		s.o.Log.DebugContext(c.Request.Context(), "the caller went away", "requestId", problem.RequestID(c.Request.Context()))
	}
}
