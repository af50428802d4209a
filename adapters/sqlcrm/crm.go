package sqlcrm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// CRM is a dealer's open CRM. It is safe for concurrent use; leads are written
// one at a time.
type CRM struct {
	config  Config
	env     adapters.Env
	pool    *pool
	version *version
	listed  listed

	end    sync.Once
	closed error
}

var (
	_ adapters.Adapter         = (*CRM)(nil)
	_ adapters.LeadsWriter     = (*CRM)(nil)
	_ adapters.LeadStateReader = (*CRM)(nil)
	_ adapters.MessageReceiver = (*CRM)(nil)
	_ adapters.MessageSource   = (*CRM)(nil)
)

// Check implements adapters.Adapter: the database answers, and the mapping in
// force fits its tables.
func (c *CRM) Check(ctx context.Context) error {
	if _, err := c.bound(ctx, c.version, database.Now); err != nil {
		return err
	}
	return c.pool.Ping(ctx)
}

// CheckMapping compiles the mapping in force anew against the tables the
// database has now, looks at the codes the CRM holds, and tells everything that
// was found, warnings included. The error is of the database, never of the
// mapping.
func (c *CRM) CheckMapping(ctx context.Context) (mapfile.Faults, error) {
	v := c.version
	p, faults, err := c.bindTo(ctx, v)
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
	counters, err := c.counters(ctx, v, p)
	if err != nil {
		return nil, fmt.Errorf("looking at the counters of the CRM: %w", err)
	}
	return append(append(faults, codes...), counters...).Sorted(), nil
}

// counters finds counter tables without exactly one row for a key, by which no
// lead could be written.
func (c *CRM) counters(ctx context.Context, v *version, p *program) (mapfile.Faults, error) {
	if p == nil || p.writing == nil {
		return nil, nil
	}
	var faults mapfile.Faults
	for _, s := range p.writing.steps {
		for _, k := range s.keys {
			n := k.counter
			if n == nil {
				continue
			}
			rows, err := c.pool.anywhere().texts(ctx, strings.Join([]string{"select count(*), count(", database.Quoted(n.column.Name), ") from ", n.table.SQL(), n.where}, ""), n.args, 2)
			if err != nil {
				return nil, err
			}
			if count, numbers := *rows[0][0], *rows[0][1]; count != "1" || numbers != "1" {
				faults = append(faults, mapfile.Fault{
					File: v.file.Path, Pos: k.def.Counter.Pos, Path: "lead.rows." + s.name + ".key." + k.column.Name + ".counter",
					Message: fmt.Sprintf("table %s has %s rows for this counter and %s of them with a number; exactly one is needed, or no lead can be written; `where:` says which", n.table.Ref.Table, count, numbers),
				})
			}
		}
	}
	return faults, nil
}

// Close ends all connections. Further calls of it do nothing more.
func (c *CRM) Close() error {
	c.end.Do(func() {
		if err := c.pool.Close(); err != nil {
			c.closed = fmt.Errorf("closing the CRM of dealer %s: %w", c.env.Dealer, database.Translate(context.Background(), err))
		}
	})
	return c.closed
}

// PoolStats tells how the connections are used.
func (c *CRM) PoolStats() sql.DBStats { return c.pool.Connections.Stats() }

// begin gives the program in force.
func (c *CRM) begin(ctx context.Context) (*version, *program, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, database.Translate(ctx, err)
	}
	v := c.version
	p, err := c.bound(ctx, v, database.Calmly)
	return v, p, err
}

// doubt has the tables looked at again where a statement did not find one.
func (c *CRM) doubt(v *version, err error) {
	if database.Changed(err) {
		v.binding.Drop()
	}
}
