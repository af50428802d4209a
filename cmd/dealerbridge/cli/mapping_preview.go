package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/casefile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

type mappingPreviewCmd struct {
	Endpoint string   `arg:"" help:"contract, jobsite, dealer-category, invoice, customer, location or incremental."`
	Dir      string   `arg:"" optional:"" help:"The dealer's folder; where it is not the one of the configuration, name the dealer as well."`
	Customer []string `placeholder:"NUMBER" help:"Dealer customer number, as the API has it. Repeat it for several."`
	Dealer   string   `placeholder:"CODE" help:"The dealer; not needed where the configuration has one only."`
	Config   string   `short:"c" placeholder:"FILE" default:"dealerbridge.yaml" env:"DEALERBRIDGE_CONFIG" help:"Configuration file that has the dealer (${default})."`
	Items    int      `placeholder:"N" help:"Rows on a page, as the API's items (10 unless the configuration says otherwise)."`
	Page     int      `placeholder:"N" help:"Which page, from 0."`
	Since    string   `placeholder:"MOMENT" help:"With incremental: changes from this moment on, such as 2026-05-04T08:00:00Z; else from the beginning."`
	Explain  bool     `help:"Instead of the page: the SQL, how the server reads the key list, and where each field of the first row comes from."`
	JSON     bool     `name:"json" help:"Print the answer together with what became of the rows, for programs."`
}

// Help is shown below the flags.
func (mappingPreviewCmd) Help() string {
	return `The database is only read, in the same way as by a running gateway. The answer goes to the standard output; what became of the rows goes to the standard error: how many there are, which were left out and why, and which values were not sent as they stand. Rows are told by their keys, never by their values.`
}

// Run prints the answer and its story.
func (c mappingPreviewCmd) Run(s *session) error {
	asked, err := c.asked()
	if err != nil {
		return err
	}
	cfg, dealer, err := c.dealer(s)
	if err != nil {
		return err
	}
	if asked.Items == 0 {
		asked.Items = cfg.PageSize.Default
	}
	asked.Items = min(asked.Items, cfg.PageSize.Most)
	base := cfg.PublicURL
	if base == "" {
		base = "http://" + cfg.Listen
	}
	if c.Explain {
		how, first, err := app.Explain(s.ctx, dealer, base, asked, s.now)
		if err != nil {
			return err
		}
		return c.explain(s.out, how, first)
	}
	got, err := app.Preview(s.ctx, dealer, base, asked, s.now)
	switch {
	case errors.Is(err, adapters.ErrAmbiguousCustomer):
		return fmt.Errorf("several rows have the customer number %s, so the API would answer 503: %w", strings.Join(asked.Customers, ","), err)
	case errors.Is(err, adapters.ErrBadRow):
		return fmt.Errorf("the API would answer 503: %w", err)
	case err != nil:
		return err
	}
	if c.JSON {
		return writeJSON(s.out, told(got))
	}
	if err := writeJSON(s.out, got.Body); err != nil {
		return err
	}
	return c.story(s.err, got)
}

// asked checks the command line.
func (c mappingPreviewCmd) asked() (app.Asked, error) {
	a := app.Asked{Endpoint: c.Endpoint, Items: c.Items, Page: c.Page}
	if known := casefile.Endpoints(); !slices.Contains(known, c.Endpoint) {
		if near := mapfile.Nearest(c.Endpoint, known); near != "" {
			return a, usage("there is no endpoint %q (did you mean %q?)", c.Endpoint, near)
		}
		return a, usage("there is no endpoint %q; there are %s", c.Endpoint, strings.Join(known, ", "))
	}
	for _, number := range c.Customer {
		if !slices.Contains(a.Customers, number) {
			a.Customers = append(a.Customers, number)
		}
	}
	switch least, most := casefile.ByCustomer(c.Endpoint); {
	case len(a.Customers) < least:
		return a, usage("%s is asked for by customer; say whose with --customer NUMBER", c.Endpoint)
	case len(a.Customers) > most && most == 0:
		return a, usage("%s is not asked for by customer", c.Endpoint)
	case len(a.Customers) > most:
		return a, usage("%s is asked for up to %d at a time", c.Endpoint, most)
	case c.Items < 0 || c.Page < 0:
		return a, usage("--items begins at 1 and --page at 0")
	case !paged(c.Endpoint) && (c.Items > 0 || c.Page > 0):
		return a, usage("%s has no pages", c.Endpoint)
	}
	if c.Since != "" {
		if c.Endpoint != mapfile.Incremental {
			return a, usage("--since goes with incremental")
		}
		since, err := time.Parse(time.RFC3339, c.Since)
		if err != nil {
			return a, usage("--since: %q is no moment; write it like 2026-05-04T08:00:00Z", c.Since)
		}
		a.Since = since
	}
	return a, nil
}

// paged says whether an endpoint is answered in pages.
func paged(endpoint string) bool {
	return !slices.Contains([]string{"dealer-category", "customer", mapfile.Incremental}, endpoint)
}

