package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// runFlags are the same wherever a gateway runs.
type runFlags struct {
	Listen    string `short:"l" placeholder:"HOST:PORT" env:"DEALERBRIDGE_LISTEN" help:"Address to listen on; port 0 takes a free one."`
	State     string `placeholder:"DIR" env:"DEALERBRIDGE_STATE" help:"Folder of the gateway's own state, made when absent."`
	LogFormat string `placeholder:"FORMAT" enum:",text,json" default:"" env:"DEALERBRIDGE_LOG_FORMAT" help:"How to log: text or json."`
}

type serveCmd struct {
	Config string `short:"c" placeholder:"FILE" default:"dealerbridge.yaml" env:"DEALERBRIDGE_CONFIG" help:"Configuration file (${default})."`
	runFlags
}

// Help is shown below the flags.
func (serveCmd) Help() string {
	return `A dealer whose mapping has faults, or whose database is away, is answered 503 and named by /readyz; the others are served. Changed mapping folders and renewed certificates are taken up without a restart.

Ctrl-C (or SIGTERM) lets requests in flight finish; a second one ends at once.`
}

// Run serves until it is told to stop.
func (c serveCmd) Run(s *session) error {
	cfg, err := config.Load(c.Config, s.env, config.Overrides{Listen: c.Listen, State: c.State, LogFormat: c.LogFormat})
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no configuration at %s; name it with --config FILE (or try: dealerbridge demo)", c.Config)
	}
	if err != nil {
		return err
	}
	log := app.NewLog(s.err, cfg.Log)
	ctx, stop := untilTold(s.ctx, log)
	defer stop()
	defer app.HoldMemory(cfg.Memory, s.env)()
	gateway, err := app.Open(ctx, app.Options{Config: cfg, File: c.Config, Version: s.version, Log: log, Now: s.now})
	if err != nil {
		return err
	}
	return gateway.Run(ctx)
}

// untilTold ends the context with the first signal; from then on a second one
// ends the process at once.
func untilTold(parent context.Context, log *slog.Logger, further ...os.Signal) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(parent, append(further, syscall.SIGINT, syscall.SIGTERM)...)
	quiet := context.AfterFunc(ctx, func() {
		stop() // the next signal has its usual effect
		if parent.Err() == nil {
			log.Info("stopping; requests in flight may finish (a second signal ends at once)")
		}
	})
	return ctx, func() {
		quiet()
		stop()
	}
}

// faultsOf gives the faults of a file an error carries.
func faultsOf(err error) mapfile.Faults {
	var faults mapfile.Faults
	errors.As(err, &faults)
	return faults.Sorted()
}
