package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program builds the gateway as anybody does, once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dealerbridge-program-")
	if err != nil {
		return "", err
	}
	programDir = dir
	binary := filepath.Join(dir, "dealerbridge")
	build := exec.CommandContext(context.Background(), "go", "build", "-tags", "nomsgpack", "-o", binary, ".")
	if raw, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, raw)
	}
	return binary, nil
})

// anyTime is what a process died of that died of nothing it did.
const anyTime = "at any time"

// life is one process of the gateway, from its start to its end.
type life struct {
	number int
	run    *exec.Cmd
	log    *journal
	ended  chan struct{} // closed when the process is gone
	once   sync.Once
	how    string // what it died of; "" while it lives
}

// born starts a process.
func born(t testing.TB, number int, args ...string) *life {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	l := &life{number: number, log: newJournal(), ended: make(chan struct{})}
	l.run = exec.CommandContext(context.Background(), binary, args...)
	l.run.Env = append(os.Environ(), "DEALERBRIDGE_LISTEN=127.0.0.1:0", "DEALERBRIDGE_LOG_FORMAT=json")
	l.run.Stdout, l.run.Stderr = l.log, l.log
	if err := l.run.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(l.ended)
		_ = l.run.Wait() // it is killed, or stopped: how it ended is told by who ended it
	}()
	return l
}

// kill ends the process as nothing can prevent, and returns when it is gone.
func (l *life) kill(how string) {
	l.once.Do(func() {
		l.how = how
		_ = l.run.Process.Kill() // one that is gone already is what is wanted
	})
	<-l.ended
}

// says waits until the process logs something, or is gone, or takes too long.
func (l *life) says(text string) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		l.log.mu.Lock()
		said, grown := bytes.Contains(l.log.text.Bytes(), []byte(text)), l.log.grown
		l.log.mu.Unlock()
		if said {
			return
		}
		select {
		case <-grown:
		case <-l.ended:
			return
		case <-late.C:
			return
		}
	}
}

// passes waits for a process to die of its fate, and has it die when nothing came.
func (l *life) passes(limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-l.ended:
	case <-timer.C:
		l.kill(anyTime)
	}
}

// stop ends the process as a service manager does; it says that all was well.
func (l *life) stop(t testing.TB) {
	t.Helper()
	if err := l.run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stopping: %v", err)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-l.ended:
	case <-timer.C:
		l.kill(anyTime)
		t.Errorf("it did not stop:\n%s", l.log)
		return
	}
	if code := l.run.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, l.log)
	}
}
