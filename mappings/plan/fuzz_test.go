package plan_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// FuzzCompile compiles whatever can be parsed: faults are fine, a panic or a
// program beside faults is not.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*/rms.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	target := fullTarget(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		file, _ := mapfile.Parse("rms.yaml", text)
		if file == nil {
			return
		}
		for _, tolerant := range []plan.Target{target, targetOf(t, file)} {
			compiled, faults := plan.Compile(file, tolerant)
			if compiled == nil {
				if faults.Err() == nil {
					t.Error("no plan and no fault")
				}
				continue
			}
			for _, server := range []plan.Server{plan.MySQL, plan.SQLite} {
				if p, faults := compiled.Bind(server, plan.Schema{}); p == nil && faults.Err() == nil {
					t.Error("no program and no fault")
				}
			}
		}
	})
}
