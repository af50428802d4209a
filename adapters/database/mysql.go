package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// connectTimeout bounds the making of one connection, from the first packet to
// the pinned session.
const connectTimeout = 5 * time.Second

// openMySQL makes the pool of a MySQL or MariaDB server. Of the DSN only what
// leads to the server counts; how a session behaves is decided here. prepares is
// false when the DSN asks for interpolateParams: then values travel inside the
// text of statements, which is for proxies that cannot prepare any.
func (w Way) openMySQL() (dialector gorm.Dialector, prepares bool, err error) {
	cfg, err := mysqldriver.ParseDSN(w.DSN)
	if err != nil {
		// The driver's own words could repeat the password.
		return nil, false, errors.New("the DSN cannot be read; write user:password@tcp(host:port)/database")
	}
	if cfg.DBName == "" {
		return nil, false, errors.New("the DSN names no database; write user:password@tcp(host:port)/database")
	}
	prepares = !cfg.InterpolateParams
	cfg.ParseTime = false        // zero and impossible dates have to arrive as they are
	cfg.InterpolateParams = true // of what is not prepared: preparing it each time would double the ways to the server
	cfg.MultiStatements = false
	cfg.AllowAllFiles = false
	cfg.RejectReadOnly = false
	cfg.ColumnsWithAlias = false
	cfg.ClientFoundRows = w.Writes // an update that changes nothing still finds its row
	cfg.CheckConnLiveness = true
	cfg.Params = nil
	cfg.Timeout = connectTimeout
	// These are nets below the context of each statement.
	cfg.ReadTimeout = w.Limit + connectTimeout
	cfg.WriteTimeout = w.Limit + connectTimeout
	cfg.Logger = quiet{w.Log}
	cfg.DialFunc = dial
	if err := cfg.Apply(mysqldriver.Charset("utf8mb4", "utf8mb4_general_ci")); err != nil {
		return nil, false, errors.New("the DSN cannot be used with utf8mb4")
	}
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, false, errors.New("the DSN cannot be used; check its tls and address")
	}
	p := &pinned{Connector: connector, way: w}
	connections := sql.OpenDB(p)
	p.shorten = connections.SetConnMaxLifetime
	return mysql.New(mysql.Config{Conn: connections, SkipInitializeWithVersion: true}), prepares, nil
}

// pinned makes sessions that behave the same whatever the server's and the
// account's settings are.
type pinned struct {
	driver.Connector
	way     Way
	shorten func(time.Duration)
}

// Connect makes one session.
func (p *pinned) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var wire net.Conn
	conn, err := p.Connector.Connect(context.WithValue(ctx, wireKey{}, &wire))
	if err != nil {
		return nil, err
	}
	if err := p.pin(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if p.way.Session == nil {
		return conn, nil
	}
	session, err := p.way.Session(conn, wire)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return session, nil
}

// settings are the same on MySQL and MariaDB, and for whoever only reads:
//   - UTC, so that TIMESTAMP columns travel as the instants they are;
//   - an SQL mode without surprises in quotes, backslashes, || and CHAR
//     padding, in which dates like 2024-02-30 may be compared, and which refuses
//     what does not fit instead of cutting it where something is written;
//   - no silent limit on rows or on what GROUP_CONCAT returns;
//   - no autocommit that the server leaves off;
//   - English day and month names;
//   - no endless waiting for a table that is being altered, or for a row.
func (w Way) settings() string {
	seconds := strconv.FormatInt(max(1, int64(w.Limit/time.Second)), 10)
	strict, rows := "", ""
	if w.Writes {
		strict, rows = "STRICT_ALL_TABLES,", ", innodb_lock_wait_timeout = "+seconds
	}
	return "set session time_zone = '+00:00', sql_mode = '" + strict + "ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', " +
		"sql_select_limit = 18446744073709551615, sql_auto_is_null = 0, group_concat_max_len = 1048576, autocommit = 1, " +
		"lc_time_names = 'en_US', lock_wait_timeout = " + seconds + rows
}

// planning keeps a server from looking into an index twice for each key of a
// page, only to learn what the plan of such a statement costs: its own figures
// of the index do for that. They would not for customers, of whom few are asked
// for at a time and some have more rows than all others together. Old servers
// do not know the setting, and look.
const planning = "set session eq_range_index_dive_limit = 10"

func unknownSetting(err error) bool {
	var e *mysqldriver.MySQLError
	return errors.As(err, &e) && e.Number == 1193
}

func (p *pinned) pin(ctx context.Context, conn driver.Conn) error {
	version, idle, err := introduce(ctx, conn)
	if err != nil {
		return fmt.Errorf("asking the server for its version: %w", err)
	}
	// The client ends a statement by hanging up, which the server may not
	// notice for long; so it is told the limit as well.
	limit := "set session max_execution_time = " + strconv.FormatInt(max(1, p.way.Limit.Milliseconds()), 10)
	if strings.Contains(version, "MariaDB") {
		limit = "set session max_statement_time = " + strconv.FormatFloat(p.way.Limit.Seconds(), 'f', 3, 64)
	}
	statements := []string{p.way.settings(), limit}
	if !p.way.Writes {
		statements = append(statements, "set session transaction read only")
	}
	for _, statement := range statements {
		if err := execute(ctx, conn, statement); err != nil {
			return fmt.Errorf("pinning the session: %w", err)
		}
	}
	if !p.way.Writes {
		if err := execute(ctx, conn, planning); err != nil && !unknownSetting(err) {
			return fmt.Errorf("pinning the session: %w", err)
		}
	}
	// A connection must not live until the server hangs up on it.
	if idle > 0 {
		p.shorten(min(longestLife, idle*3/4))
	}
	return nil
}

// introduce asks who the server is and after how long it hangs up.
func introduce(ctx context.Context, conn driver.Conn) (version string, idle time.Duration, err error) {
	asker, ok := conn.(driver.QueryerContext)
	if !ok {
		return "", 0, ErrDriver
	}
	rows, err := asker.QueryContext(ctx, "select @@version, cast(@@session.wait_timeout as char)", nil)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 2)
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			err = ErrDriver
		}
		return "", 0, err
	}
	seconds, err := strconv.ParseInt(textOf(row[1]), 10, 64)
	if err != nil {
		return "", 0, ErrDriver
	}
	return textOf(row[0]), time.Duration(seconds) * time.Second, nil
}

func textOf(v driver.Value) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case string:
		return v
	}
	return ""
}

func execute(ctx context.Context, conn driver.Conn, statement string) error {
	executor, ok := conn.(driver.ExecerContext)
	if !ok {
		return ErrDriver
	}
	_, err := executor.ExecContext(ctx, statement, nil)
	return err
}

// quiet takes what the driver would print to standard error. Its words can
// name the account and the host, so only the fact is kept; the error itself
// comes back to whoever ran the statement.
type quiet struct{ log *slog.Logger }

// Print implements the driver's logger.
func (q quiet) Print(...any) {
	if q.log != nil {
		q.log.Debug("the database driver reports a broken connection")
	}
}
