package sqlrms

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	_ "modernc.org/sqlite" // the driver "sqlite", which needs no C compiler
)

// busyMost is how long a reader waits for a file that another process holds.
const busyMost = 5 * time.Second

func openSQLite(c *Config) (gorm.Dialector, error) {
	dsn, err := sqliteDSN(c)
	if err != nil {
		return nil, err
	}
	connections, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.New("the path of the database cannot be used")
	}
	return readOnlySQLite{&sqlite.Dialector{DriverName: "sqlite", Conn: connections}}, nil
}

// sqliteDSN opens the file read-only twice over: the file itself, and every
// statement. The file may belong to a program that is writing to it.
func sqliteDSN(c *Config) (string, error) {
	if c.Path == "" {
		return "", errors.New("the database has no path")
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return "", fmt.Errorf("finding the database: %w", err)
	}
	q := url.Values{}
	q.Set("mode", "ro")
	q.Add("_pragma", "query_only(1)")
	q.Add("_pragma", "busy_timeout("+strconv.FormatInt(min(busyMost, c.statementTimeout()).Milliseconds(), 10)+")")
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode(), nil
}

// readOnlySQLite is GORM's SQLite dialect over a driver of our choice. The
// stock one asks for the version when it is opened, and so could not be opened
// while the file is away.
type readOnlySQLite struct{ *sqlite.Dialector }

// Initialize implements gorm.Dialector.
func (d readOnlySQLite) Initialize(db *gorm.DB) error {
	db.ConnPool = d.Conn
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{})
	return nil
}
