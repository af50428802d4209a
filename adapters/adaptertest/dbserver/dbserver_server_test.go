//go:build server

package dbserver_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbserver"
)

func TestMain(m *testing.M) {
	if os.Getenv("DBSERVER_TEST_CHILD") != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

// child starts a server, prints its DSN and waits to be killed.
func child() {
	s, err := dbserver.Start(context.Background())
	if err != nil {
		panic(err)
	}
	if _, err := os.Stdout.WriteString(s.AdminDSN() + "\n"); err != nil {
		panic(err)
	}
	select {}
}

func TestStart(t *testing.T) {
	t.Run("WrongArgumentIsReportedAtOnceWithTheServersWords", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := dbserver.Start(ctx, "--no-such-setting=1")
		if err == nil {
			t.Fatal("got no error")
		}
		if !strings.Contains(err.Error(), "no-such-setting") {
			t.Errorf("got %v, want the server's own words", err)
		}
	})

	t.Run("NothingInstalledIsErrNone", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		dbserver.HideInstalled(t)
		if _, err := dbserver.Start(t.Context()); !errors.Is(err, dbserver.ErrNone) {
			t.Errorf("got %v, want ErrNone", err)
		}
	})
}

func TestServer(t *testing.T) {
	t.Run("DiesWithAKilledParentAndIsSweptByTheNext", func(t *testing.T) {
		if !dbserver.DiesWithParent {
			return // this system has no such promise
		}
		tmp := t.TempDir()
		t.Setenv("TMPDIR", tmp)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "DBSERVER_TEST_CHILD=1")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 512)
		n, err := out.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		dsn := strings.TrimSpace(string(line[:n]))
		if err := dbserver.Ping(t.Context(), dsn); err != nil {
			t.Fatalf("the child's server does not answer: %v", err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child was not killed")
		}
		awaitGone(t, dsn)

		next, err := dbserver.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(filepath.Join(tmp, "dealerbridge-testdb-*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) != 1 {
			t.Errorf("got %d server directories, want only the new one", len(left))
		}
		if err := next.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left, err = filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(left) != 0 {
			t.Errorf("got %v left after Stop (%v), want nothing", left, err)
		}
	})
}

func awaitGone(t *testing.T, dsn string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for dbserver.Ping(ctx, dsn) == nil {
		select {
		case <-ctx.Done():
			t.Fatal("the server outlives the process that started it")
		case <-tick.C:
		}
	}
}
