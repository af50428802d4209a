package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

type demoCmd struct {
	runFlags
	Pace time.Duration `placeholder:"TIME" default:"3s" help:"Pause between what the demo's made-up people do (${default})."`
}

// Help is shown below the flags.
func (demoCmd) Help() string {
	return `A fictional dealer, D100, with several thousand contracts in an embedded database that is untidy on purpose, a CRM, and Caterpillar's side played beside it: leads come and are reported back, a customer asks for service. Everybody knows the secrets, so the demo listens on this machine only. Everything is gone when it ends, unless --state names a folder to keep.`
}

// Run serves the demo until it is told to stop.
func (c demoCmd) Run(s *session) (err error) {
	cfg := config.Default()
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	if wrong := config.ListenAddress(cfg.Listen); wrong != "" {
		return usage("--listen: %s", wrong)
	}
	if !config.Loopback(cfg.Listen) {
		return usage("everybody knows the demo's secret, so it listens on this machine only: use 127.0.0.1:PORT, not %s", cfg.Listen)
	}
	if c.Pace < 0 {
		return usage("--pace: a pause is not below 0")
	}
	quiet := config.Log{Format: cfg.Log.Format, Level: slog.LevelWarn} // every request told would drown what is printed below
	if c.LogFormat != "" {
		cfg.Log.Format, quiet = c.LogFormat, config.Log{Format: c.LogFormat}
	}
	log := app.NewLog(s.err, cfg.Log)
	ctx, stop := untilTold(s.ctx, log, syscall.SIGHUP) // a closed terminal leaves nothing behind either
	defer stop()

	listener, err := app.Listen(ctx, cfg.Listen) // first: a taken address is told at once
	if err != nil {
		return err
	}
	opened := false
	defer func() {
		if !opened {
			err = errors.Join(err, listener.Close())
		}
	}()
	data, err := os.MkdirTemp("", "dealerbridge-demo-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()

	url := "http://" + listener.Addr().String()
	caterpillars, err := app.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	played, err := app.OpenSandbox(app.SandboxOptions{
		Listener: caterpillars, Log: log, Now: s.now, Seed: uint64(s.now().UnixMilli()), // ids no earlier demo had
		Gateways: []sandbox.Dealer{{Code: demo.Code, URL: url, ClientID: app.DemoClient, Secret: app.DemoSecret}},
	})
	if err != nil {
		return errors.Join(err, caterpillars.Close())
	}
	kept := c.State
	if kept != "" {
		if kept, err = filepath.Abs(kept); err != nil {
			return errors.Join(fmt.Errorf("finding the folder to keep: %w", err), caterpillars.Close())
		}
	}
	layout := app.DemoLayout{Data: data, Kept: kept, Listen: listener.Addr(), Played: played, Log: cfg.Log}
	cfg, err = app.PrepareDemo(ctx, layout, s.now)
	if err != nil {
		return errors.Join(err, caterpillars.Close())
	}
	gateway, err := app.Open(ctx, app.Options{
		Config: cfg, File: layout.Configuration(), Version: s.version, Log: log, RequestLog: app.NewLog(s.err, quiet), Now: s.now, Listener: listener,
	})
	if err != nil {
		return errors.Join(err, caterpillars.Close())
	}
	opened = true // from here on the gateway closes the address
	if err := gateway.Served(ctx); err != nil {
		fmt.Fprintf(s.err, "The demo's mapping is not in force: mend %s, and it is taken up within five seconds.\n%s\n", layout.Mapping(), err)
	}
	p := demoProse{
		Program: programName(), URL: url, Sandbox: "http://" + caterpillars.Addr().String(), Mapping: layout.Mapping(), Kept: kept,
		File: layout.Configuration(), Since: s.now().UTC().Add(-48 * time.Hour).Format("2006-01-02T15:04:05Z"), Machine: app.DemoCode,
	}
	story := &app.Story{Gateway: gateway, Played: played, CRM: layout.CRM(), Pace: c.Pace, Now: s.now, Tell: func(e app.DemoEvent) { p.tell(s.out, e) }}
	if err = story.Begin(); err == nil {
		p.Lead = story.Sold
		err = p.introduce(s.out)
	}
	if err != nil {
		return errors.Join(err, gateway.Close(), caterpillars.Close())
	}
	return performed(ctx, gateway, played, story, log)
}

// performed runs the parts of the demo until ctx ends, Caterpillar's side the
// longest, so that the gateway can finish what it is at.
func performed(ctx context.Context, gateway *app.App, played *app.Sandbox, story *app.Story, log *slog.Logger) error {
	telling, hush := context.WithCancel(ctx)
	playing, end := context.WithCancel(context.WithoutCancel(ctx))
	defer hush()
	defer end()
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := story.Run(telling); err != nil {
			log.Error("the demo's people stopped working", "err", err)
		}
	})
	var ended error
	parts.Go(func() {
		if ended = played.Run(playing); ended != nil {
			log.Error("Caterpillar's side ended", "err", ended)
		}
	})
	err := gateway.Run(ctx)
	hush()
	end()
	parts.Wait()
	return errors.Join(err, ended)
}

// programName is how this program is called in another terminal.
func programName() string {
	const usual = "dealerbridge"
	own, err := os.Executable()
	if err != nil || strings.TrimSuffix(filepath.Base(own), ".exe") != usual {
		return usual
	}
	found, err := exec.LookPath(usual)
	if err != nil {
		return quoted(own)
	}
	mine, err := os.Stat(own)
	if err != nil {
		return usual
	}
	theirs, err := os.Stat(found)
	if err != nil || !os.SameFile(mine, theirs) {
		return quoted(own)
	}
	return usual
}

// plainWord is what no shell reads anything into.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9/._+:@%,=-]+$`)

// quoted writes a word so that a shell takes it as it stands.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
