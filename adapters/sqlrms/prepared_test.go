package sqlrms

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// TestPrepared keeps far fewer statements than are in use at the same time:
// each must still answer for itself, and none may stay behind.
func TestPrepared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "any.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE one (v INT)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := newPool(&Config{Driver: SQLite, Path: path, MaxConnections: 4}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p.prepared.most = 3
	var callers sync.WaitGroup
	for caller := range 16 {
		callers.Go(func() {
			for i := range 40 {
				want := fmt.Sprint((caller + i) % 10)
				cell := []convert.Cell{convert.NewCell(convert.ColumnInteger)}
				err := p.Query(t.Context(), "test", "select "+want+" where ? = 1", []any{1}, func() []convert.Cell { return cell })
				if err != nil || cell[0].String() != want {
					t.Errorf("got %q and %v, want %s", cell[0].String(), err, want)
				}
			}
		})
	}
	callers.Wait()
	if kept := p.prepared.used.Len(); kept != 3 || len(p.prepared.byText) != 3 {
		t.Errorf("got %d statements kept, want 3", kept)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
	err = p.Query(t.Context(), "test", "select 1", nil, func() []convert.Cell { return nil })
	if !errors.Is(err, adapters.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable of a closed pool", err)
	}
}
