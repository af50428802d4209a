// Package crs owns the answers to what the Cat Rental Store pulls: it reads the
// typed request, asks a capability of the dealer's system, and returns the
// typed answer.
//
// It knows no adapter implementation and no SQL, and nothing of how requests
// are authenticated or errors written; errors are returned.
package crs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/document"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// Endpoints as the address, metrics and leave-out limits name them.
const (
	Contract = "contract"
	Jobsite  = "jobsite"
	Invoice  = "invoice"
	Location = "location"
	Category = "dealer-category"
	Change   = "incremental"
)

// Page sizes that hold unless Options say otherwise.
const (
	DefaultItems = 10  // R123
	MostItems    = 200 // a larger wish is answered with this
)

// Options configure a Handler.
type Options struct {
	Sweeps       *sweep.Sweeps
	DefaultItems int64         // rows a page when the caller does not say
	MostItems    int64         // rows a page at most
	Stall        time.Duration // how long a document may stand still
	// Alert is told of answers that were refused because too many rows were
	// left out; nil: nobody.
	Alert func(dealer, endpoint string)
}

// Handler answers the pull endpoints; it implements api.StrictServerInterface.
type Handler struct{ o Options }

var _ api.StrictServerInterface = (*Handler)(nil)

// New makes a Handler.
func New(o Options) *Handler {
	if o.DefaultItems < 1 {
		o.DefaultItems = DefaultItems
	}
	if o.MostItems < 1 {
		o.MostItems = MostItems
	}
	o.DefaultItems = min(o.DefaultItems, o.MostItems)
	if o.Alert == nil {
		o.Alert = func(string, string) {}
	}
	return &Handler{o: o}
}

// ListContracts answers GET /contract (R138).
func (h *Handler) ListContracts(ctx context.Context, req api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Contracts, "contracts")
	if err != nil {
		return nil, err
	}
	p := req.Params
	got, err := list(ctx, h, call, ask{Contract, p.Customer, p.Items, p.Page},
		sweep.Source[model.Contract]{Keys: r.ContractKeys, Rows: r.Contracts, Short: shortOf(call.Dealer.Short, adapters.ShortLists.ShortContracts)},
		func(c model.Contract) string { return c.CustomerID })
	if err != nil {
		return nil, fmt.Errorf("contracts: %w", err)
	}
	return &contractsAnswer{loan: got.loan, sent: model.ContractPage{
		Items: got.items, TotalPages: got.pages, TotalElements: got.total, Empty: got.empty, Size: got.size, Number: got.number,
	}}, nil
}

// ListJobsites answers GET /jobsite (R157).
func (h *Handler) ListJobsites(ctx context.Context, req api.ListJobsitesRequestObject) (api.ListJobsitesResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Jobsites, "jobsites")
	if err != nil {
		return nil, err
	}
	p := req.Params
	got, err := list(ctx, h, call, ask{Jobsite, p.Customer, p.Items, p.Page},
		sweep.Source[model.Jobsite]{Keys: r.JobsiteKeys, Rows: r.Jobsites, Short: shortOf(call.Dealer.Short, adapters.ShortLists.ShortJobsites)},
		func(j model.Jobsite) string {
			if j.CustomerID == nil {
				return "" // always sent (R135), so nobody's
			}
			return *j.CustomerID
		})
	if err != nil {
		return nil, fmt.Errorf("jobsites: %w", err)
	}
	return &jobsitesAnswer{loan: got.loan, sent: model.JobsitePage{
		Items: got.items, TotalPages: got.pages, TotalElements: got.total, Empty: got.empty, Size: got.size, Number: got.number,
	}}, nil
}

// ListInvoices answers GET /invoice (R163, R165). An invoice does not name its
// customer; whose it is was checked on its key.
func (h *Handler) ListInvoices(ctx context.Context, req api.ListInvoicesRequestObject) (api.ListInvoicesResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Invoices, "invoices")
	if err != nil {
		return nil, err
	}
	p := req.Params
	got, err := list(ctx, h, call, ask{Invoice, []string{p.Customer}, p.Items, p.Page},
		sweep.Source[model.Invoice]{Keys: r.InvoiceKeys, Rows: r.Invoices, Short: shortOf(call.Dealer.Short, adapters.ShortLists.ShortInvoices)}, nil)
	if err != nil {
		return nil, fmt.Errorf("invoices: %w", err)
	}
	return &invoicesAnswer{loan: got.loan, sent: model.InvoicePage{
		Items: got.items, TotalPages: got.pages, TotalElements: got.total, Empty: got.empty, Size: got.size, Number: got.number,
	}}, nil
}

