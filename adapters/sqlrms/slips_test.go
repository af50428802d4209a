package sqlrms_test

import (
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// slips are what happens to a line while somebody edits a mapping.
var slips = map[string]func(line string) string{
	"Gone":          func(string) string { return "" },
	"NoValue":       func(line string) string { return before(line) },
	"AnotherName":   func(line string) string { return strings.Replace(line, ": ", "x: ", 1) },
	"AList":         func(line string) string { return before(line) + " []" },
	"AMap":          func(line string) string { return before(line) + " {some: thing}" },
	"NoAlias":       func(line string) string { return strings.ReplaceAll(line, " r.", " ") },
	"UnknownAlias":  func(line string) string { return strings.ReplaceAll(line, "r.", "q.") },
	"NothingInside": func(line string) string { return before(line) + " {from: , date: }" },
	"AListOfMaps":   func(line string) string { return before(line) + " [{from: x}, {value: y}]" },
}

func before(line string) string {
	key, _, ok := strings.Cut(line, ": ")
	if !ok {
		return line
	}
	return key + ":"
}

// TestSlips edits every line of the demo's mapping in every way. The check must
// survive all of them and say something about those that leave no mapping.
func TestSlips(t *testing.T) {
	folder := fstest.MapFS{}
	for _, name := range []string{"rms.yaml", "makes.csv"} {
		src, err := fs.ReadFile(demo.Mapping(), name)
		if err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: src}
	}
	whole := string(folder["rms.yaml"].Data)
	lines := strings.Split(whole, "\n")
	for name, slip := range slips {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, line := range lines {
				if text := strings.TrimSpace(line); text == "" || strings.HasPrefix(text, "#") || slip(line) == line {
					continue
				}
				edited := strings.Join(lines[:i], "\n") + "\n" + slip(line) + "\n" + strings.Join(lines[i+1:], "\n")
				mine := fstest.MapFS{"makes.csv": folder["makes.csv"], "rms.yaml": {Data: []byte(edited)}}
				survives(t, mine, fmt.Sprintf("line %d, %q", i+1, slip(line)))
			}
		})
	}
}

func survives(t *testing.T, folder fs.FS, what string) {
	t.Helper()
	defer func() {
		if gone := recover(); gone != nil {
			t.Errorf("%s: the check panicked: %v %s", what, gone, debug.Stack())
		}
	}()
	seen := map[string]bool{}
	for _, f := range sqlrms.CheckMapping(folder, "d") {
		if seen[f.String()] {
			t.Errorf("%s: told twice: %s", what, f)
		}
		seen[f.String()] = true
		if f.Pos.Line < 1 || f.Pos.Col < 1 {
			t.Errorf("%s: without a place: %s", what, f)
		}
	}
}

// FuzzCheckMapping: whatever stands in a mapping, the check ends with faults
// that have places. A gateway checks files of several dealers.
func FuzzCheckMapping(f *testing.F) {
	src, err := fs.ReadFile(demo.Mapping(), "rms.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for part := range strings.SplitSeq(string(src), "\n\n") {
		f.Add([]byte(part + "\n"))
	}
	f.Add([]byte("customerNumber: r.a\ncontract: {from: A r, join: [{c: {table: B, match: {x: }}}], fields: {contractId: {text: '{'}, poNumber: {from: , date: x}}}\n"))
	f.Add([]byte("changes: {contract: [{from: A a, stamp: [{from: }]}]}\ndocuments: {contract: {directory: }}\njobsite: {list: [{}]}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, fault := range sqlrms.CheckMapping(fstest.MapFS{"rms.yaml": {Data: src}}, "d") {
			if fault.Message == "" {
				t.Error("a fault says nothing")
			}
		}
	})
}
