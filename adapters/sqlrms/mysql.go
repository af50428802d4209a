package sqlrms

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
// leads to the server counts; how a session behaves is decided here. binary is
// false when the DSN asks for interpolateParams: then values travel inside the
// text of statements, which is for proxies that cannot prepare any.
func openMySQL(c *Config, log *slog.Logger) (dialector gorm.Dialector, binary bool, err error) {
	cfg, err := mysqldriver.ParseDSN(c.DSN)
	if err != nil {
		// The driver's own words could repeat the password.
		return nil, false, errors.New("the DSN cannot be read; write user:password@tcp(host:port)/database")
	}
	if cfg.DBName == "" {
		return nil, false, errors.New("the DSN names no database; write user:password@tcp(host:port)/database")
	}
	binary = !cfg.InterpolateParams
	cfg.ParseTime = false // zero and impossible dates have to arrive as they are
	cfg.InterpolateParams = true
	cfg.MultiStatements = false
	cfg.AllowAllFiles = false
	cfg.RejectReadOnly = false // the session itself is read-only
	cfg.ColumnsWithAlias = false
	cfg.ClientFoundRows = false
	cfg.CheckConnLiveness = true
	cfg.Params = nil
	cfg.Timeout = connectTimeout
	// These are nets below the context of each statement.
	cfg.ReadTimeout = c.statementTimeout() + connectTimeout
	cfg.WriteTimeout = c.statementTimeout() + connectTimeout
	cfg.Logger = quiet{log}
	cfg.DialFunc = dial
	if err := cfg.Apply(mysqldriver.Charset("utf8mb4", "utf8mb4_general_ci")); err != nil {
		return nil, false, errors.New("the DSN cannot be used with utf8mb4")
	}
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, false, errors.New("the DSN cannot be used; check its tls and address")
	}
	p := &pinned{Connector: connector, limit: c.statementTimeout()}
	connections := sql.OpenDB(p)
	p.shorten = connections.SetConnMaxLifetime
	return mysql.New(mysql.Config{Conn: connections, SkipInitializeWithVersion: true}), binary, nil
}

// pinned makes sessions that behave the same whatever the server's and the
// account's settings are, and that cannot write.
type pinned struct {
	driver.Connector
	limit   time.Duration
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
	s, err := newLink(conn, wire)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

// wireKey is where dial leaves the connection it made.
type wireKey struct{}

// dial makes the network connection of a session and hands it over as well.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if wire, ok := ctx.Value(wireKey{}).(*net.Conn); ok && err == nil {
		*wire = conn
	}
	return conn, err
}

// settings are the same on MySQL and MariaDB:
//   - UTC, so that TIMESTAMP columns arrive as the instants they are;
//   - an SQL mode without surprises in quotes, backslashes, || and CHAR
//     padding, in which dates like 2024-02-30 may be compared;
//   - no silent limit on rows or on what GROUP_CONCAT returns;
//   - English day and month names;
//   - no endless waiting for a table that is being altered.
const settings = "set session time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', " +
	"sql_select_limit = 18446744073709551615, sql_auto_is_null = 0, group_concat_max_len = 1048576, " +
	"lc_time_names = 'en_US', lock_wait_timeout = "

func (p *pinned) pin(ctx context.Context, conn driver.Conn) error {
	version, idle, err := introduce(ctx, conn)
	if err != nil {
		return fmt.Errorf("asking the server for its version: %w", err)
	}
	seconds := max(1, int64(p.limit/time.Second))
	// The client ends a statement by hanging up, which the server may not
	// notice for long; so it is told the limit as well.
	limit := "set session max_execution_time = " + strconv.FormatInt(max(1, p.limit.Milliseconds()), 10)
	if strings.Contains(version, "MariaDB") {
		limit = "set session max_statement_time = " + strconv.FormatFloat(p.limit.Seconds(), 'f', 3, 64)
	}
	for _, statement := range []string{
		settings + strconv.FormatInt(seconds, 10),
		limit,
		"set session transaction read only",
	} {
		if err := execute(ctx, conn, statement); err != nil {
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
		return "", 0, errDriver
	}
	rows, err := asker.QueryContext(ctx, "select @@version, cast(@@session.wait_timeout as char)", nil)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 2)
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			err = errDriver
		}
		return "", 0, err
	}
	seconds, err := strconv.ParseInt(textOf(row[1]), 10, 64)
	if err != nil {
		return "", 0, errDriver
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
		return errDriver
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
