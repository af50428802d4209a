package crs

import (
	"net/http"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/encode"
)

// The answers of the lists. They are the generated ones in all but who writes
// them: the same text, made with less.
type (
	contractsAnswer  model.ContractPage
	jobsitesAnswer   model.JobsitePage
	invoicesAnswer   model.InvoicePage
	locationsAnswer  model.LocationPage
	categoriesAnswer model.CategoryAnswer
	changesAnswer    model.ChangeAnswer
)

var (
	_ api.ListContractsResponseObject  = (*contractsAnswer)(nil)
	_ api.ListJobsitesResponseObject   = (*jobsitesAnswer)(nil)
	_ api.ListInvoicesResponseObject   = (*invoicesAnswer)(nil)
	_ api.ListLocationsResponseObject  = (*locationsAnswer)(nil)
	_ api.ListCategoriesResponseObject = (*categoriesAnswer)(nil)
	_ api.ListChangesResponseObject    = (*changesAnswer)(nil)
)

// VisitListContractsResponse writes the answer.
func (a *contractsAnswer) VisitListContractsResponse(w http.ResponseWriter) error {
	return encode.JSON(w, http.StatusOK, (*model.ContractPage)(a))
}

// VisitListJobsitesResponse writes the answer.
func (a *jobsitesAnswer) VisitListJobsitesResponse(w http.ResponseWriter) error {
	return encode.JSON(w, http.StatusOK, (*model.JobsitePage)(a))
}

// VisitListInvoicesResponse writes the answer.
func (a *invoicesAnswer) VisitListInvoicesResponse(w http.ResponseWriter) error {
	return encode.JSON(w, http.StatusOK, (*model.InvoicePage)(a))
}

// VisitListLocationsResponse writes the answer.
func (a *locationsAnswer) VisitListLocationsResponse(w http.ResponseWriter) error {
	return encode.JSON(w, http.StatusOK, (*model.LocationPage)(a))
}

// VisitListCategoriesResponse writes the answer.
func (a *categoriesAnswer) VisitListCategoriesResponse(w http.ResponseWriter) error {
	return encode.JSON(w, http.StatusOK, (*model.CategoryAnswer)(a))
}

// VisitListChangesResponse writes the answer.
func (a *changesAnswer) VisitListChangesResponse(w http.ResponseWriter) error {
	return encode.JSON(w, http.StatusOK, (*model.ChangeAnswer)(a))
}
