package sqlcrm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// CRM is a dealer's open CRM. It is safe for concurrent use; leads are written
// one at a time.
type CRM struct {
	config  Config
	env     adapters.Env
	pool    *pool
	current atomic.Pointer[version]
	listed  listed

	end    sync.Once
	closed error
}

var (
	_ adapters.Adapter         = (*CRM)(nil)
	_ adapters.LeadWriter      = (*CRM)(nil)
	_ adapters.LeadStateReader = (*CRM)(nil)
	_ adapters.MessageReceiver = (*CRM)(nil)
	_ adapters.MessageSource   = (*CRM)(nil)
)

// Check implements adapters.Adapter: the database answers, and the mapping in
// force fits its tables.
func (c *CRM) Check(ctx context.Context) error {
	if _, err := c.bound(ctx, c.current.Load(), true); err != nil {
		return err
	}
	return c.pool.ping(ctx)
}

// CheckMapping compiles the mapping in force anew against the tables the
// database has now, looks at the codes the CRM holds, and tells everything that
// was found, warnings included. The error is of the database, never of the
// mapping.
func (c *CRM) CheckMapping(ctx context.Context) (mapfile.Faults, error) {
	v := c.current.Load()
	_, faults, err := c.bindTo(ctx, v)
	var found mapfile.Faults
	switch {
	case errors.As(err, &found):
		return found, nil
	case err != nil:
		return nil, fmt.Errorf("checking the mapping of the CRM: %w", err)
	}
	codes, err := c.codes(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("looking at the codes of the CRM: %w", err)
	}
	return append(faults, codes...).Sorted(), nil
}

// Reload takes up another version of the dealer's folder. It is in force from
// the next call on, unless there are faults or the database cannot be asked;
// then the one before stays in force.
func (c *CRM) Reload(ctx context.Context, folder fs.FS) (mapfile.Faults, error) {
	v, faults := c.config.compile(folder)
	if v == nil {
		return faults, mappingError(faults)
	}
	p, faults, err := c.bindTo(ctx, v)
	if err != nil {
		var found mapfile.Faults
		if errors.As(err, &found) {
			return found, err
		}
		return nil, fmt.Errorf("checking the changed mapping of the CRM: %w", err)
	}
	v.program.Store(p)
	c.current.Store(v)
	return faults, nil
}

// Close ends all connections. Further calls of it do nothing more.
func (c *CRM) Close() error {
	c.end.Do(func() {
		if err := c.pool.close(); err != nil {
			c.closed = fmt.Errorf("closing the CRM of dealer %s: %w", c.env.Dealer, translate(context.Background(), err))
		}
	})
	return c.closed
}

// PoolStats tells how the connections are used.
func (c *CRM) PoolStats() sql.DBStats {
	connections, err := c.pool.db.DB()
	if err != nil {
		return sql.DBStats{}
	}
	return connections.Stats()
}

// begin gives the program in force.
func (c *CRM) begin(ctx context.Context) (*version, *program, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, translate(ctx, err)
	}
	v := c.current.Load()
	p, err := c.bound(ctx, v, false)
	return v, p, err
}

// doubt has the tables looked at again where a statement did not find one.
func (c *CRM) doubt(v *version, err error) {
	var f *failure
	if errors.As(err, &f) && f.changed {
		v.program.Store(nil)
	}
}
