package crs

import (
	"net/http"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/encode"
)

// The answers of the lists. They are the generated ones in all but who writes
// them: the same text, made with less.
type (
	contractsAnswer  answer[model.ContractPage]
	jobsitesAnswer   answer[model.JobsitePage]
	invoicesAnswer   answer[model.InvoicePage]
	locationsAnswer  answer[model.LocationPage]
	categoriesAnswer answer[model.CategoryAnswer]
	changesAnswer    answer[model.ChangeAnswer]
)

// answer is what is sent, and the memory it lies in; nil where that is its own.
type answer[T any] struct {
	sent T
	loan *adapters.Loan
}

// write writes an answer, after which nobody looks at it any more. One that could
// not be written keeps its memory: who knows where it got to.
func (a *answer[T]) write(w http.ResponseWriter) error {
	if err := encode.JSON(w, http.StatusOK, &a.sent); err != nil {
		return err
	}
	a.loan.Return()
	return nil
}

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
	return (*answer[model.ContractPage])(a).write(w)
}

// VisitListJobsitesResponse writes the answer.
func (a *jobsitesAnswer) VisitListJobsitesResponse(w http.ResponseWriter) error {
	return (*answer[model.JobsitePage])(a).write(w)
}

// VisitListInvoicesResponse writes the answer.
func (a *invoicesAnswer) VisitListInvoicesResponse(w http.ResponseWriter) error {
	return (*answer[model.InvoicePage])(a).write(w)
}

// VisitListLocationsResponse writes the answer.
func (a *locationsAnswer) VisitListLocationsResponse(w http.ResponseWriter) error {
	return (*answer[model.LocationPage])(a).write(w)
}

// VisitListCategoriesResponse writes the answer.
func (a *categoriesAnswer) VisitListCategoriesResponse(w http.ResponseWriter) error {
	return (*answer[model.CategoryAnswer])(a).write(w)
}

// VisitListChangesResponse writes the answer.
func (a *changesAnswer) VisitListChangesResponse(w http.ResponseWriter) error {
	return (*answer[model.ChangeAnswer])(a).write(w)
}
