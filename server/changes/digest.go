package changes

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// rowsAtOnce bounds how many rows of a customer are in memory.
const rowsAtOnce = 100

// errRefused: so many rows of a customer cannot be sent that the API would
// refuse to answer.
var errRefused = errors.New("the API would refuse to answer")

// reading makes the digests of a few customers, for one kind.
type reading struct {
	asking    func(ctx context.Context, ask func(context.Context, *dealers.Dealer) error) error
	kind      adapters.ChangeKind
	customers []string
	digests   map[string]Digest
	unread    map[string]bool
}

// read fills in digests and unread. An error says nothing about any of them.
func (r *reading) read(ctx context.Context) error {
	r.digests, r.unread = map[string]Digest{}, map[string]bool{}
	switch r.kind {
	case adapters.ContractChange:
		return r.contracts(ctx)
	case adapters.InvoiceChange:
		return r.invoices(ctx)
	case adapters.DocumentChange:
		return r.documents(ctx)
	case adapters.CatalogChange:
		return r.catalogs(ctx)
	}
	return fmt.Errorf("there are no changes of the kind %q", r.kind)
}

func (r *reading) contracts(ctx context.Context) error {
	contracts, err := r.keys(ctx, contractKeys)
	if err != nil {
		return err
	}
	jobsites, err := r.keys(ctx, jobsiteKeys)
	if err != nil {
		return err
	}
	return r.each(func(customer string, s *sum) error {
		if err := rows(ctx, r, s, part{"contract", customer, contracts[customer]}, contractRows); err != nil {
			return err
		}
		return rows(ctx, r, s, part{"jobsite", customer, jobsites[customer]}, jobsiteRows)
	})
}

func (r *reading) invoices(ctx context.Context) error {
	invoices, err := r.keys(ctx, invoiceKeys)
	if err != nil {
		return err
	}
	return r.each(func(customer string, s *sum) error {
		return rows(ctx, r, s, part{"invoice", customer, invoices[customer]}, invoiceRows)
	})
}

// documents compares what stands for documents of rows that are in the lists.
func (r *reading) documents(ctx context.Context) error {
	contracts, err := r.keys(ctx, contractKeys)
	if err != nil {
		return err
	}
	invoices, err := r.keys(ctx, invoiceKeys)
	if err != nil {
		return err
	}
	return r.each(func(customer string, s *sum) error {
		if err := r.marks(ctx, s, adapters.ContractDocument, contracts[customer]); err != nil {
			return err
		}
		return r.marks(ctx, s, adapters.InvoiceDocument, invoices[customer])
	})
}

