// Package bare owns the gateway's own statements run alone: no HTTP, no JSON, no
// values made of rows. What the database can give is the limit for everybody
// who asks it these questions.
//
// The statements are not written down here: they are those the gateway's adapter
// runs when it is asked the same thing in this process.
package bare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing/fstest"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/bench/yard"
)

// Statement is one statement with its values.
type Statement struct {
	Text string
	Args []any
}

// Call is the statements of one call of the adapter, in the order they began:
// the first finds the rows, the others hang on them and run at the same time.
type Call []Statement

// Recorder asks the gateway's adapter and writes down what that asks the
// database.
type Recorder struct {
	rms *sqlrms.RMS

	mu   sync.Mutex
	call Call
}

type nobody struct{}

func (nobody) Note(adapters.Note) {}

// Record opens the adapter on the yard's database.
func Record(ctx context.Context, dsn string) (*Recorder, error) {
	r := &Recorder{}
	c := &sqlrms.Config{
		Driver: sqlrms.MySQL, DSN: dsn, Mapping: fstest.MapFS{"rms.yaml": {Data: yard.Mapping}},
		Told: func(_, text string, args []any) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.call = append(r.call, Statement{Text: text, Args: args})
		},
	}
	open, err := c.Open(ctx, adapters.Env{Dealer: "yard", Now: time.Now, Log: slog.New(slog.DiscardHandler), Audit: nobody{}})
	if err != nil {
		return nil, fmt.Errorf("opening the adapter: %w", err)
	}
	rms, ok := open.(*sqlrms.RMS)
	if !ok {
		return nil, errors.Join(errors.New("the adapter is another one"), open.Close())
	}
	r.rms = rms
	return r, nil
}

// Close ends the adapter.
func (r *Recorder) Close() error { return r.rms.Close() }

func (r *Recorder) taken() Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	call := r.call
	r.call = nil
	return call
}

// Sweep is what a sweep asks the database: its key list, then each page. A list
// that ends within its first page is asked for with it.
type Sweep struct {
	Keys  Call
	Pages []Call
	Total int
}

// Contracts records a sweep over contracts.
func (r *Recorder) Contracts(ctx context.Context, customers []string, items int) (Sweep, error) {
	return record(ctx, r, customers, items, r.rms.ShortContracts, r.rms.ContractKeys, r.rms.Contracts)
}

// Jobsites records a sweep over jobsites.
func (r *Recorder) Jobsites(ctx context.Context, customers []string, items int) (Sweep, error) {
	return record(ctx, r, customers, items, r.rms.ShortJobsites, r.rms.JobsiteKeys, r.rms.Jobsites)
}

// Invoices records a sweep over invoices.
func (r *Recorder) Invoices(ctx context.Context, customers []string, items int) (Sweep, error) {
	return record(ctx, r, customers, items, r.rms.ShortInvoices, r.rms.InvoiceKeys, r.rms.Invoices)
}

func record[T any](ctx context.Context, r *Recorder, customers []string, items int,
	short func(context.Context, adapters.Query, int) (*adapters.ShortList[T], error),
	keysOf func(context.Context, adapters.Query) (adapters.Keys, error),
	rowsOf func(context.Context, adapters.Query, adapters.Keys) ([]T, []adapters.LeftOut, error),
) (Sweep, error) {
	q := adapters.Query{Customers: customers}
	list, err := short(ctx, q, items)
	if err != nil {
		return Sweep{}, fmt.Errorf("recording a list: %w", err)
	}
	if call := r.taken(); list != nil {
		return Sweep{Pages: []Call{call}, Total: len(list.Keys)}, nil
	}
	// It was tried in vain, which the gateway does not do again either.
	keys, err := keysOf(ctx, q)
	if err != nil {
		return Sweep{}, fmt.Errorf("recording keys: %w", err)
	}
	s := Sweep{Keys: r.taken(), Total: len(keys)}
	for start := 0; start < len(keys); start += items {
		rows, left, err := rowsOf(ctx, q, keys[start:min(start+items, len(keys))])
		if err != nil {
			return Sweep{}, fmt.Errorf("recording rows: %w", err)
		}
		if len(left) > 0 || len(rows) == 0 {
			return Sweep{}, fmt.Errorf("%d rows were left out and %d made: the yard and its mapping do not fit", len(left), len(rows))
		}
		s.Pages = append(s.Pages, r.taken())
	}
	return s, nil
}

// Runner runs recorded statements, prepared once each on a connection, as the
// gateway does.
type Runner struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// Open connects to the yard's database.
func Open(dsn string, connections int) (*Runner, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the DSN: %w", err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &Runner{db: db, prepared: map[string]*sql.Stmt{}}, nil
}

// Close ends the connections.
func (r *Runner) Close() error { return r.db.Close() }

// Run runs the statements of a call and reads all of their rows.
func (r *Runner) Run(ctx context.Context, c Call) error {
	if len(c) == 0 {
		return nil
	}
	if err := r.run(ctx, c[0]); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range c[1:] {
		g.Go(func() error { return r.run(ctx, s) })
	}
	return g.Wait()
}

func (r *Runner) run(ctx context.Context, s Statement) (err error) {
	stmt, err := r.statement(ctx, s.Text) //nolint:sqlclosecheck // kept; it ends with the connections
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, s.Args...)
	if err != nil {
		return fmt.Errorf("running a statement: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("running a statement: %w", err)
	}
	cells := make([]sql.RawBytes, len(names))
	into := make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("reading a row: %w", err)
		}
	}
	return rows.Err()
}

func (r *Runner) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.prepared[text]; s != nil {
		return s, nil
	}
	s, err := r.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // kept; it ends with the connections
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	r.prepared[text] = s
	return s, nil
}
