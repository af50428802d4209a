package database

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

// busyMost is how long a file is waited for while another program holds it.
const busyMost = 5 * time.Second

func (w Way) openSQLite() (gorm.Dialector, error) {
	dsn, err := w.sqliteDSN()
	if err != nil {
		return nil, err
	}
	connections, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.New("the path of the database cannot be used")
	}
	return awaySQLite{&sqlite.Dialector{DriverName: "sqlite", Conn: connections}}, nil
}

// sqliteDSN opens a file that is only read so twice over: the file itself, and
// every statement. It may belong to a program that is writing to it.
func (w Way) sqliteDSN() (string, error) {
	if w.Path == "" {
		return "", errors.New("the database has no path")
	}
	path, err := filepath.Abs(w.Path)
	if err != nil {
		return "", fmt.Errorf("finding the database: %w", err)
	}
	q := url.Values{}
	q.Add("_pragma", "busy_timeout("+strconv.FormatInt(min(busyMost, w.Limit).Milliseconds(), 10)+")")
	if w.Writes {
		q.Set("mode", "rw") // a file that is away is not made anew
		q.Set("_txlock", "immediate")
		q.Add("_pragma", "foreign_keys(1)")
	} else {
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode(), nil
}

// awaySQLite is GORM's SQLite dialect over a driver of our choice. The stock
// one asks for the version when it is opened, and so could not be opened while
// the file is away.
type awaySQLite struct{ *sqlite.Dialector }

// Initialize implements gorm.Dialector.
func (d awaySQLite) Initialize(db *gorm.DB) error {
	db.ConnPool = d.Conn
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{})
	return nil
}
