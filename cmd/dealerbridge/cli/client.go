package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/server/token"
)

type clientCmd struct {
	Add    clientAddCmd    `cmd:"" help:"Make a client and print its secret, once."`
	List   clientListCmd   `cmd:"" help:"List all clients."`
	Rotate clientRotateCmd `cmd:"" help:"Give a client a new secret and print it, once. The old one, and every token got with it, ends now."`
	Revoke clientRevokeCmd `cmd:"" help:"End a client for good. Its secret and its tokens are refused from now on."`
}

// stateFlags say whose clients are meant.
type stateFlags struct {
	Config string `short:"c" placeholder:"FILE" default:"dealerbridge.yaml" env:"DEALERBRIDGE_CONFIG" help:"Configuration file that says where the state is (${default})."`
	State  string `placeholder:"DIR" env:"DEALERBRIDGE_STATE" help:"Folder of the gateway's state, instead of what the file says; the file is not needed then."`
}

// open opens the clients of the state; codes are the dealers the configuration
// names, nil when it is not known.
func (f stateFlags) open(s *session) (clients token.Registry, codes []string, done func() error, err error) {
	state := config.State{Path: f.State}
	if f.State == "" {
		state, codes, err = config.LoadState(f.Config, s.env)
		if errors.Is(err, os.ErrNotExist) {
			return clients, nil, nil, fmt.Errorf("no configuration at %s; name it with --config FILE, or the state with --state DIR", f.Config)
		}
		if err != nil {
			return clients, nil, nil, err
		}
	}
	if state.Path != "" {
		// A mistyped folder must not become a new, empty state that no gateway reads.
		if _, err := os.Stat(filepath.Dir(filepath.Clean(state.Path))); err != nil {
			return clients, nil, nil, fmt.Errorf("no state can be at %s: %w", state.Path, err)
		}
	}
	store, err := app.OpenState(s.ctx, state, nil)
	if err != nil {
		return clients, nil, nil, err
	}
	return token.Registry{Store: store, Now: s.now}, codes, store.Close, nil
}

// with runs something on the clients and closes them.
func (f stateFlags) with(s *session, use func(context.Context, token.Registry, []string) error) (err error) {
	clients, codes, done, err := f.open(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return use(s.ctx, clients, codes)
}

type clientAddCmd struct {
	stateFlags
	ID     string   `arg:"" help:"Id of the client: letters, digits, dots, dashes, underscores."`
	Dealer []string `required:"" placeholder:"CODE" help:"Dealer the client may ask for; repeat it for several."`
	Scope  []string `placeholder:"SCOPE" enum:"crs.read,crs.message,operator.read,operator.write" help:"What the client may do: crs.read, crs.message, operator.read, operator.write. The first two when left out."`
	Note   string   `placeholder:"TEXT" help:"What the client is for."`
	JSON   bool     `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (clientAddCmd) Help() string {
	return `The secret is printed this one time and kept nowhere; the gateway stores a hash of it.

  dealerbridge client add crs-production --dealer D100 --scope crs.read`
}

// Run adds the client.
func (c clientAddCmd) Run(s *session) error {
	return c.with(s, func(ctx context.Context, clients token.Registry, codes []string) error {
		for _, d := range c.Dealer {
			if codes == nil || slices.Contains(codes, d) {
				continue
			}
			hint := ""
			if near := mapfile.Nearest(d, codes); near != "" {
				hint = fmt.Sprintf(" (did you mean %q?)", near)
			}
			return fmt.Errorf("no dealer %q stands in %s%s", d, c.Config, hint)
		}
		secret, err := clients.Add(ctx, c.ID, c.Note, c.Dealer, c.Scope, "")
		if errors.Is(err, token.ErrClientExists) {
			return fmt.Errorf("client %q exists already; give it a new secret with: dealerbridge client rotate %s", c.ID, c.ID)
		}
		if err != nil {
			return err
		}
		return printSecret(s, c.JSON, c.ID, secret)
	})
}

type clientRotateCmd struct {
	stateFlags
	ID   string `arg:"" help:"Id of the client."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run gives the client a new secret.
func (c clientRotateCmd) Run(s *session) error {
	return c.with(s, func(ctx context.Context, clients token.Registry, _ []string) error {
		secret, err := clients.Rotate(ctx, c.ID)
		if err != nil {
			return unknownClient(ctx, clients, c.ID, err)
		}
		return printSecret(s, c.JSON, c.ID, secret)
	})
}

func printSecret(s *session, asJSON bool, id, secret string) error {
	if asJSON {
		return printJSON(s, struct {
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
		}{id, secret})
	}
	_, err := fmt.Fprintf(s.out, "client_id      %s\nclient_secret  %s\n", id, secret)
	return err
}

type clientRevokeCmd struct {
	stateFlags
	ID string `arg:"" help:"Id of the client."`
}

// Run ends the client.
func (c clientRevokeCmd) Run(s *session) error {
	return c.with(s, func(ctx context.Context, clients token.Registry, _ []string) error {
		if err := clients.Revoke(ctx, c.ID); err != nil {
			return unknownClient(ctx, clients, c.ID, err)
		}
		_, err := fmt.Fprintf(s.err, "client %s is revoked\n", c.ID)
		return err
	})
}

// unknownClient offers the nearest id where there is none of this one.
func unknownClient(ctx context.Context, clients token.Registry, id string, err error) error {
	if !errors.Is(err, token.ErrUnknownClient) {
		return err
	}
	list, lerr := clients.List(ctx)
	if lerr != nil {
		return lerr
	}
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	if near := mapfile.Nearest(id, ids); near != "" {
		return fmt.Errorf("there is no client %q (did you mean %q?)", id, near)
	}
	return fmt.Errorf("there is no client %q; see: dealerbridge client list", id)
}

type clientListCmd struct {
	stateFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// listed is one client as a program reads it. Secrets and hashes are not in it.
type listed struct {
	ID      string     `json:"id"`
	Note    string     `json:"note,omitempty"`
	Dealers []string   `json:"dealers"`
	Scopes  []string   `json:"scopes"`
	Created time.Time  `json:"created"`
	Rotated *time.Time `json:"rotated,omitempty"` // only where it is not the first secret
	Revoked *time.Time `json:"revoked,omitempty"`
}

// Run lists the clients.
func (c clientListCmd) Run(s *session) error {
	return c.with(s, func(ctx context.Context, clients token.Registry, _ []string) error {
		list, err := clients.List(ctx)
		if err != nil {
			return err
		}
		rows := make([]listed, len(list))
		for i, c := range list {
			rows[i] = listed{ID: c.ID, Note: c.Note, Dealers: c.Dealers, Scopes: c.Scopes, Created: c.Created}
			if c.Generation > 1 {
				rows[i].Rotated = &c.Rotated
			}
			if !c.Revoked.IsZero() {
				rows[i].Revoked = &c.Revoked
			}
		}
		if c.JSON {
			return printJSON(s, rows)
		}
		if len(rows) == 0 {
			_, err := fmt.Fprintln(s.err, "there are no clients yet; make one with: dealerbridge client add ID --dealer CODE")
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tDEALERS\tSCOPES\tCREATED\tROTATED\tREVOKED\tNOTE")
		for _, r := range rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, strings.Join(r.Dealers, ","), strings.Join(r.Scopes, ","),
				moment(&r.Created), moment(r.Rotated), moment(r.Revoked), r.Note)
		}
		return w.Flush()
	})
}

func moment(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

func printJSON(s *session, v any) error {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
