package dbserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	runPrefix  = "dealerbridge-testdb-"
	ownerFile  = "owner.lock"
	haltLimit  = 20 * time.Second
	adminName  = "dbtest_admin"
	serverLog  = "server.log"
	socketName = "s.sock" // relative to the data directory: socket paths must stay short
)

// process runs an installed server on a copy of the template. It starts no
// goroutine, so that tests which look for leaked ones stay clean.
type process struct {
	installed Installed
	dir       string
	args      []string
	owner     *os.File
	cmd       *exec.Cmd // nil while halted
}

func newProcess(ctx context.Context, in Installed, port int, password string, args []string) (*process, error) {
	from, err := template(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := sweepAbandoned(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", runPrefix)
	if err != nil {
		return nil, fmt.Errorf("making the server's directory: %w", err)
	}
	p := &process{installed: in, dir: dir}
	if err := p.prepare(from, port, password, args); err != nil {
		return nil, errors.Join(err, p.destroy(ctx))
	}
	return p, nil
}

func (p *process) prepare(from string, port int, password string, args []string) error {
	var err error
	if p.owner, err = os.OpenFile(filepath.Join(p.dir, ownerFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("marking the server's directory: %w", err)
	}
	if err := syscall.Flock(int(p.owner.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("claiming the server's directory: %w", err)
	}
	data := filepath.Join(p.dir, "data")
	if err := os.CopyFS(data, os.DirFS(from)); err != nil {
		return fmt.Errorf("copying the template: %w", err)
	}
	// The init file runs at every start, with all rights, before anybody can log in.
	account := "'" + adminName + "'@'%'"
	initFile := filepath.Join(p.dir, "init.sql")
	initSQL := "CREATE USER IF NOT EXISTS " + account + " IDENTIFIED BY '" + password + "';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO " + account + " WITH GRANT OPTION;\n" +
		"DROP USER IF EXISTS 'root'@'127.0.0.1';\n" // the set-up gave it no password
	if err := os.WriteFile(initFile, []byte(initSQL), 0o600); err != nil {
		return fmt.Errorf("writing the init file: %w", err)
	}
	p.args = append([]string{
		"--no-defaults",
		"--datadir=" + data,
		"--init-file=" + initFile,
		"--pid-file=" + filepath.Join(p.dir, "server.pid"),
		"--socket=" + socketName,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--port=%d", port),
		"--skip-name-resolve",
		"--skip-log-bin",
		"--performance-schema=OFF",
		"--loose-mysqlx=OFF",
		"--innodb-flush-log-at-trx-commit=0", // nobody needs a test's data after a power cut
		"--innodb-doublewrite=OFF",
		"--key-buffer-size=1M",
		"--max-connections=200",
	}, sizes...)
	p.args = append(append(p.args, asUser()...), args...)
	return nil
}

func (p *process) account() string { return adminName }

func (p *process) launch(ctx context.Context) error {
	if p.cmd != nil {
		return errors.New("the database server runs already")
	}
	log, err := os.OpenFile(filepath.Join(p.dir, serverLog), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("opening the server's log: %w", err)
	}
	// Not bound to ctx: that would take a goroutine, and halt and destroy end it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), p.installed.Program, p.args...)
	cmd.Dir = p.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = procAttr()
	err = cmd.Start()
	if closeErr := log.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.installed.Program, err)
	}
	p.cmd = cmd
	return nil
}

func (p *process) failed(context.Context) error {
	log, err := os.ReadFile(filepath.Join(p.dir, serverLog))
	if err != nil {
		return fmt.Errorf("reading the server's log: %w", err)
	}
	if strings.Contains(string(log), "Aborting") {
		return fmt.Errorf("the database server gave up: %s", lastLines(string(log)))
	}
	return nil
}

func (p *process) halt(context.Context) error {
	return p.end(syscall.SIGTERM)
}

func (p *process) end(sig os.Signal) error {
	if p.cmd == nil {
		return nil
	}
	cmd := p.cmd
	p.cmd = nil
	if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending the database server: %w", err)
	}
	patience := time.AfterFunc(haltLimit, func() {
		_ = cmd.Process.Kill() // it is gone already if this fails
	})
	defer patience.Stop()
	var exit *exec.ExitError // how it ended is its own affair: it was told to
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("waiting for the database server's end: %w", err)
	}
	return nil
}

func (p *process) destroy(context.Context) error {
	err := p.end(os.Kill)
	if p.owner != nil {
		err = errors.Join(err, p.owner.Close())
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// sweepAbandoned removes the directories of servers whose owner was killed
// before it could clear up. A living owner holds the lock on its directory.
func sweepAbandoned() error {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), runPrefix+"*"))
	if err != nil {
		return fmt.Errorf("looking for abandoned servers: %w", err)
	}
	for _, dir := range dirs {
		lock, err := os.OpenFile(filepath.Join(dir, ownerFile), os.O_RDWR, 0)
		if err != nil {
			continue // another user's, or one that is being made or removed at this moment
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			err = os.RemoveAll(dir)
		}
		if err = errors.Join(err, lock.Close()); err != nil {
			return fmt.Errorf("removing an abandoned server: %w", err)
		}
	}
	return nil
}