// dealer finds the dealer whose database is asked.
func (c mappingPreviewCmd) dealer(s *session) (config.Config, config.Dealer, error) {
	none := config.Dealer{}
	if c.Dir != "" {
		if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
			return config.Config{}, none, usage("%s is no folder", c.Dir)
		}
	}
	cfg, err := config.Load(c.Config, s.env, config.Overrides{})
	if errors.Is(err, os.ErrNotExist) {
		return cfg, none, fmt.Errorf("no configuration at %s, so the dealer's database is not known; name it with --config FILE", c.Config)
	}
	if err != nil {
		return cfg, none, err
	}
	var codes []string
	for _, d := range cfg.Dealers {
		codes = append(codes, d.Code)
		switch {
		case c.Dealer != "" && c.Dealer != d.Code:
		case c.Dealer == "" && c.Dir != "" && !sameFolder(d.Mapping, c.Dir):
		case c.Dealer == "" && c.Dir == "" && len(cfg.Dealers) > 1:
		default:
			if c.Dir != "" {
				d.Mapping = c.Dir
			}
			return cfg, d, nil
		}
	}
	switch {
	case c.Dealer != "":
		near := ""
		if n := mapfile.Nearest(c.Dealer, codes); n != "" {
			near = fmt.Sprintf(" (did you mean %q?)", n)
		}
		return cfg, none, fmt.Errorf("no dealer %q stands in %s%s", c.Dealer, c.Config, near)
	case c.Dir != "":
		return cfg, none, fmt.Errorf("no dealer in %s has the mapping folder %s; name the dealer with --dealer CODE", c.Config, c.Dir)
	case len(codes) == 0:
		return cfg, none, fmt.Errorf("no dealer stands in %s", c.Config)
	}
	return cfg, none, usage("several dealers stand in %s; name one with --dealer CODE: %s", c.Config, strings.Join(codes, ", "))
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// preview is what --json prints.
type preview struct {
	Answer  any            `json:"answer"`
	Keys    int            `json:"rows"`
	Shown   int            `json:"shown"`
	LeftOut []app.Happened `json:"leftOut"`
	Noted   []app.Happened `json:"noted"`
	Refused bool           `json:"refused"`
}

func told(a *app.Answer) preview {
	p := preview{
		Answer: a.Body, Keys: a.Keys, Shown: len(a.Elements),
		LeftOut: []app.Happened{}, Noted: []app.Happened{}, Refused: a.Refused,
	}
	p.LeftOut = append(p.LeftOut, a.LeftOut...)
	for _, n := range a.Noted {
		if !slices.Contains(a.LeftOut, n) {
			p.Noted = append(p.Noted, n)
		}
	}
	return p
}

// story tells what became of the rows.
func (c mappingPreviewCmd) story(w io.Writer, a *app.Answer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if paged(c.Endpoint) {
		say("%s in the key list, %d on this page, %d left out", counted(a.Keys, "row"), len(a.Elements), len(a.LeftOut))
	} else {
		say("%s, %d left out", counted(len(a.Elements), "element"), len(a.LeftOut))
	}
	if a.Refused {
		say("more were left out than leaveOutAtMost allows: the API would answer 503 instead")
	}
	if len(a.LeftOut) > 0 {
		say("left out:")
		for _, l := range a.LeftOut {
			say("  %s\t%s\tin %s", fieldOf(l), l.Reason, l.Row)
		}
	}
	noted := grouped(a.Noted, a.LeftOut)
	if len(noted) > 0 {
		say("not sent as they stand:")
		for _, g := range noted {
			say("  %s\t%s\t%d: %s", fieldOf(g[0]), g[0].Reason, len(g), rowsOf(g))
		}
	}
	if _, err := fmt.Fprintln(t, strings.Join(lines, "\n")); err != nil {
		return fmt.Errorf("writing what became of the rows: %w", err)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing what became of the rows: %w", err)
	}
	return nil
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func fieldOf(h app.Happened) string {
	if h.Field == "" {
		return "(the row)"
	}
	return h.Field
}

// grouped puts notes of one field and reason together. Those that only say
// again why a row was left out are dropped.
func grouped(notes, left []app.Happened) [][]app.Happened {
	var groups [][]app.Happened
	for _, n := range notes {
		if slices.Contains(left, n) {
			continue
		}
		at := slices.IndexFunc(groups, func(g []app.Happened) bool { return g[0].Field == n.Field && g[0].Reason == n.Reason })
		if at < 0 {
			groups = append(groups, []app.Happened{n})
			continue
		}
		groups[at] = append(groups[at], n)
	}
	slices.SortFunc(groups, func(a, b []app.Happened) int {
		return strings.Compare(a[0].Field+" "+a[0].Reason, b[0].Field+" "+b[0].Reason)
	})
	return groups
}

// rowsShown are the keys one line names.
const rowsShown = 5

func rowsOf(group []app.Happened) string {
	var rows []string
	for _, h := range group {
		if !slices.Contains(rows, h.Row) {
			rows = append(rows, h.Row)
		}
	}
	if n := len(rows) - rowsShown; n > 0 {
		return strings.Join(rows[:rowsShown], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(rows, ", ")
}
