package cli

import (
	"errors"
	"io"
	"strings"
	"text/template"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

type sandboxCmd struct {
	Listen string `short:"l" placeholder:"HOST:PORT" default:"127.0.0.1:8090" env:"DEALERBRIDGE_SANDBOX_LISTEN" help:"Address to listen on (${default}); port 0 takes a free one."`
	Seed   uint64 `placeholder:"N" default:"1" help:"The same seed makes the same leads (${default})."`
	Leads  int    `placeholder:"N" default:"25" help:"How many leads wait at the beginning (${default})."`
}

// Help is shown below the flags.
func (sandboxCmd) Help() string {
	return `Caterpillar's token, lead and QR services, simulated, for people who have no test slot. Leads are made up, handed out once and kept in memory; updates are held against the rules and refused with every reason at once. Its client is "sandbox" with the secret "sandbox", so it listens on this machine only.

Below /control leads are added and changed, updates listed, and faults scripted: delays, errors, cut and lost answers, expired tokens.`
}

// Run serves until it is told to stop.
func (c sandboxCmd) Run(s *session) (err error) {
	if wrong := config.ListenAddress(c.Listen); wrong != "" {
		return usage("--listen: %s", wrong)
	}
	if !config.Loopback(c.Listen) {
		return usage("everybody knows the sandbox's secret, so it listens on this machine only: use 127.0.0.1:PORT, not %s", c.Listen)
	}
	if c.Leads < 0 {
		return usage("--leads: %d is below 0", c.Leads)
	}
	log := app.NewLog(s.err, config.Default().Log)
	ctx, stop := untilTold(s.ctx, log)
	defer stop()
	listener, err := app.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	sandbox, err := app.OpenSandbox(app.SandboxOptions{Listener: listener, Seed: c.Seed, Leads: c.Leads, Log: log, Now: s.now})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := introduceSandbox(s.out, sandbox); err != nil {
		return errors.Join(err, listener.Close())
	}
	return sandbox.Run(ctx)
}

func introduceSandbox(w io.Writer, s *app.Sandbox) error {
	return template.Must(template.New("sandbox").Parse(strings.TrimLeft(sandboxText, "\n"))).Execute(w, s)
}

const sandboxText = `
Caterpillar's side, simulated. For a dealer's configuration:
  token  {{.Token}}
  leads  {{.Leads}} (version v2)
  qr     {{.QR}}
  client {{.ClientID}}, secret {{.Secret}}
Paste these into another terminal:

  # a token, then two leads; each is handed out once
  TOKEN=$(curl -s -u {{.ClientID}}:{{.Secret}} -d grant_type=client_credentials -d scope=manage:all {{.Token}} | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
  curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Accept: application/json' '{{.Leads}}/v2/leads?limit=2'

  # a machine by its code
  curl -s -H "Authorization: Bearer $TOKEN" {{.QR}}/qrCodeAssociations/SBXCODE1

  # more leads, the oldest made 300 days ago
  curl -s -H 'Content-Type: application/json' -d '{"count":100,"spreadDays":300}' {{.Control}}/leads/make

  # the next answer with leads is lost after they were handed out; the call after it fails
  curl -s -H 'Content-Type: application/json' -d '[{"on":"leads","kind":"lost"},{"on":"leads","kind":"status","status":503,"retryAfter":"5"}]' {{.Control}}/faults

  # what happened so far; the updates that arrived; those that were refused, and why
  curl -s {{.Control}}/state
  curl -s {{.Control}}/updates
  curl -s {{.Control}}/refused

Ctrl-C ends it, and all it holds is gone.
`
