package adapters

import (
	"context"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// ShortList is a whole list with its rows.
type ShortList[T any] struct {
	Keys    Keys
	Items   []T
	LeftOut []LeftOut
}

// ShortLists is the capability of reading a list with all of its rows in one
// step, where it has no more than so many. What it answers is what the two
// steps of the list's own capability answer at one moment. Nil without an error
// says that the two steps have to be taken: the list is longer, or cannot be
// read so.
type ShortLists interface {
	ShortContracts(ctx context.Context, q Query, most int) (*ShortList[model.Contract], error)
	ShortJobsites(ctx context.Context, q Query, most int) (*ShortList[model.Jobsite], error)
	ShortInvoices(ctx context.Context, q Query, most int) (*ShortList[model.Invoice], error)
	ShortLocations(ctx context.Context, q Query, most int) (*ShortList[model.Location], error)
}
