// Package dbtest gives a test an empty database on a real server and takes it
// away again.
//
// It owns the names, accounts and clearing up of test databases. It must not
// know any schema, adapter or mapping: a test fills its database itself.
//
// Test files that call MySQL or Private carry the build tag "server"
// (`//go:build server`) and are named *_server_test.go: `make check` leaves them
// out, `make test` runs them with a server at hand.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbserver"
)

// callLimit bounds everything this package itself asks of a server.
const callLimit = 60 * time.Second

// Server is an empty database (utf8mb4) of the test's own, and the server it is on.
type Server struct {
	Host     string // an IP address or name, reached by TCP so that a proxy can stand between
	Port     int
	Database string

	t     testing.TB
	admin *mysql.Config // the server's administrator, in Database
	owner *mysql.Config // an account that may do everything in Database and nothing elsewhere
	users []string
}

// MySQL gives an empty database on the server all tests share: the one named in
// DEALERBRIDGE_TEST_DSN, else a private one that lives as long as the test
// process. Database and accounts are dropped when the test ends.
func MySQL(t testing.TB) *Server {
	t.Helper()
	dsn := os.Getenv(dbserver.EnvDSN)
	if dsn == "" {
		own, err := acquireShared()
		if err != nil {
			t.Fatal(err)
		}
		if !dbserver.DiesWithParent {
			t.Cleanup(func() { releaseShared(t) })
		}
		dsn = own.AdminDSN()
	}
	s := newServer(t, dsn)
	t.Cleanup(s.drop)
	return s
}

// PrivateServer is a database on a server that no other test sees, so that it
// may be stopped, restarted and reconfigured.
type PrivateServer struct {
	*Server
	process *dbserver.Server
}

// Private starts a server of the test's own; args are further server arguments,
// such as "--max-connections=5". It ends with the test.
func Private(t testing.TB, args ...string) *PrivateServer {
	t.Helper()
	process, err := dbserver.Start(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Stop(context.Background()); err != nil {
			t.Errorf("ending the private server: %v", err)
		}
	})
	return &PrivateServer{Server: newServer(t, process.AdminDSN()), process: process}
}

