package database

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// open opens a way and closes it with the test.
func open(t *testing.T, w Way) *Pool {
	t.Helper()
	w.Connections = 2
	p, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestOpen(t *testing.T) {
	t.Run("SettingsThatCannotBeRightAreNamedWithoutTheirValues", func(t *testing.T) {
		for want, w := range map[string]Way{
			"the driver must be":          {Driver: "oracle"},
			"the DSN cannot be read":      {Driver: MySQL, DSN: "clerk:hunter2@tcp(10.1.2.3:3306"},
			"the DSN names no database":   {Driver: MySQL, DSN: "clerk:hunter2@tcp(10.1.2.3:3306)/"},
			"check its tls and address":   {Driver: MySQL, DSN: "clerk:hunter2@tcp(10.1.2.3:3306)/yard?tls=hunter2"},
			"the database has no path":    {Driver: SQLite},
			`must be "mysql" or "sqlite"`: {},
		} {
			_, err := w.Open()
			switch {
			case err == nil:
				t.Errorf("got no error, want %q", want)
			case !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "the DSN cannot be read"):
				t.Errorf("got %q, want %q", err, want)
			case strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "10.1.2.3"):
				t.Errorf("%q tells what is nobody's business", err)
			}
		}
	})

	t.Run("ADatabaseThatIsAwayIsNoMistake", func(t *testing.T) {
		for _, w := range []Way{
			{Driver: MySQL, DSN: "clerk:hunter2@tcp(127.0.0.1:1)/yard"},
			{Driver: SQLite, Path: filepath.Join(t.TempDir(), "yard.db")},
			{Driver: SQLite, Path: filepath.Join(t.TempDir(), "yard.db"), Writes: true},
		} {
			if err := open(t, w).Ping(t.Context()); !errors.Is(err, adapters.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", w.Driver, err)
			}
		}
	})

	t.Run("AFileThatIsAwayIsNotMade", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "yard.db")
		p := open(t, Way{Driver: SQLite, Path: path, Writes: true})
		if _, err := p.Anywhere().ExecContext(t.Context(), "create table CRANE (ID int)"); err == nil {
			t.Error("a table was made")
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, want no file", err)
		}
	})
}

func TestWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "yard.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	writing, reading := open(t, Way{Driver: SQLite, Path: path, Writes: true}), open(t, Way{Driver: SQLite, Path: path})
	for _, statement := range []string{"create table CRANE (ID int primary key)", "insert into CRANE values (7)"} {
		if _, err := writing.Anywhere().ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	_, err := reading.Anywhere().ExecContext(t.Context(), "insert into CRANE values (8)")
	if err = Translate(t.Context(), err); !Is(err, OnlyReads) {
		t.Errorf("got %v, want a refusal to write", err)
	}
	_, err = writing.Anywhere().ExecContext(t.Context(), "insert into CRANE values (7)")
	if err = Translate(t.Context(), err); !Is(err, Duplicate) {
		t.Errorf("got %v, want that the value is taken", err)
	}
	_, err = writing.Anywhere().ExecContext(t.Context(), "insert into CRANE (HOOK) values (7)")
	if err = Translate(t.Context(), err); !Changed(err) || !strings.Contains(err.Error(), `column "HOOK" does not exist`) {
		t.Errorf("got %v, want that the column is not there", err)
	}
}

func TestAsk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "yard.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := open(t, Way{Driver: SQLite, Path: path})

	t.Run("GivesEveryRow", func(t *testing.T) {
		var sum int
		err := p.Ask(t.Context(), "select 3 union all select ? union all select 5", []any{4}, func(rows *sql.Rows) error {
			var n int
			err := rows.Scan(&n)
			sum += n
			return err
		})
		if err != nil || sum != 12 {
			t.Errorf("got %d and %v, want 12", sum, err)
		}
	})

	t.Run("AnErrorOfScanEndsIt", func(t *testing.T) {
		rows := 0
		err := p.Ask(t.Context(), "select 1 union all select 2", nil, func(*sql.Rows) error {
			rows++
			return Failed("enough")
		})
		if err == nil || !strings.Contains(err.Error(), "enough") || rows != 1 {
			t.Errorf("got %v after %d rows, want one", err, rows)
		}
	})

	t.Run("CancelledContextStopsIt", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Ping(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})

	t.Run("AStatementIsReadAndNotRun", func(t *testing.T) {
		if err := p.Understands(t.Context(), "select ? + ?", 2); err != nil {
			t.Error(err)
		}
		if _, refused := Refusal(p.Understands(t.Context(), "select absent from nowhere", 0)); !refused {
			t.Error("a statement without its table is taken")
		}
	})
}