// ListLocations answers GET /location (R171).
func (h *Handler) ListLocations(ctx context.Context, req api.ListLocationsRequestObject) (api.ListLocationsResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Locations, "locations")
	if err != nil {
		return nil, err
	}
	p := req.Params
	got, err := list(ctx, h, call, ask{Location, nil, p.Items, p.Page},
		sweep.Source[model.Location]{Keys: r.LocationKeys, Rows: r.Locations, Short: shortOf(call.Dealer.Short, adapters.ShortLists.ShortLocations)}, nil)
	if err != nil {
		return nil, fmt.Errorf("locations: %w", err)
	}
	return &locationsAnswer{loan: got.loan, sent: model.LocationPage{
		Items: got.items, TotalPages: got.pages, TotalElements: got.total, Empty: got.empty, Size: got.size, Number: got.number,
	}}, nil
}

// ListCategories answers GET /dealer-category (R159 to R161).
func (h *Handler) ListCategories(ctx context.Context, req api.ListCategoriesRequestObject) (api.ListCategoriesResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Catalog, "catalog")
	if err != nil {
		return nil, err
	}
	customer := ""
	if req.Params.Customer != nil {
		customer = *req.Params.Customer
	}
	loan := adapters.Borrow(ctx)
	items, left, err := r.Catalog(loan, customer)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	share := call.Dealer.LeaveOutAtMost(Category)
	if n := len(left); n > 0 && (len(items) == 0 || sweep.TooManyLeftOut(int64(n), int64(n+len(items)), share)) {
		h.o.Alert(call.Dealer.Code, Category)
		return nil, fmt.Errorf("catalog, %d rows: %w", n, sweep.ErrTooManyLeftOut)
	}
	return &categoriesAnswer{loan: loan, sent: model.CategoryAnswer{Items: notNil(items)}}, nil
}

// GetCustomer answers GET /customer (R169).
func (h *Handler) GetCustomer(ctx context.Context, req api.GetCustomerRequestObject) (api.GetCustomerResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Customers, "customers")
	if err != nil {
		return nil, err
	}
	c, err := r.Customer(ctx, req.Params.Customer)
	if err != nil {
		return nil, fmt.Errorf("customer: %w", err)
	}
	if c.CustomerID != req.Params.Customer {
		return nil, fmt.Errorf("customer: %w", sweep.ErrWrongRows)
	}
	return api.GetCustomer200JSONResponse{Customer: c}, nil
}

// ListChanges answers GET /incremental (R173 to R179).
func (h *Handler) ListChanges(ctx context.Context, req api.ListChangesRequestObject) (api.ListChangesResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Changes, "changes")
	if err != nil {
		return nil, err
	}
	since, err := parseSince(req.Params.Since)
	if err != nil {
		return nil, err
	}
	changes, left, err := r.Changes(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("changes: %w", err)
	}
	// A changed row without a customer is nobody's news, so a few of them harm
	// no one; nothing but such rows is a mapping that cannot tell customers.
	if len(changes) == 0 && len(left) > 1 {
		h.o.Alert(call.Dealer.Code, Change)
		return nil, fmt.Errorf("changes, %d rows: %w", len(left), sweep.ErrTooManyLeftOut)
	}
	return &changesAnswer{sent: model.ChangeAnswer{Items: byCustomer(changes)}}, nil
}

// byCustomer gathers the kinds of change of each customer, in the order in which
// customers and kinds first appear.
func byCustomer(changes []adapters.Change) []model.CustomerChanges {
	all := []model.CustomerChanges{}
	at := map[string]int{}
	for _, c := range changes {
		i, ok := at[c.Customer]
		if !ok {
			i = len(all)
			at[c.Customer] = i
			all = append(all, model.CustomerChanges{CustomerID: c.Customer, Types: []model.ChangeKind{}})
		}
		if kind := model.ChangeKind(c.Kind); !slices.Contains(all[i].Types, kind) {
			all[i].Types = append(all[i].Types, kind)
		}
	}
	return all
}

// GetDocument answers GET /document/{kind}/{id} (R155).
func (h *Handler) GetDocument(ctx context.Context, req api.GetDocumentRequestObject) (api.GetDocumentResponseObject, error) {
	call, err := dealers.CallFrom(ctx)
	if err != nil {
		return nil, err
	}
	r, err := dealers.Need(call, call.Dealer.Documents, "documents")
	if err != nil {
		return nil, err
	}
	return document.Open(ctx, r, adapters.DocumentKind(req.Kind), req.ID, h.o.Stall)
}

// shortOf is a call of a capability that a dealer's system may lack.
func shortOf[T any](
	s adapters.ShortLists, call func(adapters.ShortLists, context.Context, adapters.Query, int) (*adapters.ShortList[T], error),
) func(context.Context, adapters.Query, int) (*adapters.ShortList[T], error) {
	if s == nil {
		return nil
	}
	return func(ctx context.Context, q adapters.Query, most int) (*adapters.ShortList[T], error) {
		return call(s, ctx, q, most)
	}
}

func notNil[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
