//go:build server

package dbserver_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbserver"
)

// playEngine puts a program on PATH that behaves like Docker, hides the
// installed server behind it and returns the directory of its containers.
func playEngine(t *testing.T, installed dbserver.Installed) string {
	t.Helper()
	engine, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	boxes := t.TempDir()
	t.Setenv("ENGINE_DIR", boxes)
	t.Setenv("ENGINE_SERVER", installed.Program)
	t.Setenv("ENGINE_TEMPLATE", dbserver.TemplateOf(t, installed))
	t.Setenv("PATH", engine)
	dbserver.HideInstalled(t)
	return boxes
}

func TestContainer(t *testing.T) {
	installed, err := dbserver.Find()
	if errors.Is(err, dbserver.ErrNone) {
		return // where only an engine is, all other tests of this package run on the real one
	}
	if err != nil {
		t.Fatal(err)
	}

	t.Run("LivesFromStartToStop", func(t *testing.T) {
		boxes := playEngine(t, installed)
		t.Setenv(dbserver.EnvDSN, "")
		which, err := dbserver.Available(t.Context())
		if err != nil || !strings.Contains(which, "docker") {
			t.Errorf("got %q and %v, want the engine named", which, err)
		}
		s, err := dbserver.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Halt(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dbserver.Ping(t.Context(), s.AdminDSN()); err == nil {
			t.Error("a halted server answers")
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dbserver.Ping(t.Context(), s.AdminDSN()); err != nil {
			t.Errorf("a resumed server does not answer: %v", err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		awaitGone(t, s.AdminDSN())
		if left, err := os.ReadDir(boxes); err != nil || len(left) != 0 {
			t.Errorf("got %d containers and %v, want none left", len(left), err)
		}
	})

	t.Run("OneThatGivesUpIsReportedWithItsWordsAndRemoved", func(t *testing.T) {
		boxes := playEngine(t, installed)
		_, err := dbserver.Start(t.Context(), "--no-such-setting=1")
		if err == nil || !strings.Contains(err.Error(), "no-such-setting") {
			t.Errorf("got %v, want the server's own words", err)
		}
		if left, err := os.ReadDir(boxes); err != nil || len(left) != 0 {
			t.Errorf("got %d containers and %v, want none left", len(left), err)
		}
	})
}
