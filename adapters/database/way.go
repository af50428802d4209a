package database

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"net"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// The drivers a dealer's database can have.
const (
	MySQL  = "mysql" // MariaDB too
	SQLite = "sqlite"
)

// DefaultLimit is how long a statement may take where nobody says.
const DefaultLimit = 15 * time.Second

// How long a connection is kept. A server that hangs up earlier makes the
// second one shorter, see pinned.
const (
	longestIdle = 90 * time.Second
	longestLife = 5 * time.Minute
)

// Way is how a dealer's database is reached.
type Way struct {
	Driver string // MySQL or SQLite
	DSN    string // with MySQL: user:password@tcp(host:port)/database
	Path   string // with SQLite: the file

	Connections int           // at a time
	Limit       time.Duration // of one statement; 0: DefaultLimit
	// Writes says that statements may write. Without it sessions are read-only,
	// and so is the file, whatever the account may do.
	Writes bool
	// Session makes what the pool keeps of each new connection to a server; wire
	// is the network connection below it. nil: it is kept as it is.
	Session func(conn driver.Conn, wire net.Conn) (driver.Conn, error)
	Log     *slog.Logger // nil: none
}

// Open makes a pool without connecting: a database that is away is no mistake of
// the settings. What cannot be right about them is an error without a word of
// the DSN in it.
func (w Way) Open() (*Pool, error) {
	if w.Limit <= 0 {
		w.Limit = DefaultLimit
	}
	p := &Pool{Limit: w.Limit}
	var dialector gorm.Dialector
	var err error
	switch w.Driver {
	case MySQL:
		p.Server = plan.MySQL
		dialector, p.Prepares, err = w.openMySQL()
	case SQLite:
		p.Server, p.Prepares = plan.SQLite, true
		dialector, err = w.openSQLite()
	default:
		err = fmt.Errorf("the driver must be %q or %q", MySQL, SQLite)
	}
	if err != nil {
		return nil, err
	}
	p.db, err = gorm.Open(dialector, &gorm.Config{
		DisableAutomaticPing: true,
		// Its lines would hold statements; errors are returned instead.
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	p.Connections, err = p.db.DB()
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	p.Connections.SetMaxOpenConns(w.Connections)
	p.Connections.SetMaxIdleConns(w.Connections)
	p.Connections.SetConnMaxIdleTime(longestIdle)
	p.Connections.SetConnMaxLifetime(longestLife)
	return p, nil
}

// Pool is the connections to one dealer's database. It is safe for concurrent
// use.
type Pool struct {
	Server plan.Server
	Limit  time.Duration // of one statement
	// Prepares says that statements may be prepared; otherwise the DSN asks for
	// values inside the text, with interpolateParams.
	Prepares    bool
	Connections *sql.DB

	db *gorm.DB
}

// Close ends all connections.
func (p *Pool) Close() error { return p.Connections.Close() }
