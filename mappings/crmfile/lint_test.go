package crmfile_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// names are some members of the interface.
var names = crmfile.Names{
	Lead:   []string{"city", "commentsMaster", "company", "county", "emailAddress", "firstName", "lastName", "leadId", "name", "systemScore", "catPrequalificationStatus", "productOfInterest"},
	Update: []string{"disqualifiedReasonWhy", "leadStatus", "probabilityOfClosurePercentage", "rejectedReasonWhy"},
}

// TestLint holds what is said about each kind of fault: one folder each, with
// the files and the lines that must come out.
func TestLint(t *testing.T) {
	folders, err := filepath.Glob("testdata/lint/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 15 {
		t.Fatalf("got %d folders below testdata/lint, want all of them", len(folders))
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			_, faults := crmfile.Load(os.DirFS(folder), "", names)
			got := ""
			for _, fault := range faults {
				got += fault.String() + "\n"
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

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/lint/*/crm.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, faults := crmfile.Parse("crm.yaml", src, names)
		if file == nil && len(faults) == 0 {
			t.Error("nothing was read and nothing is said about it")
		}
		for _, fault := range faults {
			if fault.Message == "" || strings.ContainsRune(fault.Path, '\n') && !strings.ContainsRune(string(src), '\\') && !strings.ContainsRune(string(src), '\n') {
				t.Errorf("a fault without words: %v", fault)
			}
		}
	})
}
