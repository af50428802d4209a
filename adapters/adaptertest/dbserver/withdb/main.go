// Command withdb runs a command beside a private database server.
//
// It owns the server for as long as the command runs and hands its address over
// in DEALERBRIDGE_TEST_DSN; when that is set already, it only checks that the
// server there answers. It must not know what the command does with it.
//
//	withdb go test ./...   run the command
//	withdb -server=--innodb-buffer-pool-size=1G go run ./cmd/bench
//	                       the same with arguments for the private server
//	withdb -check          say which server would be used; exit code 1 if none
//	withdb -installed      the same for servers installed on this machine
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbserver"
)

func main() {
	code, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "withdb:", err) // nobody is left to tell
	}
	os.Exit(code)
}

func run(args []string, out io.Writer) (int, error) {
	if len(args) == 0 {
		return 2, errors.New("no command given: withdb -check, withdb -installed, or withdb and a command")
	}
	switch args[0] {
	case "-check":
		which, err := dbserver.Available(context.Background())
		return report(out, which, err)
	case "-installed":
		installed, err := dbserver.Find()
		return report(out, installed.Version, err)
	}

	var forServer []string
	for len(args) > 0 {
		arg, ok := strings.CutPrefix(args[0], "-server=")
		if !ok {
			break
		}
		forServer, args = append(forServer, arg), args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("no command given behind the server's arguments")
	}

	// Signals are passed on, and this process outlives the command to end the server.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	env := os.Environ()
	if dsn := os.Getenv(dbserver.EnvDSN); dsn != "" {
		if err := dbserver.Ping(context.Background(), dsn); err != nil {
			return 1, fmt.Errorf("the server named in %s: %w", dbserver.EnvDSN, err)
		}
	} else {
		began := time.Now()
		server, err := dbserver.Start(context.Background(), forServer...)
		if err != nil {
			return 1, err
		}
		defer func() {
			if err := server.Stop(context.Background()); err != nil {
				_, _ = fmt.Fprintln(os.Stderr, "withdb:", err)
			}
		}()
		if _, err := fmt.Fprintf(out, "private database server ready in %s\n", time.Since(began).Round(time.Millisecond)); err != nil {
			return 1, err
		}
		env = append(env, dbserver.EnvDSN+"="+server.AdminDSN())
	}

	cmd := exec.CommandContext(context.Background(), args[0], args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("starting the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return 1, fmt.Errorf("passing on a signal: %w", err)
			}
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(exit.ExitCode(), 1), nil
			}
			if err != nil {
				return 1, fmt.Errorf("running the command: %w", err)
			}
			return 0, nil
		}
	}
}

func report(out io.Writer, which string, err error) (int, error) {
	if err == nil {
		_, err = fmt.Fprintln(out, which)
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
