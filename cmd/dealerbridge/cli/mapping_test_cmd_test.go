package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

func TestMappingTest(t *testing.T) {
	t.Run("TheSampleDealersTestsPass", func(t *testing.T) {
		for dealer, passed := range map[string]string{"demo": "22", "nordbau": "9", "hostline": "11"} {
			code, out, errs := run(t, "mapping", "test", filepath.Join("..", "..", "..", "mappings", "dealers", dealer))
			if code != 0 || errs != "" || !strings.HasSuffix(out, passed+" passed, 0 failed\n") || strings.Contains(out, "FAIL") {
				t.Errorf("%s: got %d, %s%s", dealer, code, out, errs)
			}
		}
	})
	t.Run("RowsGoInAndJSONComesOut", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/yard")
		if code != 0 || errs != "" {
			t.Errorf("got %d, %s%s", code, out, errs)
		}
		golden(t, "yard/test.txt", out)
	})
	t.Run("FailuresSayWhereAndWhat", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/failing")
		if code != 1 {
			t.Errorf("got %d", code)
		}
		golden(t, "failing/want.txt", out+errs)
	})
	t.Run("FaultsOfATestFileAreAllTold", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/faulty")
		if code != 1 || out != "" {
			t.Errorf("got %d, %s", code, out)
		}
		golden(t, "faulty/want.txt", errs)
	})
	t.Run("SQLOfMySQLIsForPreviewOnly", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/mysql")
		if code != 1 || errs != "" {
			t.Errorf("got %d, %s", code, errs)
		}
		golden(t, "mysql/want.txt", out)
	})
	t.Run("OneTestCanBeChosen", func(t *testing.T) {
		code, out, _ := run(t, "mapping", "test", "testdata/yard", "--run", "a MOMENT")
		if code != 0 || out != "ok    changes since a moment\n1 passed, 0 failed\n" {
			t.Errorf("got %d, %s", code, out)
		}
		code, _, errs := run(t, "mapping", "test", "testdata/yard", "--run", "nobody has this numbr")
		if code != 1 || !strings.Contains(errs, `did you mean "nobody has this number"?`) {
			t.Errorf("got %d, %s", code, errs)
		}
	})
	t.Run("AFaultyMappingIsToldBeforeAnythingRuns", func(t *testing.T) {
		code, out, errs := run(t, "mapping", "test", "testdata/check")
		if code != 1 || out != "" || !strings.Contains(errs, "testdata/check/rms.yaml:2:11: ") {
			t.Errorf("got %d, %s%s", code, out, errs)
		}
	})
	t.Run("WithoutTestsItSaysHowToBegin", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, demo.Mapping()); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "rms_test.yaml")); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := run(t, "mapping", "test", dir); code != 1 || !strings.Contains(errs, "rms_test.yaml") {
			t.Errorf("got %d, %s", code, errs)
		}
		if code, _, errs := run(t, "mapping", "test", filepath.Join(dir, "nowhere")); code != 2 || !strings.Contains(errs, "is no folder") {
			t.Errorf("got %d, %s", code, errs)
		}
	})
}

func TestMappingCheckTellsFormAndMeaningAtOnce(t *testing.T) {
	code, out, errs := run(t, "mapping", "check", "testdata/check")
	if code != 1 || errs != "" {
		t.Errorf("got %d, %s", code, errs)
	}
	golden(t, "check/want.txt", out)
}
