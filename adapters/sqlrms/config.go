package sqlrms

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
)

// The drivers a dealer's database can have.
const (
	MySQL  = database.MySQL // MariaDB too
	SQLite = database.SQLite
)

// What is assumed where Config says nothing.
const (
	DefaultConnections = 8
	DefaultWaiting     = 64
)

// Config is one dealer's rental database and the folder that maps it.
type Config struct {
	Driver string // MySQL or SQLite
	DSN    string // with MySQL: user:password@tcp(host:port)/database
	Path   string // with SQLite: the file; it is opened for reading only

	Mapping     fs.FS  // the dealer's folder, with rms.yaml in it
	MappingName string // what the folder is called in faults; may be empty

	DocumentsRoot string    // folder below which documents lie; empty: none
	Upstream      *Upstream // for documents behind an address; nil: no credentials

	MaxConnections   int           // and so statements at a time; 0: DefaultConnections
	MaxWaiting       int           // calls that may wait beyond those before further ones are refused; 0: DefaultWaiting
	StatementTimeout time.Duration // of each statement; 0: database.DefaultLimit

	// Told is told of each statement of the plan before it runs; nil: nobody. It
	// is for tools that measure: the values are private and belong in no log.
	Told func(name, text string, args []any)

	now func() time.Time // nil: the machine's clock
}

// Upstream are the credentials that are shown to the server of a dealer's
// documents, and to no other.
type Upstream struct {
	User     string // Basic, when not empty
	Password string
	Header   map[string]string // further headers, such as Authorization
}

var _ adapters.Config = (*Config)(nil)

// Open compiles the mapping and makes the pool. Faults of the mapping are an
// error that wraps adapters.ErrMapping and holds them as mapfile.Faults; a
// setting that cannot be right is an error as well. A database that is away is
// neither: the adapter opens and Check says adapters.ErrUnavailable until it
// has answered once. What is wrong only in the light of the database's tables
// comes from Check and from every call, as adapters.ErrMapping.
func (c *Config) Open(ctx context.Context, env adapters.Env) (adapters.Adapter, error) {
	r, err := c.open(env)
	if err != nil {
		return nil, fmt.Errorf("opening the database of dealer %s: %w", env.Dealer, err)
	}
	// The first answers should find a bound mapping. That it cannot be bound
	// now is for Check to say.
	if _, err := r.bound(ctx, r.current.Load(), database.Now); errors.Is(err, context.Canceled) {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (c *Config) open(env adapters.Env) (*RMS, error) {
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
	if err := c.suits(v); err != nil {
		return nil, err
	}
	timed := *c
	timed.now = env.Now
	p, err := newPool(&timed, env.Log)
	if err != nil {
		return nil, err
	}
	r := &RMS{config: *c, env: env, pool: p, upstream: newUpstream(c)}
	r.current.Store(v)
	return r, nil
}

// suits finds what a mapping needs and the settings do not give.
func (c *Config) suits(v *version) error {
	if kind := v.filesOf(); kind != "" && c.DocumentsRoot == "" {
		return fmt.Errorf("the mapping takes documents of the kind %q out of a directory, and no documents folder is configured", kind)
	}
	return nil
}

func (c *Config) maxConnections() int {
	if c.MaxConnections > 0 {
		return c.MaxConnections
	}
	return DefaultConnections
}

func (c *Config) maxWaiting() int {
	if c.MaxWaiting > 0 {
		return c.MaxWaiting
	}
	return DefaultWaiting
}

func (c *Config) clock() func() time.Time {
	if c.now != nil {
		return c.now
	}
	return time.Now
}
