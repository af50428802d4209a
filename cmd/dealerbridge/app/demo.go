package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// The demo's clients; everybody knows their secrets.
const (
	DemoClient   = "demo" // the Cat Rental Store's, and whoever tries the API
	DemoSecret   = "demo"
	DemoOperator = "desk" // for the operator's API
	DemoPassword = "desk"
)

// DemoLayout says where the demo lies.
type DemoLayout struct {
	Data   string // a folder that is thrown away: the rental database and the documents
	Kept   string // where somebody wants to keep the rest: state, mapping, CRM, configuration; "" keeps nothing
	Listen net.Addr
	Played *Sandbox // Caterpillar's side
	Log    config.Log
}

func (l DemoLayout) at(name string) string {
	if l.Kept != "" {
		return filepath.Join(l.Kept, name)
	}
	return filepath.Join(l.Data, name)
}

// Mapping is the folder of the demo's mapping files.
func (l DemoLayout) Mapping() string { return l.at("mapping") }

// CRM is the file of the demo's CRM.
func (l DemoLayout) CRM() string { return l.at("crm.db") }

// Configuration is the file that says all this to other commands.
func (l DemoLayout) Configuration() string { return l.at("dealerbridge.yaml") }

// state is the folder of the gateway's own state.
func (l DemoLayout) state() string {
	if l.Kept != "" {
		return l.Kept
	}
	return filepath.Join(l.Data, "state")
}

// PrepareDemo lays the demo dealer out and returns its configuration, as it
// stands in the file. The rental database and the documents are made afresh; the
// CRM and the mapping are made where there are none, so that what somebody tried
// in them stays.
func PrepareDemo(ctx context.Context, l DemoLayout, now func() time.Time) (config.Config, error) {
	cfg, err := prepareDemo(ctx, l, now)
	if err != nil {
		return cfg, fmt.Errorf("preparing the demo: %w", err)
	}
	return cfg, nil
}

func prepareDemo(ctx context.Context, l DemoLayout, now func() time.Time) (config.Config, error) {
	if err := os.MkdirAll(l.state(), 0o700); err != nil {
		return config.Config{}, err
	}
	if err := os.WriteFile(l.Configuration(), l.configuration(), 0o600); err != nil {
		return config.Config{}, err
	}
	cfg, err := config.Load(l.Configuration(), os.LookupEnv, config.Overrides{LogFormat: l.Log.Format})
	if err != nil {
		return cfg, err
	}
	d := cfg.Dealers[0]
	if err := fillDemo(ctx, d, now()); err != nil {
		return cfg, err
	}
	if err := fillDemoCRM(ctx, d.CRM.Path); err != nil {
		return cfg, err
	}
	if _, err := os.Stat(d.Mapping); errors.Is(err, fs.ErrNotExist) {
		if err := os.CopyFS(d.Mapping, demo.Mapping()); err != nil {
			return cfg, fmt.Errorf("laying out the mapping: %w", err)
		}
	}
	return cfg, addDemoClients(ctx, cfg.State, now)
}

// configuration writes the file.
func (l DemoLayout) configuration() []byte {
	var b strings.Builder
	t := template.Must(template.New("configuration").Funcs(template.FuncMap{"quote": quoteYAML}).Parse(demoConfiguration))
	err := t.Execute(&b, struct {
		*Sandbox
		Listen, Code, State, Mapping, CRM, Rental, Documents string
	}{
		l.Played, l.Listen.String(), demo.Code, l.state(), l.Mapping(), l.CRM(), filepath.Join(l.Data, "rental.db"), filepath.Join(l.Data, "documents"),
	})
	if err != nil {
		panic(err) // a template and texts
	}
	return []byte(b.String())
}

// quoteYAML writes a path so that it means itself in a configuration.
func quoteYAML(text string) string {
	return "'" + strings.NewReplacer("'", "''", "${", "$${").Replace(text) + "'"
}

const demoConfiguration = `# The demo's configuration, written anew whenever the demo starts. The secrets are no secrets.
listen: {{.Listen}}
publicURL: http://{{.Listen}}
state: {path: {{quote .State}}}
qr:
  clientId: {{.ClientID}}
  clientSecret: {{.Secret}}
  service: {{.QR}}
  tokenService: {{.Token}}
dealers:
  - code: {{.Code}}
    mapping: {{quote .Mapping}}
    database: {driver: sqlite, path: {{quote .Rental}}}
    documents: {{quote .Documents}}
    crm: {driver: sqlite, path: {{quote .CRM}}}
    leads:
      service: {{.Leads}}
      tokenService: {{.Token}}
      clientId: {{.ClientID}}
      clientSecret: {{.Secret}}
      pull: 10s                 # 15m where nobody is watching
      push: 1s                  # 60s
    messages:
      service: {{.Messages}}
      tokenService: {{.Token}}
      clientId: {{.ClientID}}
      clientSecret: {{.Secret}}
`

// openDemo opens a SQLite file that nobody else has open.
func openDemo(path string) (*sql.DB, error) {
	// A file that is made at one go needs no journal: this is what makes it quick.
	q := url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "locking_mode(EXCLUSIVE)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func fillDemo(ctx context.Context, d config.Dealer, now time.Time) (err error) {
	db, err := openDemo(d.Database.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := demo.Load(ctx, db, demo.SQLite, demo.Options{Today: now}); err != nil {
		return err
	}
	if err := demo.TagMachine(ctx, db); err != nil {
		return err
	}
	return demo.WriteDocuments(ctx, db, d.Documents)
}

// fillDemoCRM makes the CRM unless it is there. It gets its name when it is
// whole.
func fillDemoCRM(ctx context.Context, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	half := path + ".half"
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := openDemo(half)
	if err != nil {
		return err
	}
	if err := errors.Join(demo.LoadCRM(ctx, db, demo.SQLite, ""), db.Close()); err != nil {
		return err
	}
	return os.Rename(half, path)
}

// addDemoClients makes the demo's clients unless the state has them already.
func addDemoClients(ctx context.Context, state config.State, now func() time.Time) (err error) {
	store, err := OpenState(ctx, state, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	clients := token.Registry{Store: store, Now: now}
	for _, c := range []struct {
		id, note, secret string
		scopes           []string
	}{
		{DemoClient, "the demo's own client", DemoSecret, nil},
		{DemoOperator, "the demo's rental desk", DemoPassword, []string{token.ScopeOperate, token.ScopeOperateWrite}},
	} {
		_, err := clients.Add(ctx, c.id, c.note, []string{demo.Code}, c.scopes, c.secret)
		if err != nil && !errors.Is(err, token.ErrClientExists) {
			return err
		}
	}
	return nil
}
