// Package store owns the gateway's own database: its connection, its
// migrations and all SQL on it. SQLite by default, in one file and one beside it
// for the key lists of sweeps; MySQL or MariaDB where several replicas run.
//
// It knows nothing of dealers' databases; the packages that need something
// kept declare the interface and this one implements it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options say where the state is kept; exactly one of Path and DSN is set.
type Options struct {
	Path string       // SQLite file; made, readable by its owner only, when absent; see SweepsPath
	DSN  string       // MySQL or MariaDB, as go-sql-driver writes it
	Log  *slog.Logger // gets no values
}

// Store is the open state. It is safe for concurrent use.
type Store struct {
	db     *gorm.DB
	path   string      // of the SQLite file; empty on a server
	beside []io.Closer // what else ends with the store

	commits *commits // on SQLite: who writes at the same time
	lanes   lanes    // of the queue, by name
	pushes  gathering
	clients once // the statement that reads one
	seen    clientsSeen
	inserts inserts // of the queue

	prepared statements // what is written for every lead
}

// Open connects and brings the schema up to date. Several processes may open
// the same state at once.
func Open(ctx context.Context, o Options) (*Store, error) {
	dialector, err := dialectorFor(o)
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(dialector, &gorm.Config{
		TranslateError:       true,
		DisableAutomaticPing: true,
		// GORM's log line would hold the statement; errors are returned and
		// logged by whoever asked.
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the gateway's state: %w", redacted(err))
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("opening the gateway's state: %w", err)
	}
	pool.SetMaxOpenConns(8)
	pool.SetMaxIdleConns(8)
	pool.SetConnMaxLifetime(5 * time.Minute)
	pool.SetConnMaxIdleTime(time.Minute) // each holds half a megabyte
	s := &Store{db: db, path: o.Path}
	s.pushes.most = gatherServer
	if o.Path != "" {
		s.commits = &commits{db: db}
		s.pushes.most = gatherFile
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the gateway's state: %w", redacted(err)), pool.Close())
	}
	return s, nil
}

// Close ends all connections.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range append(s.beside, &s.clients, &s.inserts, &s.prepared) {
		errs = append(errs, pool.Close())
	}
	pool, err := s.db.DB()
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, pool.Close())...)
}

// Check says whether the state can be read now.
func (s *Store) Check(ctx context.Context) error {
	var n int64
	if err := s.db.WithContext(ctx).Table("schema_migrations").Count(&n).Error; err != nil {
		return fmt.Errorf("reading the gateway's state: %w", redacted(err))
	}
	return nil
}

func dialectorFor(o Options) (gorm.Dialector, error) {
	switch {
	case o.Path != "" && o.DSN != "":
		return nil, errors.New("the gateway's state: give a path or a DSN, not both")
	case o.DSN != "":
		cfg, err := driver.ParseDSN(o.DSN)
		if err != nil {
			// The driver's own text can hold the password.
			return nil, errors.New("the gateway's state: the DSN cannot be read; write user:password@tcp(host:port)/database")
		}
		cfg.ParseTime, cfg.Loc, cfg.InterpolateParams = true, time.UTC, true
		cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = 5*time.Second, 15*time.Second, 15*time.Second
		if cfg.Params == nil {
			cfg.Params = map[string]string{}
		}
		cfg.Params["time_zone"] = "'+00:00'"
		cfg.Collation = "utf8mb4_general_ci"
		cfg.Logger = quiet{o.Log}
		connector, err := driver.NewConnector(cfg)
		if err != nil {
			return nil, errors.New("the gateway's state: the DSN cannot be used")
		}
		// A DSN written from cfg would leave the logger out.
		return mysql.New(mysql.Config{DSNConfig: cfg, Conn: sql.OpenDB(connector)}), nil
	case o.Path != "":
		if err := makePrivate(o.Path); err != nil {
			return nil, err
		}
		return sqliteDialector(sqliteDSN(o.Path, "busy_timeout(5000)", "synchronous(FULL)")), nil
	default:
		return nil, errors.New("the gateway's state: no path and no DSN given")
	}
}

// makePrivate makes the file before SQLite does, so that signing keys are never
// readable by others, not even for a moment.
func makePrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("making the state file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("making the state file: %w", err)
	}
	return nil
}

// sqliteDSN opens a file; pragmas say how long to wait for others and how sure
// a commit is.
func sqliteDSN(path string, pragmas ...string) string {
	q := url.Values{}
	for _, p := range append([]string{"journal_mode(WAL)", "foreign_keys(1)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	q.Set("_txlock", "immediate")
	q.Set("_time_format", "sqlite")
	q.Set("_timezone", "UTC")
	// The path of a file: address ends at ? and #, and % starts an escape.
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return "file:" + escaped + "?" + q.Encode()
}

// errAnswered marks a statement that a server refused: it did nothing.
var errAnswered = errors.New("the server answered")

// redacted drops what a driver's message may carry of the connection: user,
// host and address stay out of whatever logs or shows the error.
func redacted(err error) error {
	var my *driver.MySQLError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrNoRows):
		return err
	case errors.As(err, &my) && contended(my):
		return fmt.Errorf("%w (error %d)", errContended, my.Number)
	case errors.As(err, &my):
		return fmt.Errorf("%w error %d", errAnswered, my.Number)
	default:
		return err
	}
}

// quiet takes the driver's own log lines, which otherwise go to standard error.
type quiet struct{ log *slog.Logger }

func (q quiet) Print(...any) {
	if q.log != nil {
		q.log.Debug("the state's driver reported a connection problem")
	}
}
