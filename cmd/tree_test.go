package cmd_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms are the directories at the top of the tree; there are no others.
var rooms = []string{"adapters", "cmd", "gen", "mappings", "openapi", "server"}

var topFiles = []string{"LICENSE", "Makefile", "README.md", "go.mod", "go.sum"}

const root = ".."

// watchTree reads every directory of Go code. What other programs find out about
// the tree is invisible to the test cache; what this test reads itself is not.
func watchTree(t *testing.T) {
	t.Helper()
	eachGoFile(t, func(string) {})
	if _, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
}

// eachGoFile calls visit with the path of every Go file of the product, below root.
func eachGoFile(t *testing.T, visit func(path string)) {
	t.Helper()
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".go") {
				visit(path)
			}
			return err
		})
		if err != nil {
			t.Fatalf("walking %s: %v", room, err)
		}
	}
}

func TestTree(t *testing.T) {
	t.Run("TopLevelHoldsNothingElse", func(t *testing.T) {
		ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := e.Name()
			switch {
			case strings.HasPrefix(name, "."):
			case e.IsDir() && slices.Contains(rooms, name):
			case !e.IsDir() && slices.Contains(topFiles, name):
			case slices.Contains(strings.Fields(string(ignored)), "/"+name+"/"): // what a build leaves behind
			default:
				t.Errorf("%s lies at the top of the tree; it belongs into one of %v", name, rooms)
			}
		}
	})

	t.Run("PackageNamesSayWhatTheyHold", func(t *testing.T) {
		vague := []string{"util", "utils", "common", "helper", "helpers", "misc", "shared"}
		eachGoFile(t, func(path string) {
			base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".go"), "_test")
			if slices.Contains(vague, base) || slices.Contains(vague, filepath.Base(filepath.Dir(path))) {
				t.Errorf("%s: the name says nothing about the subject", path)
			}
		})
	})
}

func TestTests(t *testing.T) {
	skip := regexp.MustCompile(`\b(t|tb|b|f|inner)\.Skip(f|Now)?\(`)
	needsServer := regexp.MustCompile(`\bdbtest\.(MySQL|Private)\(`)
	eachGoFile(t, func(path string) {
		if strings.HasPrefix(path, filepath.Join(root, "adapters", "adaptertest", "dbtest")) {
			return // what the rules are about
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if skip.Match(text) {
			t.Errorf("%s skips a test: a test that cannot run here must bring what it needs", path)
		}
		if !needsServer.Match(text) || inAdaptertest(path) {
			return
		}
		if !strings.HasPrefix(string(text), "//go:build server\n") || !strings.HasSuffix(path, "_server_test.go") {
			t.Errorf("%s needs a database server: name it *_server_test.go and begin it with //go:build server", path)
		}
	})
}

// inAdaptertest tells whether a file belongs to the packages that tests use:
// those are compiled with and without the tag, the callers carry it.
func inAdaptertest(path string) bool {
	return strings.HasPrefix(path, filepath.Join(root, "adapters", "adaptertest")) && !strings.HasSuffix(path, "_test.go")
}

func TestSQLiteRunsOnTheLibraryItWasMadeFor(t *testing.T) {
	watchTree(t)
	var sqlite, libc struct{ Version, GoMod string }
	decode(t, goTool(t, "list", "-m", "-json", "modernc.org/sqlite"), &sqlite)
	decode(t, goTool(t, "list", "-m", "-json", "modernc.org/libc"), &libc)
	var asks struct {
		Require []struct{ Path, Version string }
	}
	decode(t, goTool(t, "mod", "edit", "-json", sqlite.GoMod), &asks)
	for _, r := range asks.Require {
		if r.Path != "modernc.org/libc" {
			continue
		}
		// The two are generated together and break in odd ways when mixed.
		if libc.Version != r.Version {
			t.Errorf("go.mod has modernc.org/libc %s, but modernc.org/sqlite %s is made for %s", libc.Version, sqlite.Version, r.Version)
		}
		return
	}
	t.Fatalf("modernc.org/sqlite %s names no modernc.org/libc", sqlite.Version)
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("reading what the go tool printed: %v", err)
	}
}
