package server

import (
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// bound registers the generated routes, with handlers of our own where there are
// some. The generated ones read the whole query again for each parameter.
type bound struct {
	gin.IRouter
	own map[string]gin.HandlerFunc // by gin's full path
}

// GET implements gin.IRouter.
func (b bound) GET(path string, generated ...gin.HandlerFunc) gin.IRoutes {
	if own := b.own[path]; own != nil {
		return b.IRouter.GET(path, own)
	}
	return b.IRouter.GET(path, generated...)
}

// binders make the typed requests of all endpoints but the document's from a
// query that was read and checked already.
func (s *server) binders(to api.ServerInterface) map[string]gin.HandlerFunc {
	return map[string]gin.HandlerFunc{
		"/api/v1/contract": func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.ListContractsParams{Dealer: b.text("dealer"), Customer: b.texts("customer"), Items: b.whole("items"), Page: b.whole("page")}
			if s.readable(c, &b) {
				to.ListContracts(c, p)
			}
		},
		customerPath: func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.GetCustomerParams{Dealer: b.text("dealer"), Customer: b.needed("customer")}
			if s.readable(c, &b) {
				to.GetCustomer(c, p)
			}
		},
		"/api/v1/dealer-category": func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.ListCategoriesParams{Dealer: b.text("dealer"), Customer: b.text("customer")}
			if s.readable(c, &b) {
				to.ListCategories(c, p)
			}
		},
		"/api/v1/incremental": func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.ListChangesParams{Dealer: b.text("dealer"), Since: b.needed("since")}
			if s.readable(c, &b) {
				to.ListChanges(c, p)
			}
		},
		"/api/v1/invoice": func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.ListInvoicesParams{Dealer: b.text("dealer"), Customer: b.needed("customer"), Items: b.whole("items"), Page: b.whole("page")}
			if s.readable(c, &b) {
				to.ListInvoices(c, p)
			}
		},
		"/api/v1/jobsite": func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.ListJobsitesParams{Dealer: b.text("dealer"), Customer: b.texts("customer"), Items: b.whole("items"), Page: b.whole("page")}
			if s.readable(c, &b) {
				to.ListJobsites(c, p)
			}
		},
		"/api/v1/location": func(c *gin.Context) {
			b := binder{query: queryOf(c)}
			p := model.ListLocationsParams{Dealer: b.text("dealer"), Items: b.whole("items"), Page: b.whole("page")}
			if s.readable(c, &b) {
				to.ListLocations(c, p)
			}
		},
	}
}

// readable answers a request that could not be bound.
func (s *server) readable(c *gin.Context, b *binder) bool {
	if b.unreadable {
		s.fail(c, unreadable)
	}
	return !b.unreadable
}

// binder makes typed parameters of a query.
type binder struct {
	*query

	unreadable bool // something that was checked cannot be read all the same
}

// text is an optional text; nil where none was given.
func (b *binder) text(name string) *string {
	if g := b.find(name); g != nil {
		return &g.value
	}
	return nil
}

// needed is a text that has to be given.
func (b *binder) needed(name string) string {
	g := b.find(name)
	if g == nil {
		b.unreadable = true
		return ""
	}
	return g.value
}

// texts are the parts of a text, with commas between them, that has to be given.
func (b *binder) texts(name string) []string { return strings.Split(b.needed(name), ",") }

// whole is an optional whole number; nil where none was given.
func (b *binder) whole(name string) *int64 {
	g := b.find(name)
	if g == nil {
		return nil
	}
	n, err := strconv.ParseInt(g.value, 10, 64)
	if err != nil {
		b.unreadable = true
		return nil
	}
	g.number = n
	return &g.number
}