func (r *reading) marks(ctx context.Context, s *sum, kind adapters.DocumentKind, keys adapters.Keys) error {
	for start := 0; start < len(keys); start += rowsAtOnce {
		page := keys[start:min(start+rowsAtOnce, len(keys))]
		err := r.asking(ctx, func(ctx context.Context, d *dealers.Dealer) error {
			if d.Marks == nil {
				return nil
			}
			marks, err := d.Marks.DocumentMarks(ctx, kind, page)
			if err != nil {
				return err
			}
			for _, m := range marks {
				s.add(string(kind), m.Row, m.Mark)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) catalogs(ctx context.Context) error {
	return r.each(func(customer string, s *sum) error {
		return r.asking(ctx, func(ctx context.Context, d *dealers.Dealer) error {
			if d.Catalog == nil {
				return nil
			}
			items, left, err := d.Catalog.Catalog(ctx, customer)
			if err != nil {
				return err
			}
			if refused(len(left), len(left)+len(items), d.LeaveOutAtMost("dealer-category")) {
				return errRefused
			}
			return addAll(s, "category", items, left)
		})
	})
}

// each makes the digest of every customer. One whose rows are at fault is
// unread; any other error ends the reading.
func (r *reading) each(read func(customer string, s *sum) error) error {
	for _, customer := range r.customers {
		s := sum{}
		err := read(customer, &s)
		switch {
		case err == nil:
			r.digests[customer] = s.digest()
		case errors.Is(err, errRefused), errors.Is(err, adapters.ErrBadRow):
			r.unread[customer] = true
		default:
			return err
		}
	}
	return nil
}

type keyLister func(*dealers.Dealer) func(context.Context, adapters.Query) (adapters.Keys, error)

func contractKeys(d *dealers.Dealer) func(context.Context, adapters.Query) (adapters.Keys, error) {
	if d.Contracts == nil {
		return nil
	}
	return d.Contracts.ContractKeys
}

func jobsiteKeys(d *dealers.Dealer) func(context.Context, adapters.Query) (adapters.Keys, error) {
	if d.Jobsites == nil {
		return nil
	}
	return d.Jobsites.JobsiteKeys
}

func invoiceKeys(d *dealers.Dealer) func(context.Context, adapters.Query) (adapters.Keys, error) {
	if d.Invoices == nil {
		return nil
	}
	return d.Invoices.InvoiceKeys
}

// keys gives the key lists of all customers of the reading, by customer.
func (r *reading) keys(ctx context.Context, lister keyLister) (map[string]adapters.Keys, error) {
	all := map[string]adapters.Keys{}
	err := r.asking(ctx, func(ctx context.Context, d *dealers.Dealer) error {
		list := lister(d)
		if list == nil {
			return nil
		}
		keys, err := list(ctx, adapters.Query{Customers: r.customers})
		if err != nil {
			return err
		}
		for _, k := range keys {
			all[k.Customer] = append(all[k.Customer], k)
		}
		return nil
	})
	return all, err
}

// part is one list of one customer.
type part struct {
	endpoint string
	customer string
	keys     adapters.Keys
}

type rowReader[T any] func(*dealers.Dealer, context.Context, adapters.Query, adapters.Keys) ([]T, []adapters.LeftOut, error)

// rows adds the rows of a list to a sum, page by page.
func rows[T any](ctx context.Context, r *reading, s *sum, p part, read rowReader[T]) error {
	left, share := 0, 0.0
	for start := 0; start < len(p.keys); start += rowsAtOnce {
		page := p.keys[start:min(start+rowsAtOnce, len(p.keys))]
		err := r.asking(ctx, func(ctx context.Context, d *dealers.Dealer) error {
			items, out, err := read(d, ctx, adapters.Query{Customers: []string{p.customer}}, page)
			if err != nil {
				return err
			}
			left += len(out)
			share = d.LeaveOutAtMost(p.endpoint)
			return addAll(s, p.endpoint, items, out)
		})
		if err != nil {
			return err
		}
	}
	if refused(left, len(p.keys), share) {
		return errRefused
	}
	return nil
}

// refused says whether the API answers a customer's list at all.
func refused(left, total int, share float64) bool {
	return left > 0 && (left >= total || sweep.TooManyLeftOut(int64(left), int64(total), share))
}

// The readers of rows. Keys came from the same capability, so it is there,
// unless the system was replaced by one that lacks it.
var (
	contractRows = rowsOf(func(d *dealers.Dealer) adapters.ContractReader { return d.Contracts }, adapters.ContractReader.Contracts)
	jobsiteRows  = rowsOf(func(d *dealers.Dealer) adapters.JobsiteReader { return d.Jobsites }, adapters.JobsiteReader.Jobsites)
	invoiceRows  = rowsOf(func(d *dealers.Dealer) adapters.InvoiceReader { return d.Invoices }, adapters.InvoiceReader.Invoices)
)

func rowsOf[C, T any](
	capability func(*dealers.Dealer) C,
	read func(C, context.Context, adapters.Query, adapters.Keys) ([]T, []adapters.LeftOut, error),
) rowReader[T] {
	return func(d *dealers.Dealer, ctx context.Context, q adapters.Query, keys adapters.Keys) ([]T, []adapters.LeftOut, error) {
		c := capability(d)
		if any(c) == nil {
			return nil, nil, adapters.ErrStaleKeys
		}
		return read(c, ctx, q, keys)
	}
}

// sum is a digest in the making.
type sum struct {
	hash  hash.Hash
	parts int
}

// add takes texts in so that none can run into the next.
func (s *sum) add(texts ...string) {
	if s.hash == nil {
		s.hash = sha256.New()
	}
	s.parts++
	for _, text := range texts {
		fmt.Fprintf(s.hash, "%d:%s", len(text), text)
	}
}

func (s *sum) digest() Digest {
	if s.parts == 0 {
		return Nothing
	}
	d := Digest(s.hash.Sum(nil)[:len(Digest{})])
	if d == Nothing {
		d[0] = 1
	}
	return d
}

// addAll takes elements in as they would be sent, and of rows that are left out
// the keys.
func addAll[T any](s *sum, what string, items []T, left []adapters.LeftOut) error {
	for i := range items {
		raw, err := json.Marshal(&items[i])
		if err != nil {
			return fmt.Errorf("encoding a row of %s: %w", what, err)
		}
		s.add(what, string(raw))
	}
	for _, l := range left {
		s.add(what+" left out", l.Row)
	}
	return nil
}
