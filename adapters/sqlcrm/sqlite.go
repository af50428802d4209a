package sqlcrm

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

// busyMost is how long the file is waited for while another program writes.
const busyMost = 5 * time.Second

func openSQLite(c *Config) (gorm.Dialector, error) {
	if c.Path == "" {
		return nil, errors.New("the database has no path")
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, fmt.Errorf("finding the database: %w", err)
	}
	q := url.Values{}
	q.Set("mode", "rw") // a file that is away is not made anew
	q.Set("_txlock", "immediate")
	q.Add("_pragma", "busy_timeout("+strconv.FormatInt(min(busyMost, c.statementTimeout()).Milliseconds(), 10)+")")
	q.Add("_pragma", "foreign_keys(1)")
	connections, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, errors.New("the path of the database cannot be used")
	}
	return awaySQLite{&sqlite.Dialector{DriverName: "sqlite", Conn: connections}}, nil
}

// awaySQLite is GORM's SQLite dialect over a driver of our choice. The stock one
// asks for the version when it is opened, and so could not be opened while the
// file is away.
type awaySQLite struct{ *sqlite.Dialector }

// Initialize implements gorm.Dialector.
func (d awaySQLite) Initialize(db *gorm.DB) error {
	db.ConnPool = d.Conn
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{})
	return nil
}