// Stop halts the server; its address and data stay for Start.
func (p *PrivateServer) Stop() {
	p.t.Helper()
	if err := p.process.Halt(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// Start starts a stopped server again and returns when it answers.
func (p *PrivateServer) Start() {
	p.t.Helper()
	if err := p.process.Resume(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// Restart stops the server, which ends every connection, and starts it again on
// the same port and data. It returns when the server answers.
func (p *PrivateServer) Restart() {
	p.t.Helper()
	p.Stop()
	p.Start()
}

// SQLite gives the DSN of a database file that does not exist yet and is removed
// when the test ends.
func SQLite(t testing.TB) string {
	t.Helper()
	return "file:" + filepath.Join(t.TempDir(), "test.db")
}

func newServer(t testing.TB, adminDSN string) *Server {
	t.Helper()
	admin, err := mysql.ParseDSN(adminDSN)
	if err != nil {
		t.Fatalf("reading %s: %v", dbserver.EnvDSN, err)
	}
	host, port, err := net.SplitHostPort(admin.Addr)
	if err != nil || admin.Net != "tcp" {
		t.Fatalf("%s must name a TCP address, as in user:password@tcp(127.0.0.1:3306)/", dbserver.EnvDSN)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatalf("reading the port in %s: %v", dbserver.EnvDSN, err)
	}
	admin.DBName = ""
	s := &Server{Host: host, Port: number, Database: "dbtest_" + randomHex(t, 6), t: t, admin: admin}
	s.asAdmin("CREATE DATABASE " + s.Database + " CHARACTER SET utf8mb4")
	s.admin = admin.Clone()
	s.admin.DBName = s.Database
	s.owner = s.newAccount("ALL PRIVILEGES")
	return s
}

// DSN is the go-sql-driver DSN of an account that may do everything in this
// database and nothing elsewhere. It asks for no parseTime.
func (s *Server) DSN() string { return s.owner.FormatDSN() }

// DSNAt is DSN with another address (host:port), such as a proxy's.
func (s *Server) DSNAt(addr string) string { return at(s.owner, addr) }

// AdminDSN is the DSN of the server's administrator, in this database.
func (s *Server) AdminDSN() string { return s.admin.FormatDSN() }

// Addr is the server's TCP address, host:port.
func (s *Server) Addr() string { return s.owner.Addr }

// Exec runs statements in this database as its owner, in one session. One string
// may hold several statements. The test ends at the first that fails.
func (s *Server) Exec(statements ...string) {
	s.t.Helper()
	s.exec(s.owner, statements)
}

// ExecAdmin is Exec as the server's administrator, for settings of the server
// and for other accounts.
func (s *Server) ExecAdmin(statements ...string) {
	s.t.Helper()
	s.asAdmin(statements...)
}

// CreateUser makes an account with the given privileges in this database, such
// as "SELECT", and returns its DSN. It is dropped when the test ends.
func (s *Server) CreateUser(privileges ...string) string {
	s.t.Helper()
	return s.newAccount(privileges...).FormatDSN()
}

func (s *Server) newAccount(privileges ...string) *mysql.Config {
	s.t.Helper()
	name, password := "dbt_"+randomHex(s.t, 6), randomHex(s.t, 12)
	quoted := "'" + name + "'@'%'"
	s.users = append(s.users, quoted)
	s.asAdmin("CREATE USER " + quoted + " IDENTIFIED BY '" + password + "'")
	for _, p := range privileges {
		s.asAdmin("GRANT " + p + " ON " + s.Database + ".* TO " + quoted)
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = name, password
	cfg.Net, cfg.Addr = "tcp", s.admin.Addr
	cfg.DBName = s.Database
	return cfg
}

// drop removes the database and its accounts. Sessions a test left open are
// ended first: one open transaction would hold the drop up for ever.
func (s *Server) drop() {
	for _, user := range s.users {
		s.asAdmin("DROP USER IF EXISTS " + user)
	}
	cfg := s.admin.Clone()
	cfg.DBName = ""
	s.withSession(cfg, func(ctx context.Context, session *sql.Conn) error {
		ids, err := sessionsIn(ctx, session, s.Database)
		if err != nil {
			return fmt.Errorf("looking for open sessions: %w", err)
		}
		for _, id := range ids {
			// A session may have ended by itself since it was listed.
			if _, err := session.ExecContext(ctx, "KILL "+strconv.FormatInt(id, 10)); err != nil && !isUnknownThread(err) {
				return fmt.Errorf("ending an open session: %w", err)
			}
		}
		if _, err := session.ExecContext(ctx, "DROP DATABASE IF EXISTS "+s.Database); err != nil {
			return fmt.Errorf("dropping the test's database: %w", err)
		}
		return nil
	})
}

func (s *Server) asAdmin(statements ...string) {
	s.t.Helper()
	s.exec(s.admin, statements)
}

func (s *Server) exec(account *mysql.Config, statements []string) {
	s.t.Helper()
	cfg := account.Clone()
	cfg.MultiStatements = true
	s.withSession(cfg, func(ctx context.Context, session *sql.Conn) error {
		for _, statement := range statements {
			if _, err := session.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("running %.200q: %w", statement, err)
			}
		}
		return nil
	})
}

// withSession lends one session. Nothing of it stays behind, goroutines
// included.
func (s *Server) withSession(cfg *mysql.Config, use func(context.Context, *sql.Conn) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		s.t.Fatalf("preparing a session: %v", err)
	}
	db := sql.OpenDB(connector)
	session, err := db.Conn(ctx)
	if err == nil {
		err = use(ctx, session)
		if closeErr := session.Close(); err == nil {
			err = closeErr
		}
	}
	if closeErr := db.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func at(account *mysql.Config, addr string) string {
	cfg := account.Clone()
	cfg.Addr = addr
	return cfg.FormatDSN()
}

func randomHex(t testing.TB, bytes int) string {
	t.Helper()
	raw := make([]byte, bytes)
	if _, err := rand.Read(raw); err != nil {
		t.Fatalf("reading random bytes: %v", err)
	}
	return hex.EncodeToString(raw)
}

// shared is the process's own server where no DSN is given.
var shared struct {
	sync.Mutex
	server *dbserver.Server
	users  int
}

func acquireShared() (*dbserver.Server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		server, err := dbserver.Start(context.Background())
		if err != nil {
			return nil, err
		}
		shared.server = server
	}
	shared.users++
	return shared.server, nil
}

// releaseShared ends the shared server with its last user. It is for systems
// where the server would outlive the test process.
func releaseShared(t testing.TB) {
	shared.Lock()
	defer shared.Unlock()
	shared.users--
	if shared.users > 0 {
		return
	}
	if err := shared.server.Stop(context.Background()); err != nil {
		t.Errorf("ending the shared server: %v", err)
	}
	shared.server = nil
}
