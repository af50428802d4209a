package sqlcrm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
)

// The drivers a dealer's CRM can have.
const (
	MySQL  = database.MySQL // MariaDB too
	SQLite = database.SQLite
)

// DefaultConnections are used where Config says nothing.
const DefaultConnections = 4

// Config is one dealer's CRM database and the folder that maps it.
type Config struct {
	Driver string // MySQL or SQLite
	DSN    string // with MySQL: user:password@tcp(host:port)/database
	Path   string // with SQLite: the file

	Mapping     fs.FS  // the dealer's folder, with crm.yaml in it
	MappingName string // what the folder is called in faults; may be empty

	MaxConnections   int           // 0: DefaultConnections; at least 2 are used
	StatementTimeout time.Duration // of each statement; 0: database.DefaultLimit
}

var _ adapters.Config = (*Config)(nil)

// Open compiles the mapping and makes the pool. Faults of the mapping are an
// error that wraps adapters.ErrMapping and holds them as mapfile.Faults. A
// database that is away is no error: the adapter opens and Check says
// adapters.ErrUnavailable until it has answered once.
func (c *Config) Open(ctx context.Context, env adapters.Env) (adapters.Adapter, error) {
	crm, err := c.open(env)
	if err != nil {
		return nil, fmt.Errorf("opening the CRM of dealer %s: %w", env.Dealer, err)
	}
	if _, err := crm.bound(ctx, crm.version, database.Now); errors.Is(err, context.Canceled) {
		return nil, errors.Join(err, crm.Close())
	}
	return crm, nil
}

func (c *Config) open(env adapters.Env) (*CRM, error) {
	if err := env.Whole(); err != nil {
		return nil, err
	}
	if c.Mapping == nil {
		return nil, errors.New("the dealer has no mapping folder")
	}
	v, faults := c.compile(c.Mapping)
	if v == nil {
		return nil, database.MappingError(faults)
	}
	p, err := newPool(c, env.Log)
	if err != nil {
		return nil, err
	}
	crm := &CRM{config: *c, env: env, pool: p}
	crm.version = v
	return crm, nil
}

func (c *Config) maxConnections() int {
	if c.MaxConnections > 1 {
		return c.MaxConnections
	}
	return DefaultConnections
}
