package app

import (
	"context"
	"fmt"
	"os"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// Factory makes the settings of one kind of adapter out of a dealer's
// configuration.
type Factory func(config.Dealer) (adapters.Config, error)

// opener gives the function that opens what is called so of a dealer, as often
// as asked.
func (f Factory) opener(d config.Dealer, env adapters.Env, called string) func(context.Context) (adapters.Adapter, error) {
	return func(ctx context.Context) (adapters.Adapter, error) {
		cfg, err := f(d)
		if err != nil {
			return nil, fmt.Errorf("dealer %s: %w", d.Code, err)
		}
		opened, err := cfg.Open(ctx, env)
		if err != nil {
			return nil, fmt.Errorf("opening %s %s: %w", called, d.Code, err)
		}
		return opened, nil
	}
}

// Adapters is every kind of dealer system this binary can talk to, by the
// driver the configuration names.
var Adapters = map[string]Factory{
	config.MySQL:  rentalTables,
	config.SQLite: rentalTables,
}

// CRMs is every kind of CRM this binary can write leads to, by driver.
var CRMs = map[string]Factory{
	config.MySQL:  crmTables,
	config.SQLite: crmTables,
}

// crmTables writes to the tables of a dealer's CRM.
func crmTables(d config.Dealer) (adapters.Config, error) {
	return &sqlcrm.Config{
		Driver: d.CRM.Driver, DSN: d.CRM.DSN.Reveal(), Path: d.CRM.Path, Mapping: os.DirFS(d.Mapping), MappingName: d.Mapping,
		MaxConnections: d.CRM.MaxConnections, StatementTimeout: d.CRM.StatementTimeout,
	}, nil
}

// rentalTables reads a dealer's own tables.
func rentalTables(d config.Dealer) (adapters.Config, error) {
	c := &sqlrms.Config{
		Driver: d.Database.Driver, DSN: d.Database.DSN.Reveal(), Path: d.Database.Path,
		Mapping: os.DirFS(d.Mapping), MappingName: d.Mapping, DocumentsRoot: d.Documents,
		MaxConnections: d.Database.MaxConnections, MaxWaiting: d.Database.MaxWaiting, StatementTimeout: d.Database.StatementTimeout,
	}
	if u := d.Upstream; u != nil {
		c.Upstream = &sqlrms.Upstream{User: u.User, Password: u.Password.Reveal(), Header: map[string]string{}}
		if !u.Bearer.Empty() {
			c.Upstream.Header["Authorization"] = "Bearer " + u.Bearer.Reveal()
		}
		if u.Header != "" {
			c.Upstream.Header[u.Header] = u.Value.Reveal()
		}
	}
	return c, nil
}
