package dbtest_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
)

func TestSQLite(t *testing.T) {
	t.Run("EveryCallNamesAnotherFile", func(t *testing.T) {
		one, two := dbtest.SQLite(t), dbtest.SQLite(t)
		if one == two {
			t.Errorf("got %q twice, want two files", one)
		}
		if !strings.HasPrefix(one, "file:") {
			t.Errorf("got %q, want a file: DSN", one)
		}
	})
}
