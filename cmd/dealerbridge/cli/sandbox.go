package cli

import (
	"errors"
	"io"
	"strings"
	"text/template"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

type sandboxCmd struct {
	Listen string `short:"l" placeholder:"HOST:PORT" default:"127.0.0.1:8090" env:"DEALERBRIDGE_SANDBOX_LISTEN" help:"Address to listen on (${default}); port 0 takes a free one."`
	Seed   uint64 `placeholder:"N" default:"1" help:"The same seed makes the same leads (${default})."`
	Leads  int    `placeholder:"N" default:"25" help:"How many leads wait at the beginning (${default})."`
	Dealer string `placeholder:"CODE" default:"D100" env:"DEALERBRIDGE_SANDBOX_DEALER" help:"Code of the dealer whose leads and customers are played (${default}); the client belongs to it."`

	Gateway       string `placeholder:"URL" env:"DEALERBRIDGE_SANDBOX_GATEWAY" help:"Address of a gateway that the Cat Rental Store posts messages to; more can be added below /control/portal/dealers."`
	GatewayClient string `placeholder:"ID" env:"DEALERBRIDGE_SANDBOX_GATEWAY_CLIENT" help:"The client id the gateway knows the store by; it needs the scopes crs.message and crs.read."`
	GatewaySecret string `placeholder:"SECRET" env:"DEALERBRIDGE_SANDBOX_GATEWAY_SECRET" help:"Its secret; better given in the environment."`
}

// gateways are those the flags name.
func (c sandboxCmd) gateways() []sandbox.Dealer {
	if c.Gateway == "" {
		return nil
	}
	return []sandbox.Dealer{{Code: c.Dealer, URL: c.Gateway, ClientID: c.GatewayClient, Secret: c.GatewaySecret}}
}

// Help is shown below the flags.
func (sandboxCmd) Help() string {
	return `Caterpillar's token, lead and QR services, and the Cat Rental Store with its customers, simulated, for people who have no test slot. Leads are made up, handed out once and kept in memory; updates are held against the rules and refused with every reason at once. Its client is "sandbox" with the secret "sandbox", so it listens on this machine only.

Below /control leads are added and changed, updates listed, and faults scripted: delays, errors, cut and lost answers, expired tokens. Below /control/portal customers start requests of every type, say more, cancel, approve quotes and talk about machines; each is a message to the gateway, in order and repeated until it is taken. The store takes messages of the dealer by its own reading of the rules, answers with error messages where they are broken, and reads again what it is told is new.`
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
	played, err := app.OpenSandbox(app.SandboxOptions{
		Listener: listener, Dealer: c.Dealer, Seed: c.Seed, Leads: c.Leads, Gateways: c.gateways(), Log: log, Now: s.now,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := introduceSandbox(s.out, played); err != nil {
		return errors.Join(err, listener.Close())
	}
	return played.Run(ctx)
}

func introduceSandbox(w io.Writer, s *app.Sandbox) error {
	return template.Must(template.New("sandbox").Parse(strings.TrimLeft(sandboxText, "\n"))).Execute(w, s)
}

const sandboxText = `
Caterpillar's side is played here; it is steered below {{.Control}}

In a configuration, at a dealer:
    leads: {service: '{{.Leads}}', tokenService: '{{.Token}}', clientId: {{.ClientID}}, clientSecret: {{.Secret}}}
    messages: {service: '{{.Messages}}', tokenService: '{{.Token}}', clientId: {{.ClientID}}, clientSecret: {{.Secret}}}
and beside the dealers:
qr: {service: '{{.QR}}', tokenService: '{{.Token}}', clientId: {{.ClientID}}, clientSecret: {{.Secret}}}

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

  # the Cat Rental Store gets to know a gateway; a customer asks for service, with a photo, and thinks better of it
  curl -s -H 'Content-Type: application/json' -d '{"code":"{{.Dealer}}","url":"http://127.0.0.1:8080","clientId":"ID","secret":"SECRET"}' {{.Control}}/portal/dealers
  curl -s -H 'Content-Type: application/json' -d '{"type":"service","photoBytes":200000}' {{.Control}}/portal/requests
  curl -s {{.Control}}/portal/requests
  curl -s -H 'Content-Type: application/json' -d '{"id":"ID OF THE REQUEST","act":"cancel"}' {{.Control}}/portal/requests/act

  # what happened so far; the updates that arrived; those that were refused, and why
  curl -s {{.Control}}/state
  curl -s {{.Control}}/updates
  curl -s {{.Control}}/refused

Ctrl-C ends it, and all it holds is gone.
`
