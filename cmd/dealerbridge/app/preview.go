package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// Preview reads one endpoint from a dealer's own database, as a gateway under
// the address base would answer it. Faults of the mapping are mapfile.Faults.
func Preview(ctx context.Context, d config.Dealer, base string, a Asked, now func() time.Time) (*Answer, error) {
	var out *Answer
	err := previewing(ctx, d, base, now, func(r reader, notes *noteList) error {
		var err error
		out, err = answer(ctx, r, notes, a)
		if errors.Is(err, adapters.ErrNotFound) || err == nil && out.Keys == 0 && len(a.Customers) > 0 {
			if unknown := unknownCustomer(ctx, r, a.Customers); unknown != nil {
				return unknown
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// explainer is implemented by adapters that can say how they read.
type explainer interface {
	Explain(ctx context.Context, endpoint string, q adapters.Query, since time.Time) (sqlrms.Explanation, error)
}

// Explain says how one endpoint is read from a dealer's own database, and what
// became of the first row of a page.
func Explain(ctx context.Context, d config.Dealer, base string, a Asked, now func() time.Time) (sqlrms.Explanation, *Answer, error) {
	var how sqlrms.Explanation
	var first *Answer
	err := previewing(ctx, d, base, now, func(r reader, notes *noteList) error {
		e, ok := r.(explainer)
		if !ok {
			return fmt.Errorf("dealer %s: a mapping for driver %q cannot be explained", d.Code, d.Database.Driver)
		}
		var err error
		if how, err = e.Explain(ctx, a.Endpoint, adapters.Query{Customers: a.Customers}, a.Since); err != nil {
			return err
		}
		a.Items = 1
		first, err = answer(ctx, r, notes, a)
		return err
	})
	return how, first, err
}

// previewing opens a dealer's database for as long as use runs.
func previewing(ctx context.Context, d config.Dealer, base string, now func() time.Time, use func(reader, *noteList) error) (err error) {
	factory, ok := Adapters[d.Database.Driver]
	if !ok {
		return fmt.Errorf("dealer %s: no adapter for driver %q", d.Code, d.Database.Driver)
	}
	cfg, err := factory(d)
	if err != nil {
		return fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	notes := &noteList{}
	opened, err := cfg.Open(ctx, adapters.Env{
		Dealer: d.Code, Now: now, Log: slog.New(slog.DiscardHandler), Audit: notes, DocumentURL: documentURL(base, d.Code),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	r, ok := opened.(reader)
	if !ok {
		return fmt.Errorf("dealer %s: a mapping for driver %q cannot be previewed", d.Code, d.Database.Driver)
	}
	if err := r.Check(ctx); err != nil {
		return fmt.Errorf("dealer %s: %w", d.Code, err)
	}
	return use(r, notes)
}

// numbered is implemented by adapters that can say how a customer number reads
// in the database.
type numbered interface {
	RawNumbers(ctx context.Context, number string) ([]sqlrms.RawNumber, error)
}

// unknownCustomer says of customers without a row whether they exist at all;
// nil when they do.
func unknownCustomer(ctx context.Context, r reader, numbers []string) error {
	for _, number := range numbers {
		_, err := r.Customer(ctx, number)
		if !errors.Is(err, adapters.ErrNotFound) {
			continue
		}
		n, ok := r.(numbered)
		if !ok {
			return fmt.Errorf("there is no customer %s", number)
		}
		raw, err := n.RawNumbers(ctx, number)
		if err != nil {
			return err
		}
		return fmt.Errorf("there is no customer %s: %s", number, spellings(raw))
	}
	return nil
}

// spellingsShown are the spellings of a number that a message holds.
const spellingsShown = 3

// spellings says in words how a number would read in the database.
func spellings(raw []sqlrms.RawNumber) string {
	if len(raw) == 0 {
		return "no row can have this number, for `customerNumber` makes numbers of another form"
	}
	var texts []string
	for _, r := range raw {
		parts := make([]string, len(r.Values))
		for i, v := range r.Values {
			parts[i] = fmt.Sprintf("%q", v)
		}
		texts = append(texts, strings.Join(parts, " and "))
	}
	slices.SortStableFunc(texts, func(a, b string) int { return len(a) - len(b) })
	more := ""
	if len(texts) > spellingsShown {
		more = fmt.Sprintf(" (or one of %d longer spellings)", len(texts)-spellingsShown)
		texts = texts[:spellingsShown]
	}
	return fmt.Sprintf("no row that the mapping shows has %s in %s%s", strings.Join(texts, " or "), strings.Join(raw[0].Columns, " and "), more)
}
