package sales

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// The dealer, and how it is known to Caterpillar.
const (
	dealer = "D100"
	client = "bench"
	secret = "bench-secret"
)

// account is the gateway's on the CRM, so that the server can tell what it spends on
// it.
const account = "bench_crm"

// World is a dealer with an empty CRM, and leads that wait for it.
type World struct {
	box    *sandbox.Sandbox
	web    *http.Server
	base   string
	crm    *sql.DB // the bench's own way to the CRM
	config string
	name   string // of the database
}

// Open makes a CRM in a database of its own, and so many leads that wait. server is
// a DSN that may make databases and accounts; dir is empty.
func Open(ctx context.Context, server, name, dir string, leads int) (_ *World, err error) {
	w := &World{name: name}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	own, err := w.makeCRM(ctx, server)
	if err != nil {
		return nil, err
	}
	if w.box, err = sandbox.New(sandbox.Options{Seed: 5, Clients: []sandbox.Client{{ID: client, Secret: secret, Dealer: dealer}}}); err != nil {
		return nil, fmt.Errorf("opening the sandbox: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	w.web, w.base = &http.Server{Handler: w.box, ReadHeaderTimeout: 5 * time.Second}, "http://"+l.Addr().String()
	go func() { _ = w.web.Serve(l) }() // it ends with Close, and who calls it after that is told
	if err := w.configure(dir, own); err != nil {
		return nil, err
	}
	for left := leads; left > 0; left -= atOnce {
		if _, err := w.box.MakeLeads(sandbox.Make{Count: min(left, atOnce)}); err != nil {
			return nil, fmt.Errorf("making leads: %w", err)
		}
	}
	return w, nil
}

// atOnce is how many leads the sandbox makes in one go.
const atOnce = 1000

// makeCRM makes the tables and the gateway's account, and gives its DSN.
func (w *World) makeCRM(ctx context.Context, server string) (string, error) {
	cfg, err := mysql.ParseDSN(server)
	if err != nil {
		return "", errors.New("the DSN cannot be read; write user:password@tcp(host:port)/")
	}
	cfg.DBName, cfg.MultiStatements = "", true
	all, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		return "", fmt.Errorf("opening the server: %w", err)
	}
	defer func() { _ = all.Close() }() // nothing is under way
	for _, statement := range []string{
		"drop database if exists `" + w.name + "`", "create database `" + w.name + "`",
		"create user if not exists '" + account + "'@'%' identified by '" + secret + "'",
		"grant select, insert, update on `" + w.name + "`.* to '" + account + "'@'%'",
	} {
		if _, err := all.ExecContext(ctx, statement); err != nil {
			return "", fmt.Errorf("making the CRM: %w", err)
		}
	}
	cfg.DBName, cfg.MultiStatements, cfg.InterpolateParams = w.name, false, true
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	if w.crm, err = sql.Open("mysql", cfg.FormatDSN()); err != nil {
		return "", fmt.Errorf("opening the CRM: %w", err)
	}
	for _, statement := range demo.CRMSchema(demo.MySQL, "InnoDB") {
		if _, err := w.crm.ExecContext(ctx, statement); err != nil {
			return "", fmt.Errorf("making the CRM: %w", err)
		}
	}
	own := mysql.NewConfig()
	own.User, own.Passwd, own.Net, own.Addr, own.DBName = account, secret, cfg.Net, cfg.Addr, w.name
	return own.FormatDSN(), nil
}

// configure writes the demo dealer's mapping, with numbers for more than 9,999 leads
// a month, and the configuration.
func (w *World) configure(dir, dsn string) error {
	mapping := filepath.Join(dir, "mapping")
	if err := os.CopyFS(mapping, demo.Mapping()); err != nil {
		return fmt.Errorf("writing the mapping: %w", err)
	}
	crm := filepath.Join(mapping, "crm.yaml")
	text, err := os.ReadFile(crm)
	if err != nil {
		return fmt.Errorf("reading the mapping: %w", err)
	}
	longer := []byte(strings.ReplaceAll(string(text), "{next:4}", "{next:6}"))
	//nolint:gosec // the folder is this program's own
	if err := errors.Join(os.WriteFile(crm, longer, 0o600), os.Remove(filepath.Join(mapping, "rms.yaml"))); err != nil {
		return fmt.Errorf("writing the mapping: %w", err)
	}
	w.config = filepath.Join(dir, "dealerbridge.yaml")
	settings := fmt.Sprintf(`publicURL: http://127.0.0.1:8080
state: {path: state}
dealers:
  - code: %s
    mapping: mapping
    database: {driver: sqlite, path: rental.db}
    crm: {driver: mysql, dsn: '%s', maxConnections: 4}
    leads: {clientId: %s, clientSecret: %s, service: '%s', tokenService: '%s'}
`, dealer, dsn, client, secret, w.base+sandbox.LeadBase, w.base+sandbox.TokenPath)
	if err := errors.Join(os.WriteFile(w.config, []byte(settings), 0o600), os.WriteFile(filepath.Join(dir, "rental.db"), nil, 0o600)); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}

// Close ends the sandbox and removes the CRM.
func (w *World) Close() error {
	var errs []error
	if w.web != nil {
		errs = append(errs, w.web.Close())
	}
	if w.crm != nil {
		_, err := w.crm.ExecContext(context.Background(), "drop database `"+w.name+"`")
		errs = append(errs, err, w.crm.Close())
	}
	return errors.Join(errs...)
}

// Cost is what some work took.
type Cost struct {
	Took     time.Duration // start of the program included
	CPU      time.Duration // of the gateway
	Database time.Duration // during which the CRM's server was at work for it; 0 where it does not tell
	Memory   int64         // the most the gateway had, bytes
}

// Command runs `leads` and a command of it to its end.
func (w *World) Command(ctx context.Context, program, name string) (Cost, error) {
	before, err := w.spent(ctx)
	if err != nil {
		return Cost{}, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "leads", name, "--config", w.config) //nolint:gosec // the program to measure
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Cost{}, fmt.Errorf("starting leads %s: %w", name, err)
	}
	memory := watch(load.Process(cmd.Process.Pid))
	err = cmd.Wait()
	c := Cost{Took: time.Since(began), Memory: memory()}
	if err != nil {
		return c, fmt.Errorf("leads %s: %w\n%s", name, err, &out)
	}
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	after, err := w.spent(ctx)
	c.Database = after - before
	return c, err
}

