package sqlrms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// RMS is a dealer's open rental database. It has all capabilities; what a
// mapping says there is none of is answered empty. It is safe for concurrent
// use.
type RMS struct {
	config   Config
	env      adapters.Env
	pool     *pool
	upstream *upstream
	current  atomic.Pointer[version]
	long     long

	end    sync.Once
	closed error
}

var (
	_ adapters.Adapter        = (*RMS)(nil)
	_ adapters.ContractReader = (*RMS)(nil)
	_ adapters.JobsiteReader  = (*RMS)(nil)
	_ adapters.InvoiceReader  = (*RMS)(nil)
	_ adapters.LocationReader = (*RMS)(nil)
	_ adapters.CatalogReader  = (*RMS)(nil)
	_ adapters.CustomerReader = (*RMS)(nil)
	_ adapters.ChangeReader   = (*RMS)(nil)
	_ adapters.DocumentReader = (*RMS)(nil)
	_ adapters.SerialFinder   = (*RMS)(nil)
	_ adapters.ShortLists     = (*RMS)(nil)
)

// Check implements adapters.Adapter: the database answers, and the mapping in
// force fits its tables.
func (r *RMS) Check(ctx context.Context) error {
	v := r.current.Load()
	if v.doubt.Load() {
		if _, err := r.bound(ctx, v, database.Again); err != nil {
			return err
		}
	}
	if _, err := r.bound(ctx, v, database.Now); err != nil {
		return err
	}
	return r.pool.Ping(ctx)
}

// CheckMapping compiles the mapping in force anew against the tables the
// database has now, asks their rows what only they can tell (which may read
// whole tables), and tells everything that was found, warnings included. The
// error is of the database, never of the mapping.
func (r *RMS) CheckMapping(ctx context.Context) (mapfile.Faults, error) {
	v := r.current.Load()
	p, faults, err := r.bindTo(ctx, v)
	var found mapfile.Faults
	if errors.As(err, &found) {
		return found, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checking the mapping: %w", err)
	}
	seen, err := p.Look(ctx, plan.Asking{Querier: r.pool, Dealer: r.env.Dealer, Now: r.env.Now()})
	if err != nil {
		return nil, fmt.Errorf("checking the mapping: %w", database.Translate(ctx, err))
	}
	unsent, err := r.tried(ctx, v, p)
	if err != nil {
		return nil, fmt.Errorf("checking the mapping: %w", database.Translate(ctx, err))
	}
	return slices.Concat(faults, seen, unsent).Sorted(), nil
}

// Close ends all connections. Further calls of it do nothing more.
func (r *RMS) Close() error {
	r.end.Do(func() {
		r.upstream.close()
		if err := r.pool.close(); err != nil {
			r.closed = fmt.Errorf("closing the database of dealer %s: %w", r.env.Dealer, database.Translate(context.Background(), err))
		}
	})
	return r.closed
}

// PoolStats tells how the connections are used.
func (r *RMS) PoolStats() sql.DBStats { return r.pool.Connections.Stats() }

// usualShare may be left out of a sweep where the mapping says nothing.
const usualShare = 0.05

// LeaveOutAtMost is the share of a sweep's rows that may be left out of an
// endpoint's answers before they are refused as a whole.
func (r *RMS) LeaveOutAtMost(endpoint string) float64 {
	if p := r.current.Load().binding.Made(); p != nil {
		if share, ok := p.LeaveOutAtMost(endpoint); ok {
			return share
		}
	}
	return usualShare
}

// session is one call on a bound version.
type session struct {
	*plan.Program
	version *version
	asking  plan.Asking
	files   *files
	gate    *gate
	page    bool // it has a page's turn
}

// begin binds the mapping if need be and gathers what the plan wants to know.
// The caller ends the session.
func (r *RMS) begin(ctx context.Context, customers []string) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, database.Translate(ctx, err)
	}
	if err := r.pool.gate.admit(); err != nil {
		return nil, err
	}
	v := r.current.Load()
	p, err := r.bound(ctx, v, database.Calmly)
	if err != nil {
		r.pool.gate.dismiss()
		return nil, err
	}
	s := &session{Program: p, version: v, files: &files{root: r.config.DocumentsRoot}, gate: r.pool.gate}
	s.asking = plan.Asking{
		Querier: r.pool, Dealer: r.env.Dealer, Now: r.env.Now(), Customers: customers,
		FileExists: s.files.exists,
		Note: func(endpoint, field string, reason plan.Reason, row string) {
			r.env.Audit.Note(adapters.Note{Endpoint: endpoint, Field: field, Reason: adapters.Reason(reason), Row: row})
		},
	}
	if r.env.DocumentURL != nil {
		s.asking.DocumentURL = func(kind, id string) string {
			return r.env.DocumentURL(adapters.DocumentKind(kind), id)
		}
	}
	return s, nil
}

// beginPage is begin for a call that reads a list or a page of one: it waits for
// its turn. The turn ends when all was read; what is made of it then may have to
// look for files, which can take long where they lie elsewhere.
func (r *RMS) beginPage(ctx context.Context, customers []string) (*session, error) {
	s, err := r.begin(ctx, customers)
	if err != nil {
		return nil, err
	}
	if err := s.gate.open(ctx); err != nil {
		return nil, s.end("waiting for a turn", database.Translate(ctx, err))
	}
	s.page = true
	s.asking.Read = s.shut
	return s, nil
}

// shut ends a page's turn, once.
func (s *session) shut() {
	if s.page {
		s.page = false
		s.gate.shut()
	}
}

// end closes what the session opened and gives its error the form callers
// expect.
func (s *session) end(what string, err error) error {
	s.shut()
	s.gate.dismiss()
	err = errors.Join(err, s.files.close())
	if err == nil {
		return nil
	}
	if database.Changed(err) {
		s.version.doubt.Store(true)
	}
	for theirs, ours := range map[error]error{
		plan.ErrStaleKey: adapters.ErrStaleKeys, plan.ErrNoDocument: adapters.ErrNotFound,
	} {
		if errors.Is(err, theirs) {
			return fmt.Errorf("%s: %w", what, ours)
		}
	}
	if errors.Is(err, plan.ErrNotFindable) {
		return fmt.Errorf("%s: %w: %w", what, adapters.ErrMapping, err)
	}
	if errors.Is(err, plan.ErrNoRows) {
		return fmt.Errorf("%s: %w: %w", what, adapters.ErrUnavailable, err)
	}
	if errors.Is(err, plan.ErrBadRow) {
		return fmt.Errorf("%s: %w: %w", what, adapters.ErrBadRow, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
