package store

import (
	"errors"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// pureSQLite is GORM's SQLite dialect over a driver that needs no C compiler.
// The stock dialect knows only the other driver's error type, so duplicate
// keys would not be recognised.
type pureSQLite struct{ *sqlite.Dialector }

func sqliteDialector(dsn string) gorm.Dialector {
	return pureSQLite{&sqlite.Dialector{DriverName: "sqlite", DSN: dsn}}
}

// Translate names the errors that callers tell apart.
func (d pureSQLite) Translate(err error) error {
	var e *modernc.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_ROWID:
		return errors.Join(gorm.ErrDuplicatedKey, err)
	default:
		return err
	}
}
