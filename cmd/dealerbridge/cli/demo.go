package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

type demoCmd struct {
	runFlags
}

// Help is shown below the flags.
func (demoCmd) Help() string {
	return `A fictional dealer, D100, with several thousand contracts in an embedded database that is untidy on purpose. Its client is "demo" with the secret "demo", so the demo listens on this machine only. Everything is gone when it ends, unless --state names a folder to keep.`
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
	cfg.Listen = listener.Addr().String()
	cfg.PublicURL = "http://" + cfg.Listen
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
	cfg.State.Path = filepath.Join(data, "state")
	mapping := filepath.Join(data, demoMapping)
	if c.State != "" {
		cfg.State.Path = c.State
		mapping = filepath.Join(c.State, demoMapping)
	}
	if err := app.AddDemoClient(ctx, cfg.State, s.now); err != nil {
		return err
	}
	dealer, err := app.PrepareDemo(ctx, data, mapping, s.now())
	if err != nil {
		return err
	}
	cfg.Dealers = []config.Dealer{dealer}
	gateway, err := app.Open(ctx, app.Options{Config: cfg, File: "demo", Version: s.version, Log: log, RequestLog: app.NewLog(s.err, quiet), Now: s.now, Listener: listener})
	if err != nil {
		return err
	}
	opened = true // from here on the gateway closes the address
	if err := gateway.Served(ctx); err != nil {
		fmt.Fprintf(s.err, "The demo's mapping is not in force: mend %s, and it is taken up within five seconds.\n%s\n", mapping, err)
	}
	if err := introduce(s.out, introduction{
		URL: cfg.PublicURL, Mapping: filepath.Join(mapping, "rms.yaml"), Kept: c.State,
		Since: s.now().UTC().Add(-48 * time.Hour).Format("2006-01-02T15:04:05Z"),
	}); err != nil {
		return errors.Join(err, gateway.Close())
	}
	return gateway.Run(ctx)
}

// demoMapping is the folder of the demo's mapping inside its state or data.
const demoMapping = "mapping"

// introduction is what the demo says about itself.
type introduction struct {
	URL, Mapping, Kept, Since string
}

func introduce(w io.Writer, i introduction) error {
	t := template.Must(template.New("demo").Parse(strings.TrimLeft(demoText, "\n")))
	return t.Execute(w, i)
}

const demoText = `
Prairie Line Rentals (dealer D100) is served at {{.URL}}
Paste these into another terminal:

  # a token, good for an hour
  TOKEN=$(curl -s -u demo:demo -d grant_type=client_credentials {{.URL}}/oauth2/token | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')

  # the active contracts of one customer, two on a page; of several customers at once
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/contract?customer=0000412&items=2'
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/contract?customer=0000412,0001007&items=5&page=1'

  # where that customer works
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/jobsite?customer=0000412'

  # the catalog with a customer's own rates, which go before those of the book
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/dealer-category?customer=0000214'

  # the newest invoices
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/invoice?customer=0000412&items=3'

  # one customer; the branches; whose data changed in the last two days
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/customer?customer=0000412'
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/location'
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/incremental?since={{.Since}}'

  # a contract as PDF, behind the same credentials
  PDF=$(curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/contract?customer=0000211' | sed -n 's/.*"pdfUrl":"\([^"]*\)".*/\1/p')
  curl -s -H "Authorization: Bearer $TOKEN" -o contract.pdf "$PDF"

  # is everything well?
  curl -s {{.URL}}/readyz

All of it comes out of one file:
  {{.Mapping}}
Look at how one contract is put together (contract:), what keeps the second company in the
same tables out (owner:), and how codes and odd dates are read (maps:, date:). Change a line
and save: the gateway takes it up within five seconds, and if the line has a fault, says so
here and keeps serving the version before.
{{if .Kept}}
The state and the mapping stay in {{.Kept}}; clients are managed with
  dealerbridge client list --state {{.Kept}}
{{end}}
Ctrl-C ends the demo.
`
