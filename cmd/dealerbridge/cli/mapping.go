package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

type mappingCmd struct {
	Check   mappingCheckCmd   `cmd:"" help:"Find everything that is wrong in a dealer's mapping folder."`
	Preview mappingPreviewCmd `cmd:"" help:"Show the JSON the API would send, from the dealer's own database."`
	Test    mappingTestCmd    `cmd:"" help:"Run the tests beside a mapping: rows in, JSON out, no database."`
}

type mappingCheckCmd struct {
	Dir    string `arg:"" optional:"" help:"The dealer's folder, with rms.yaml or crm.yaml in it; with --db the folders of the configuration when it is left out."`
	DB     bool   `name:"db" help:"Also look at the dealer's databases, as the configuration file names them: tables, columns, types, and whether rows can be sent."`
	Config string `short:"c" placeholder:"FILE" default:"dealerbridge.yaml" env:"DEALERBRIDGE_CONFIG" help:"With --db: configuration file that has the dealer (${default})."`
	Dealer string `placeholder:"CODE" help:"With --db: the dealer, where the folder is not the one the configuration names for it."`
}

// Help is shown below the flags.
func (mappingCheckCmd) Help() string {
	return `Faults are printed as file:line:col: path: what is wrong, all of them, in the file's order. Exit code 0 when there are none (warnings are none), 1 when there are.`
}

// Run checks the folder, or those of the configuration.
func (c mappingCheckCmd) Run(s *session) error {
	if c.Dir == "" {
		return c.everyFolder(s)
	}
	return c.folder(s)
}

// everyFolder checks the folders of all dealers, or of the one that is named.
func (c mappingCheckCmd) everyFolder(s *session) error {
	if !c.DB {
		return usage("expected \"<dir>\"; only with --db it may be left out")
	}
	cfg, err := c.configuration(s)
	if err != nil {
		return err
	}
	var faulty error
	checked := false
	for _, d := range cfg.Dealers {
		if d.Mapping == "" || c.Dealer != "" && d.Code != c.Dealer {
			continue
		}
		checked = true
		one := c
		one.Dir, one.Dealer = d.Mapping, d.Code
		if err := one.folder(s); err != nil {
			report(s.err, err, failed) // and go on with the others
			faulty = silent{}
		}
	}
	switch {
	case !checked && c.Dealer != "":
		return fmt.Errorf("no dealer %q stands in %s", c.Dealer, c.Config)
	case !checked:
		return fmt.Errorf("no dealer stands in %s", c.Config)
	}
	return faulty
}

func (c mappingCheckCmd) folder(s *session) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return usage("%s is no folder", c.Dir)
	}
	if !c.DB && c.Dealer != "" {
		return usage("--dealer goes with --db")
	}
	found := app.CheckMapping(c.Dir)
	if found.Err() == nil && c.DB {
		var err error
		if found, err = c.atDatabase(s); err != nil {
			return err
		}
	}
	for _, f := range found.Sorted() {
		if _, err := fmt.Fprintln(s.out, f.String()); err != nil {
			return err
		}
	}
	if found.Err() != nil {
		return silent{}
	}
	_, err := fmt.Fprintf(s.err, "%s: no faults, %s\n", c.Dir, warnings(len(found)))
	return err
}

func warnings(n int) string {
	switch n {
	case 0:
		return "no warnings"
	case 1:
		return "1 warning"
	default:
		return fmt.Sprintf("%d warnings", n)
	}
}

func (c mappingCheckCmd) atDatabase(s *session) (mapfile.Faults, error) {
	cfg, err := c.configuration(s)
	if err != nil {
		return nil, err
	}
	for _, d := range cfg.Dealers {
		if d.Code == c.Dealer || c.Dealer == "" && sameFolder(d.Mapping, c.Dir) {
			d.Mapping = c.Dir
			return app.CheckMappingAt(s.ctx, d, s.now, slog.New(slog.DiscardHandler))
		}
	}
	if c.Dealer != "" {
		return nil, fmt.Errorf("no dealer %q stands in %s", c.Dealer, c.Config)
	}
	return nil, fmt.Errorf("no dealer in %s has the mapping folder %s; name the dealer with --dealer CODE", c.Config, c.Dir)
}

func (c mappingCheckCmd) configuration(s *session) (config.Config, error) {
	cfg, err := config.Load(c.Config, s.env, config.Overrides{})
	if errors.Is(err, os.ErrNotExist) {
		return cfg, fmt.Errorf("no configuration at %s, so the dealer's database is not known; name it with --config FILE", c.Config)
	}
	return cfg, err
}

func sameFolder(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}
