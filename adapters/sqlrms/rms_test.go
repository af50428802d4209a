package sqlrms_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

func TestOpen(t *testing.T) {
	env := yardEnv(handclock.At(time.Time{}))
	refused := func(t *testing.T, c sqlrms.Config) error {
		t.Helper()
		a, err := c.Open(t.Context(), env)
		if err == nil {
			t.Fatal(errors.Join(errors.New("it opened"), a.Close()))
		}
		return err
	}

	t.Run("FaultsOfTheMappingComeAsFaults", func(t *testing.T) {
		err := refused(t, sqlrms.Config{
			Driver: sqlrms.SQLite, Path: "nowhere.db", MappingName: "dealers/yard",
			Mapping: changed(t, "properties.name:", "properties.nam:"),
		})
		wantFault(t, err, "dealers/yard/rms.yaml:")
		wantFault(t, err, `did you mean "properties.name"?`)
	})

	t.Run("AnEmptyFolderIsAFault", func(t *testing.T) {
		wantFault(t, refused(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: "nowhere.db", Mapping: os.DirFS(t.TempDir())}), "rms.yaml")
	})

	t.Run("ADSNThatCannotBeReadIsNotRepeated", func(t *testing.T) {
		for _, dsn := range []string{"reader:hunter2@tcp(10.1.2.3:3306", "reader:hunter2@tcp(10.1.2.3:3306)/", "reader:hunter2@tcp(10.1.2.3:3306)/rms?tls=nobody"} {
			err := refused(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: dsn, Mapping: folder(yardMapping), DocumentsRoot: t.TempDir()})
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "10.1.2.3") || !strings.Contains(err.Error(), "DSN") {
				t.Errorf("got %v, want a hint without any part of the DSN", err)
			}
		}
	})

	t.Run("UnknownDriversAndMissingPathsAreSaid", func(t *testing.T) {
		for _, c := range []sqlrms.Config{{Driver: "oracle"}, {Driver: sqlrms.SQLite}} {
			c.Mapping, c.DocumentsRoot = folder(yardMapping), t.TempDir()
			if err := refused(t, c); errors.Is(err, adapters.ErrMapping) {
				t.Errorf("got %v, want a fault of the settings", err)
			}
		}
	})

	t.Run("DocumentsInADirectoryNeedAConfiguredFolder", func(t *testing.T) {
		err := refused(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: folder(yardMapping)})
		if !strings.Contains(err.Error(), "documents folder") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("ADocumentsServerMustNotDependOnARow", func(t *testing.T) {
		for _, address := range []string{"'{r.file}/x.pdf'", "'https://{r.file}.example.test/x.pdf'", "'https://dms.example.test{r.file}'", "'ftp://dms.example.test/{r.file}'"} {
			mapping := changed(t, "{directory: invoices, name: '{r.file}.pdf'}", "{url: "+address+"}")
			wantFault(t, refused(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: mapping}), "fixed server")
		}
	})
}

func TestCheck(t *testing.T) {
	t.Run("ADatabaseThatIsAwayAtOpenIsServedWhenItComes", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "later.db")
		a, now := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		if err := a.Check(t.Context()); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		wantUnavailable(t, a, "cannot be opened")
		fill(t, path, yardTables...)
		wantUnavailable(t, a, "cannot be opened") // not asked again at once
		now.Pass(2 * time.Second)
		wantYards(t, a)
		if err := a.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})

	t.Run("CheckDoesNotWaitForTheNextTry", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "later.db")
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		wantUnavailable(t, a, "cannot be opened")
		fill(t, path, yardTables...)
		if err := a.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantYards(t, a)
	})

	t.Run("WhatOnlyTheTablesShowIsAFaultWithTheNearestName", func(t *testing.T) {
		for _, c := range []struct{ old, by, want string }{
			{"from: YARD y", "from: YARDS y", `did you mean "YARD"?`},
			{"properties.name: y.name", "properties.name: y.nmae", `did you mean "name"?`},
			{"from: YARD y\n", "from: {select: 'select code, name from NOWHERE', as: y}\n  key: y.code\n", "SELECT"},
		} {
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: changed(t, c.old, c.by)})
			wantFault(t, a.Check(t.Context()), c.want)
			_, err := yards(t.Context(), a)
			wantFault(t, err, c.want)
			faults, err := a.CheckMapping(t.Context())
			if err != nil || !strings.Contains(faults.Error(), c.want) {
				t.Errorf("got %v and %v, want a fault with %s", faults, err, c.want)
			}
		}
	})

	t.Run("SQLThatTheServerRefusesIsAFaultInItsWords", func(t *testing.T) {
		for sql, want := range map[string]string{
			"upper(y.nmae)": "no such column: y.nmae", "nosuch(y.name)": "no such function: nosuch", "y.name y.code": "is not understood",
		} {
			mapping := "dialect: sqlite\nfunctions: [nosuch]\n" + strings.ReplaceAll(yardMapping, "properties.name: y.name", "properties.name: {sql: '"+sql+"'}")
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: folder(mapping)})
			wantFault(t, a.Check(t.Context()), want)
		}
	})

	t.Run("SQLOfAnotherServerIsAFault", func(t *testing.T) {
		mapping := changed(t, "properties.name: y.name", `properties.name: {sql: "upper(y.name)"}`)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: mapping})
		wantFault(t, a.Check(t.Context()), "dialect: sqlite")
	})

	t.Run("ADroppedTableIsUnavailableAndCheckSaysWhich", func(t *testing.T) {
		path := yardFile(t)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		wantYards(t, a)
		fill(t, path, "ALTER TABLE YARD RENAME TO AWAY")
		wantUnavailable(t, a, `table "YARD" does not exist`)
		wantFault(t, a.Check(t.Context()), `unknown table "YARD"`)
		wantUnavailable(t, a, `table "YARD" does not exist`)
		fill(t, path, "ALTER TABLE AWAY RENAME TO YARD")
		wantYards(t, a)
		if err := a.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})

	t.Run("AnUnknownTableThatAppearsIsFound", func(t *testing.T) {
		path := yardFile(t)
		a, now := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: changed(t, "from: YARD y", "from: YARDS y")})
		wantFault(t, a.Check(t.Context()), `unknown table "YARDS"`)
		fill(t, path, "ALTER TABLE YARD RENAME TO YARDS")
		now.Pass(2 * time.Second)
		wantYards(t, a)
	})
}

