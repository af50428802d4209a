// Command bench measures the gateway beside a server written by hand, on one
// generated rental database, in one run.
//
//	bench -size medium          generate if need be, measure, print a table
//	bench -soak 1h              keep the gateway under load and watch its memory
//	bench baseline HOST:PORT    be the hand-written server (the bench starts it)
//
// The database server is named in DEALERBRIDGE_TEST_DSN; `make bench` starts a
// private one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/baseline"
	"github.com/dealerbridge/dealerbridge/cmd/bench/target"
	"github.com/dealerbridge/dealerbridge/cmd/bench/yard"
)

// envServer names the database server, as for the tests.
const envServer = "DEALERBRIDGE_TEST_DSN"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintln(os.Stderr, "bench:", err) // nobody is left to tell
		}
		stop()
		os.Exit(1) // stop was called
	}
}

// settings are what the command line says.
type settings struct {
	size     yard.Size
	gateway  string // program
	duration time.Duration
	rounds   int
	json     string
	svg      string
	soak     time.Duration
	profile  string
	only     string
	leads    int
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) == 2 && args[0] == "baseline" {
		return serveBaseline(ctx, args[1])
	}
	o, err := read(args, progress)
	if err != nil {
		return err
	}
	dsn := os.Getenv(envServer)
	if dsn == "" {
		return fmt.Errorf("%s names no database server; `make bench` starts one", envServer)
	}
	b := &bench{settings: o, out: out, progress: progress}
	return b.run(ctx, dsn)
}

func read(args []string, complain io.Writer) (settings, error) {
	var o settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(complain)
	size := f.String("size", "medium", "small, medium or large: 2 thousand, 100 thousand or 1 million contracts")
	f.StringVar(&o.gateway, "gateway", "bin/dealerbridge", "the gateway's program")
	f.DurationVar(&o.duration, "duration", 0, "of one run of one target; 0 is what suits the size")
	f.IntVar(&o.rounds, "rounds", 0, "how often every target has its turn; 0 is what suits the size")
	f.StringVar(&o.json, "json", "", "file to write all figures to, as JSON")
	f.StringVar(&o.svg, "svg", "", "file to draw the chart into")
	f.StringVar(&o.only, "only", "", "one part alone: contract, endpoints, depth, pull, leads")
	f.IntVar(&o.leads, "leads", 0, "how many leads go into a CRM and are reported back; 0 is what suits the size")
	f.StringVar(&o.profile, "cpuprofile", "", "file to write what the gateway's processor time went into, by perf; wants a gateway that was not stripped")
	f.DurationVar(&o.soak, "soak", 0, "instead of measuring, keep the gateway under load for so long and watch its memory")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var ok bool
	if o.size, ok = yard.Sizes[*size]; !ok || f.NArg() > 0 {
		return o, errors.New("the size is small, medium or large, and there are no arguments beside the flags")
	}
	if parts := []string{"", "contract", "endpoints", "depth", "pull", "leads"}; !slices.Contains(parts, o.only) {
		return o, fmt.Errorf("-only takes one of %v", parts[1:])
	}
	if o.leads <= 0 {
		o.leads = leadsOf[*size]
	}
	if o.duration <= 0 {
		o.duration = 5 * time.Second
		if *size == "small" {
			o.duration = 1500 * time.Millisecond
		}
	}
	if o.rounds <= 0 {
		o.rounds = 5
		if *size == "small" {
			o.rounds = 3
		}
	}
	return o, nil
}

// serveBaseline is the other role of this program.
func serveBaseline(ctx context.Context, address string) (err error) {
	s, err := baseline.Open(ctx, os.Getenv(target.EnvDSN), yard.Zone, target.Connections)
	if err != nil {
		return fmt.Errorf("opening the hand-written server: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	h := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = h.Close() // the connections are the bench's own
	}()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
