package mapfile_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestLint holds what is said about each kind of fault: one folder each, with
// the mapping and the lines that must come out.
func TestLint(t *testing.T) {
	folders, err := filepath.Glob("testdata/lint/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 40 {
		t.Fatalf("got %d folders below testdata/lint, want all of them", len(folders))
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			_, faults := mapfile.LoadFS(os.DirFS("testdata/lint"), filepath.Base(folder))
			got := ""
			for _, fault := range faults {
				got += strings.TrimPrefix(fault.String(), filepath.Base(folder)+"/") + "\n"
			}
			want := golden(t, filepath.Join(folder, "want.txt"), got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s", diff)
			}
			if got == "" {
				t.Error("got no fault, want at least one")
			}
		})
	}
}

// golden gives the text of a golden file, and writes it first with -update.
func golden(t *testing.T, path, got string) string {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}
