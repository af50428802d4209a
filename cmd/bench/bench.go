package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/bare"
	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
	"github.com/dealerbridge/dealerbridge/cmd/bench/report"
	"github.com/dealerbridge/dealerbridge/cmd/bench/target"
	"github.com/dealerbridge/dealerbridge/cmd/bench/yard"
)

// bench is one run.
type bench struct {
	settings
	out, progress io.Writer

	gateway, baseline *target.Server
	recorder          *bare.Recorder
	runner            *bare.Runner
	database          load.Process
	log               *os.File // of the servers
	report            report.Report
}

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.progress, format+"\n", args...) // a terminal that is gone stops nothing
}

func (b *bench) run(ctx context.Context, server string) (err error) {
	began := time.Now()
	dsn, err := yard.Database(ctx, server, "bench_"+b.size.Name)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "dealerbridge-bench-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if b.only == "leads" { // they need nothing of the yard
		b.report.Size, b.report.Machine = b.size.Name, report.ThisMachine()
		if err := b.measureLeads(ctx, server, dir); err != nil {
			return fmt.Errorf("measuring leads: %w", err)
		}
		b.report.Took = time.Since(began)
		return b.tell()
	}
	if err := b.fill(ctx, dsn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx, dsn, dir); err != nil {
		return err
	}
	if b.soak > 0 {
		return b.watch(ctx)
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	if b.only == "" {
		if err := b.measureLeads(ctx, server, dir); err != nil {
			return fmt.Errorf("measuring leads: %w", err)
		}
	}
	b.report.Took = time.Since(began)
	return b.tell()
}

// fill generates the rows and learns which process the server is.
func (b *bench) fill(ctx context.Context, dsn string) (err error) {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	began := time.Now()
	built, err := yard.Load(ctx, db, b.size, func(table string, took time.Duration) {
		if took > 5*time.Second {
			b.say("%s loaded in %s", table, took.Round(time.Second))
		}
	})
	if err != nil {
		return fmt.Errorf("generating the yard: %w", err)
	}
	if built {
		b.say("%d contracts and all that hangs on them generated in %s", b.size.Contracts, time.Since(began).Round(time.Second))
	}
	var pidFile, data, version string
	if err := db.QueryRowContext(ctx, "select @@pid_file, @@datadir, version()").Scan(&pidFile, &data, &version); err != nil {
		return fmt.Errorf("asking for the server's process: %w", err)
	}
	b.report.Database = version
	if !filepath.IsAbs(pidFile) {
		pidFile = filepath.Join(data, pidFile)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		b.say("the database server runs elsewhere; its processor time is not known")
		return nil
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		b.database = load.Process(pid)
	}
	return nil
}

func (b *bench) open(ctx context.Context, dsn, dir string) (err error) {
	if b.log, err = os.Create(filepath.Join(dir, "servers.log")); err != nil {
		return fmt.Errorf("making a log: %w", err)
	}
	if b.gateway, err = target.Gateway(ctx, b.settings.gateway, dir, dsn, b.log); err != nil {
		return b.withLog(err)
	}
	if b.baseline, err = target.Baseline(ctx, dsn, b.log); err != nil {
		return b.withLog(err)
	}
	if b.recorder, err = bare.Record(ctx, dsn); err != nil {
		return err
	}
	if b.runner, err = bare.Open(dsn, target.Connections); err != nil {
		return err
	}
	b.report.Size, b.report.Contracts = b.size.Name, b.size.Contracts
	b.report.Machine = report.ThisMachine()
	b.report.StartUp = b.gateway.Started
	if info, err := os.Stat(b.settings.gateway); err == nil {
		b.report.Binary = info.Size()
	}
	return nil
}

// withLog adds what the servers said last.
func (b *bench) withLog(err error) error {
	text, lerr := os.ReadFile(b.log.Name())
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Errorf("%w\n%s", err, strings.Join(lines[max(0, len(lines)-8):], "\n"))
}

func (b *bench) close() error {
	var errs []error
	for _, s := range []*target.Server{b.gateway, b.baseline} {
		if s != nil {
			errs = append(errs, s.Stop())
		}
	}
	if b.recorder != nil {
		errs = append(errs, b.recorder.Close())
	}
	if b.runner != nil {
		errs = append(errs, b.runner.Close())
	}
	if b.log != nil {
		errs = append(errs, b.log.Close())
	}
	return errors.Join(errs...)
}

func (b *bench) measure(ctx context.Context) (err error) {
	w, err := b.works(ctx)
	if err != nil {
		return err
	}
	if err := b.sameAnswers(ctx, w); err != nil {
		return err
	}
	stop, err := b.watchCPU(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, part := range []struct {
		name string
		run  func(context.Context, works) error
	}{
		{"contract", b.contract}, {"endpoints", b.endpoints}, {"depth", b.depth}, {"pull", b.pull},
	} {
		if b.only == "" || b.only == part.name {
			if err := part.run(ctx, w); err != nil {
				return fmt.Errorf("measuring %s: %w", part.name, err)
			}
		}
	}
	now, most := b.gateway.Process.Memory()
	b.report.Memory, b.report.MemoryMost = now, most
	b.report.MemoryOwn, b.report.MemoryFiles = b.gateway.Process.Kinds()
	_, b.report.BaselineMemoryMost = b.baseline.Process.Memory()
	return nil
}

// tell prints the table, writes the files and ends with the one line.
func (b *bench) tell() error {
	if err := b.report.Table(b.out); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{b.json, b.report.JSON}, {b.svg, b.report.Chart}} {
		if f.name == "" {
			continue
		}
		if err := writeFile(f.name, f.write); err != nil {
			return err
		}
	}
	return b.report.LastLine(b.out)
}

func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := write(f); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// watch keeps the gateway under the load of eight clients and prints its memory
// once a minute.
func (b *bench) watch(ctx context.Context) error {
	w, err := b.works(ctx)
	if err != nil {
		return err
	}
	const every = time.Minute
	for left, round := b.soak, 0; left > 0; left, round = left-every, round+1 {
		if err := b.gateway.Renew(ctx); err != nil {
			return b.withLog(err)
		}
		r, err := loaded(ctx, askGateway, b.callers(askGateway, w.contract, 8, round), min(every, left))
		if err != nil {
			return b.withLog(err)
		}
		now, most := b.gateway.Process.Memory()
		own, files := b.gateway.Process.Kinds()
		if _, err := fmt.Fprintf(b.out, "%s  %7.1f requests/s  p99 %s  memory %.1f MiB (own %.1f, files %.1f), most %.1f MiB\n",
			time.Duration(round+1)*every, r.PerSecond(), r.Quantile(0.99).Round(time.Millisecond), mib(now), mib(own), mib(files), mib(most)); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	return nil
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
