package cli_test

import (
	"path/filepath"
	"testing"
)

func TestMappingTestOfCRM(t *testing.T) {
	t.Run("TheDemosLeads", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", filepath.Join("..", "..", "..", "mappings", "dealers", "demo"))
		if code != 0 || errs != "" {
			t.Errorf("got %d, %s", code, errs)
		}
		golden(t, "demo-tests.txt", out)
	})
	t.Run("LeadsGoInAndRowsComeOut", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/crmyard")
		if code != 0 || errs != "" {
			t.Errorf("got %d, %s", code, errs)
		}
		golden(t, "crmyard/want.txt", out)
	})
	t.Run("FailuresSayWhereAndWhat", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/crmfailing")
		if code != 1 {
			t.Errorf("got %d", code)
		}
		golden(t, "crmfailing/want.txt", out+errs)
	})
	t.Run("FaultsOfATestFileAreAllTold", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/crmfaulty")
		if code != 1 || out != "" {
			t.Errorf("got %d, %s", code, out)
		}
		golden(t, "crmfaulty/want.txt", errs)
	})
}
