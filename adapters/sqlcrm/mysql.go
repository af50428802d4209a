package sqlcrm

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
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
// leads to the server counts; how a session behaves is decided here.
func openMySQL(c *Config, log *slog.Logger) (gorm.Dialector, error) {
	cfg, err := mysqldriver.ParseDSN(c.DSN)
	if err != nil {
		// The driver's own words could repeat the password.
		return nil, errors.New("the DSN cannot be read; write user:password@tcp(host:port)/database")
	}
	if cfg.DBName == "" {
		return nil, errors.New("the DSN names no database; write user:password@tcp(host:port)/database")
	}
	cfg.ParseTime = false
	cfg.InterpolateParams = true // most statements run once; preparing each would double the ways to the server
	cfg.MultiStatements = false
	cfg.AllowAllFiles = false
	cfg.RejectReadOnly = false
	cfg.ColumnsWithAlias = false
	cfg.ClientFoundRows = true // an update that changes nothing still finds its row
	cfg.CheckConnLiveness = true
	cfg.Params = nil
	cfg.Timeout = connectTimeout
	cfg.ReadTimeout = c.statementTimeout() + connectTimeout
	cfg.WriteTimeout = c.statementTimeout() + connectTimeout
	cfg.Logger = quiet{log}
	if err := cfg.Apply(mysqldriver.Charset("utf8mb4", "utf8mb4_general_ci")); err != nil {
		return nil, errors.New("the DSN cannot be used with utf8mb4")
	}
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("the DSN cannot be used; check its tls and address")
	}
	connections := sql.OpenDB(&pinned{Connector: connector, limit: c.statementTimeout()})
	return mysql.New(mysql.Config{Conn: connections, SkipInitializeWithVersion: true}), nil
}

// pinned makes sessions that behave the same whatever the server's and the
// account's settings are.
type pinned struct {
	driver.Connector
	limit time.Duration
}

// Connect makes one session.
func (p *pinned) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.pin(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// settings are the same on MySQL and MariaDB: UTC, so that TIMESTAMP columns
// take instants; an SQL mode that refuses what does not fit instead of cutting
// it; no autocommit left off by the server.
const settings = "set session time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', " +
	"sql_select_limit = 18446744073709551615, sql_auto_is_null = 0, autocommit = 1, lc_time_names = 'en_US', "

func (p *pinned) pin(ctx context.Context, conn driver.Conn) error {
	version, err := versionOf(ctx, conn)
	if err != nil {
		return fmt.Errorf("asking the server for its version: %w", err)
	}
	seconds := strconv.FormatInt(max(1, int64(p.limit/time.Second)), 10)
	// The client ends a statement by hanging up, which the server may not
	// notice for long; so it is told the limit as well.
	limit := "set session max_execution_time = " + strconv.FormatInt(max(1, p.limit.Milliseconds()), 10)
	if strings.Contains(version, "MariaDB") {
		limit = "set session max_statement_time = " + strconv.FormatFloat(p.limit.Seconds(), 'f', 3, 64)
	}
	for _, statement := range []string{
		settings + "lock_wait_timeout = " + seconds + ", innodb_lock_wait_timeout = " + seconds,
		limit,
	} {
		if err := execute(ctx, conn, statement); err != nil {
			return fmt.Errorf("pinning the session: %w", err)
		}
	}
	return nil
}

func versionOf(ctx context.Context, conn driver.Conn) (version string, err error) {
	asker, ok := conn.(driver.QueryerContext)
	if !ok {
		return "", errDriver
	}
	rows, err := asker.QueryContext(ctx, "select @@version", nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return "", errDriver
	}
	switch v := row[0].(type) {
	case []byte:
		return string(v), nil
	case string:
		return v, nil
	}
	return "", errDriver
}

func execute(ctx context.Context, conn driver.Conn, statement string) error {
	executor, ok := conn.(driver.ExecerContext)
	if !ok {
		return errDriver
	}
	_, err := executor.ExecContext(ctx, statement, nil)
	return err
}

// quiet takes what the driver would print to standard error. Its words can name
// the account and the host, so only the fact is kept.
type quiet struct{ log *slog.Logger }

// Print implements the driver's logger.
func (q quiet) Print(...any) {
	if q.log != nil {
		q.log.Debug("the database driver reports a broken connection")
	}
}