// watch looks at a process until the function it returns is called, which tells the
// most memory the process had. What the system tells of an ended process will not do:
// it counts what this program had when it started it.
func watch(p load.Process) func() int64 {
	stop := make(chan struct{})
	most := make(chan int64)
	go func() {
		var last int64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if _, now := p.Memory(); now > 0 {
					last = now
				}
			case <-stop:
				most <- last
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-most
	}
}

// spent is how long the server was at work for the gateway's account. MariaDB counts
// that when it is told to; other servers do not.
func (w *World) spent(ctx context.Context) (time.Duration, error) {
	if _, err := w.crm.ExecContext(ctx, "set global userstat = 1"); err != nil {
		return 0, nil //nolint:nilerr // a server without it
	}
	var seconds sql.NullFloat64
	err := w.crm.QueryRowContext(ctx, "select sum(busy_time) from information_schema.user_statistics where user = ?", account).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("asking what the CRM's server spent: %w", err)
	}
	return time.Duration(seconds.Float64 * float64(time.Second)), nil
}

// Work has the sales people take up every lead of the CRM.
func (w *World) Work(ctx context.Context) error {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		return fmt.Errorf("finding the dealer's zone: %w", err)
	}
	_, err = w.crm.ExecContext(ctx, "update LEADS set STATUS = 'WK', FEEDBACK = 'seen', CHANGED = ? where MADEBY = 'CATLEAD'", time.Now().In(zone).Format(time.DateTime))
	if err != nil {
		return fmt.Errorf("working on leads: %w", err)
	}
	return nil
}

// Stand makes sure that so many leads are in the CRM.
func (w *World) Stand(ctx context.Context, leads int) error {
	var n int
	if err := w.crm.QueryRowContext(ctx, "select count(*) from LEADCF f join LEADS l on l.LEADNO = f.LEADNO where f.CF_701 is not null and l.MADEBY = 'CATLEAD'").Scan(&n); err != nil {
		return fmt.Errorf("counting leads: %w", err)
	}
	if n != leads {
		return fmt.Errorf("%d of %d leads are in the CRM", n, leads)
	}
	return nil
}

// Arrived makes sure that so many updates were taken and none refused.
func (w *World) Arrived(updates int) error {
	if n, refused := len(w.box.Updates(0)), w.box.Refusals(); n != updates || len(refused) > 0 {
		return fmt.Errorf("%d of %d updates arrived, %d were refused", n, updates, len(refused))
	}
	return nil
}
