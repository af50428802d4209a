// Package dbserver starts and ends private MariaDB or MySQL servers for tests.
//
// It owns the search for an installed server or a container engine, the
// template data directory and the life of the server. It must not know
// testing.T, schemas, adapters or the product: package dbtest stands between it
// and the tests.
package dbserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
)

// EnvDSN names the environment variable that points the tests at a server
// which runs already. Its value is a go-sql-driver DSN of an account that may
// create databases and users.
const EnvDSN = "DEALERBRIDGE_TEST_DSN"

// ErrNone says that neither an installed server nor a container engine was
// found. Its text is the one line a person needs.
var ErrNone = errors.New("no MariaDB or MySQL server found: run `make test` as root, install mariadb-server, " +
	"start Docker or Podman, or set " + EnvDSN + "='user:password@tcp(127.0.0.1:3306)/'")

const (
	launchLimit = 5 * time.Minute // the first launch of a container may have to fetch its image
	answerLimit = 90 * time.Second
)

// launcher is one way of running a server. Its address and its data stay the
// same from launch to destroy.
type launcher interface {
	// launch starts the server on its port, or starts it again.
	launch(ctx context.Context) error
	// failed reports a start that can not succeed any more.
	failed(ctx context.Context) error
	// halt stops the server in an orderly way and keeps its data.
	halt(ctx context.Context) error
	// destroy ends the server at once and removes its data.
	destroy(ctx context.Context) error
	// account is the name of the administrator.
	account() string
}

// Server is one running private server, listening on 127.0.0.1.
type Server struct {
	port     int
	password string
	run      launcher
}

// Start starts a server of its own and returns when it answers. args are further
// server arguments, such as "--max-connections=5". The server dies with this
// process where the system allows that (Linux); Stop ends it everywhere.
// ErrNone if the machine has nothing to run.
func Start(ctx context.Context, args ...string) (*Server, error) {
	const attempts = 3 // somebody else may take the free port between choosing and binding
	var err error
	for range attempts {
		var s *Server
		if s, err = start(ctx, args); err == nil {
			return s, nil
		}
		if errors.Is(err, ErrNone) || ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

func start(ctx context.Context, args []string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("choosing a port: %w", err)
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("making the administrator's password: %w", err)
	}
	s := &Server{port: port, password: hex.EncodeToString(secret)}

	installed, err := Find()
	switch {
	case err == nil:
		s.run, err = newProcess(ctx, installed, port, s.password, args)
		if err != nil {
			return nil, err
		}
	case errors.Is(err, ErrNone):
		engine, found := findEngine(ctx)
		if !found {
			return nil, err
		}
		s.run = newContainer(engine, port, s.password, args)
	default:
		return nil, err
	}
	if err := s.launch(ctx); err != nil {
		return nil, errors.Join(err, s.run.destroy(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Server) launch(ctx context.Context) error {
	launching, cancel := context.WithTimeout(ctx, launchLimit)
	defer cancel()
	if err := s.run.launch(launching); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return s.awaitAnswer(waiting)
}

// accessDenied is the server's error number for a wrong account or password. No
// server of ours answers before its accounts are in place.
const accessDenied = 1045

// awaitAnswer returns when the administrator can log in.
func (s *Server) awaitAnswer(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := Ping(ctx, s.AdminDSN())
		if err == nil {
			return nil
		}
		var refusal *mysql.MySQLError
		if errors.As(err, &refusal) && refusal.Number == accessDenied {
			return fmt.Errorf("somebody else's server listens on %s: %w", s.Addr(), err)
		}
		if dead := s.run.failed(ctx); dead != nil {
			return dead
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the database server: %w (last answer: %w)", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// Addr is the server's TCP address, host:port.
func (s *Server) Addr() string {
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(s.port))
}

// AdminDSN is the go-sql-driver DSN of the administrator, without a database.
func (s *Server) AdminDSN() string {
	cfg := mysql.NewConfig()
	cfg.User = s.run.account()
	cfg.Passwd = s.password
	cfg.Net = "tcp"
	cfg.Addr = s.Addr()
	return cfg.FormatDSN()
}

// Halt stops the server in an orderly way; port and data are kept for Resume.
func (s *Server) Halt(ctx context.Context) error {
	return s.run.halt(ctx)
}

// Resume starts a halted server again, on the same port and data, and returns
// when it answers.
func (s *Server) Resume(ctx context.Context) error {
	return s.launch(ctx)
}

// Stop ends the server and removes its data.
func (s *Server) Stop(ctx context.Context) error {
	return s.run.destroy(ctx)
}

// Ping logs in once and says goodbye. It keeps no connection and no goroutine.
func Ping(ctx context.Context, dsn string) (err error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return fmt.Errorf("reading the server's DSN: %w", err)
	}
	cfg.Timeout = 5 * time.Second
	cfg.ReadTimeout = 5 * time.Second
	cfg.Logger = new(mysql.NopLogger) // a server that is still starting hangs up, which is no news
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return fmt.Errorf("preparing the connection: %w", err)
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	return conn.Close()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// Available says in one line which server Start, or the tests, would use.
// ErrNone if there is none.
func Available(ctx context.Context) (string, error) {
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		if err := Ping(ctx, dsn); err != nil {
			return "", fmt.Errorf("the server named in %s: %w", EnvDSN, err)
		}
		return "the server named in " + EnvDSN, nil
	}
	in, err := Find()
	if err == nil {
		return in.Version, nil
	}
	if engine, found := findEngine(ctx); found && errors.Is(err, ErrNone) {
		return image + " by " + engine, nil
	}
	return "", err
}
