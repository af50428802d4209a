package server

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
)

// errNothing is for a handler that returned neither an answer nor an error; the
// generated code would send an empty success.
var errNothing = errors.New("the handler returned nothing")

func refuseNothing(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(c *gin.Context, request any) (any, error) {
		response, err := next(c, request)
		if err == nil && response == nil {
			err = errNothing
		}
		return response, err
	}
}

// plainContext hands handlers the request's own context. The generated code
// passes gin's, which is used again for other requests once this one is over,
// while a driver's goroutine may still hold it.
type plainContext struct{ api.StrictServerInterface }

func plain(ctx context.Context) context.Context {
	if c, ok := ctx.(*gin.Context); ok {
		return c.Request.Context()
	}
	return ctx
}

func (p plainContext) ListContracts(ctx context.Context, r api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
	return p.StrictServerInterface.ListContracts(plain(ctx), r)
}

func (p plainContext) GetCustomer(ctx context.Context, r api.GetCustomerRequestObject) (api.GetCustomerResponseObject, error) {
	return p.StrictServerInterface.GetCustomer(plain(ctx), r)
}

func (p plainContext) ListCategories(ctx context.Context, r api.ListCategoriesRequestObject) (api.ListCategoriesResponseObject, error) {
	return p.StrictServerInterface.ListCategories(plain(ctx), r)
}

func (p plainContext) GetDocument(ctx context.Context, r api.GetDocumentRequestObject) (api.GetDocumentResponseObject, error) {
	return p.StrictServerInterface.GetDocument(plain(ctx), r)
}

func (p plainContext) ListChanges(ctx context.Context, r api.ListChangesRequestObject) (api.ListChangesResponseObject, error) {
	return p.StrictServerInterface.ListChanges(plain(ctx), r)
}

func (p plainContext) ListInvoices(ctx context.Context, r api.ListInvoicesRequestObject) (api.ListInvoicesResponseObject, error) {
	return p.StrictServerInterface.ListInvoices(plain(ctx), r)
}

func (p plainContext) ListJobsites(ctx context.Context, r api.ListJobsitesRequestObject) (api.ListJobsitesResponseObject, error) {
	return p.StrictServerInterface.ListJobsites(plain(ctx), r)
}

func (p plainContext) ListLocations(ctx context.Context, r api.ListLocationsRequestObject) (api.ListLocationsResponseObject, error) {
	return p.StrictServerInterface.ListLocations(plain(ctx), r)
}