func TestCancelling(t *testing.T) {
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := yards(ctx, a); !errors.Is(err, context.Canceled) || errors.Is(err, adapters.ErrUnavailable) {
		t.Errorf("got %v, want the caller's own cancellation", err)
	}
	wantYards(t, a)
}

func TestClose(t *testing.T) {
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t)})
	wantYards(t, a)
	for range 2 {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	wantUnavailable(t, a, "closed")
}

func TestAnotherVersionOfTheMapping(t *testing.T) {
	t.Run("KeepsKeysOfTheSameShapeAndRefusesOthers", func(t *testing.T) {
		path := yardFile(t)
		before, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		keys, err := before.LocationKeys(t.Context(), adapters.Query{})
		if err != nil {
			t.Fatal(err)
		}
		upper, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: changed(t, "properties.name: y.name", "properties.name: {from: y.name, case: upper}")})
		if items, _, err := upper.Locations(t.Context(), adapters.Query{}, keys); err != nil || len(items) != 2 || *items[0].Properties.Name != "EAST YARD" {
			t.Errorf("got %d locations and %v, want the keys to stay good", len(items), err)
		}
		other, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: changed(t, "from: YARD y\n", "from: YARD y\n  key: [y.code, y.name]\n")})
		if _, _, err := other.Locations(t.Context(), adapters.Query{}, keys); !errors.Is(err, adapters.ErrStaleKeys) {
			t.Errorf("got %v, want ErrStaleKeys", err)
		}
	})

	t.Run("SaysWhatShareMayBeLeftOut", func(t *testing.T) {
		path := yardFile(t)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		if got := a.LeaveOutAtMost("invoice"); got != 0.05 {
			t.Errorf("got %v, want 0.05", got)
		}
		b, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: changed(t, "  from: INV r\n", "  from: INV r\n  leaveOutAtMost: 20%\n")})
		if got, other := b.LeaveOutAtMost("invoice"), b.LeaveOutAtMost("location"); got != 0.2 || other != 0.05 {
			t.Errorf("got %v and %v, want 0.2 and 0.05", got, other)
		}
	})
}

func TestSQLite(t *testing.T) {
	t.Run("NothingCanBeWritten", func(t *testing.T) {
		path := yardFile(t)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		wantYards(t, a)
		after, err := os.ReadFile(path)
		if err != nil || string(after) != string(before) {
			t.Errorf("the file changed (%v)", err)
		}
	})

	t.Run("AnyFileNameWillDo", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "yard & co? 100%25 #1.db")
		source, err := os.ReadFile(yardFile(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, source, 0o600); err != nil {
			t.Fatal(err)
		}
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		wantYards(t, a)
	})

	t.Run("AFileThatIsNoDatabaseIsUnavailable", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "text.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("this is no database. ", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		wantUnavailable(t, a, "no database")
	})

	t.Run("AFileThatAnotherProgramHoldsIsUnavailableUntilItLetsGo", func(t *testing.T) {
		path := yardFile(t)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, StatementTimeout: 300 * time.Millisecond})
		wantYards(t, a)
		other := openSQL(t, "sqlite", "file:"+path+"?_txlock=exclusive")
		held, err := other.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantUnavailable(t, a, "") // locked, or out of time: whichever comes first
		if err := held.Rollback(); err != nil {
			t.Fatal(err)
		}
		wantYards(t, a)
	})

	t.Run("AStatementThatTakesTooLongIsEnded", func(t *testing.T) {
		endless := "(with recursive n as (select 1 as i union all select i + 1 from n) select max(i) from n where i < 0)"
		mapping := "dialect: sqlite\n" + strings.ReplaceAll(yardMapping, "properties.name: y.name", "properties.name: {sql: '"+endless+"'}")
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: folder(mapping), StatementTimeout: time.Second})
		began := time.Now()
		wantUnavailable(t, a, "time limit exceeded")
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := a.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})

	t.Run("AProgramThatWritesIsReadBehind", func(t *testing.T) {
		path := yardFile(t)
		fill(t, path, "PRAGMA journal_mode = WAL")
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		wantYards(t, a)
		fill(t, path, "UPDATE YARD SET name = 'West yard' WHERE code = 'EAST'")
		got, err := yards(t.Context(), a)
		if err != nil || strings.Join(got, ", ") != "West yard, Main yard" {
			t.Errorf("got %q and %v, want the new name", got, err)
		}
	})
}
