// Package server owns the http.Handler of the gateway: which paths there are,
// what every request passes through and in which order, and how errors leave.
//
// It knows no adapter implementation, no SQL and no configuration file; what it
// needs is handed to New.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	operatorapi "github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/crs"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/sweep"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// Verifier checks bearer tokens. Errors are those of package token.
type Verifier interface {
	Verify(ctx context.Context, bearer string) (token.Caller, error)
}

// Dealers says which dealers are served; *dealers.Registry is one.
type Dealers interface {
	Dealer(code string) (*dealers.Dealer, bool)
	All() []*dealers.Dealer
}

// Options is what a server is made of. Dealers and Verifier are needed; the rest
// has defaults.
type Options struct {
	Dealers  Dealers
	Verifier Verifier

	TokenHandler   http.Handler          // POST /oauth2/token; nil: no such path
	MetricsHandler http.Handler          // GET /metrics; nil: no such path
	Registerer     prometheus.Registerer // where metrics are registered; nil: nowhere

	Log            *slog.Logger     // nil: nothing is logged
	Now            func() time.Time // the clock; nil: the machine's
	RequestTimeout time.Duration    // for an answer, or a standstill of a document; 25 s
	MaxBody        int64            // bytes of a request's body under /api; 64 KiB
	MaxInFlight    int              // requests worked on at once under /api; 256
	DefaultItems   int64            // page size when the caller does not say; crs.DefaultItems
	MostItems      int64            // page size at most; crs.MostItems
	// CustomerPath is one more path, below /api/, at which the customer endpoint
	// is answered (R170). Empty: there are /api/v1/customer and /api/v1/ alone.
	CustomerPath string

	// Messages says how messages are taken; nil: no such path. Now, Log and Happens are set by New, Known where
	// it is missing.
	Messages *intake.Options

	// Operator answers the operator's own API; nil: no such paths.
	Operator    operatorapi.StrictServerInterface
	MaxDeskBody int64 // bytes of a body that an operator sends; 40 MiB

	// Sweeps says how key lists are kept; Now and Observer are set by New.
	Sweeps sweep.Options
	// Alert is told of answers refused because too many rows were left out.
	Alert func(dealer, endpoint string)
	// Ready says whether the gateway itself can serve: its own state is there
	// and it is not stopping. nil: always.
	Ready func(context.Context) error
}

func (o *Options) fill() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = 25 * time.Second
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 10
	}
	if o.MaxDeskBody <= 0 {
		o.MaxDeskBody = 40 << 20
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = 256
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
}

// server is the handler with what its parts share.
type server struct {
	o          Options
	operations map[string]*operation // by gin's full path
	metrics    *metrics
	room       chan struct{} // one place per request worked on
	shares     shares        // of the dealers in it
	ready      readiness
}

// New builds the handler. An error means that the specification or the metrics
// do not fit; nothing of a request can cause it.
func New(o Options) (http.Handler, error) {
	o.fill()
	doc, err := openapi.CRSDocument()
	if err != nil {
		return nil, fmt.Errorf("building the server: %w", err)
	}
	s := &server{o: o, room: make(chan struct{}, o.MaxInFlight), shares: shares{room: o.MaxInFlight}}
	if s.metrics, err = newMetrics(o.Registerer); err != nil {
		return nil, fmt.Errorf("building the server: %w", err)
	}
	s.o.Sweeps.Now, s.o.Sweeps.Observer = o.Now, s.metrics
	if s.operations, err = operations(doc, s.customerPaths()); err != nil {
		return nil, fmt.Errorf("building the server: %w", err)
	}
	e := s.engine(doc, crs.New(crs.Options{
		Sweeps: sweep.New(s.o.Sweeps), DefaultItems: o.DefaultItems, MostItems: o.MostItems,
		Stall: o.RequestTimeout, Alert: s.alert,
	}))
	if o.Messages != nil {
		if err := s.takeMessages(e); err != nil {
			return nil, err
		}
	}
	if o.Operator != nil {
		if err := s.operate(e); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func init() { gin.SetMode(gin.ReleaseMode) } // gin prints its routes otherwise

func (s *server) engine(doc *openapi3.T, answers api.StrictServerInterface) *gin.Engine {
	e := gin.New()
	e.ContextWithFallback = true
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	// Ids in paths may hold an encoded slash. gin would decode a plus sign as a
	// blank, so decoding is ours (plainPath).
	e.UseEscapedPath = true
	e.UnescapePathValues = false

	e.Use(s.requestID, s.observe, s.recover)
	e.NoRoute(func(c *gin.Context) { s.fail(c, problem.ErrNoRoute) })
	e.NoMethod(func(c *gin.Context) { s.fail(c, problem.ErrMethodNotAllowed) })

	for _, method := range []string{http.MethodGet, http.MethodHead} {
		e.Handle(method, "/livez", s.livez)
		e.Handle(method, "/readyz", s.readyz)
		if s.o.MetricsHandler != nil {
			e.Handle(method, "/metrics", gin.WrapH(s.o.MetricsHandler))
		}
	}
	if s.o.TokenHandler != nil {
		e.POST("/oauth2/token", gin.WrapH(s.o.TokenHandler))
	}

	pull := e.Group("", s.admit, s.limitBody, s.nameQuery, s.authorize, s.plainPath, s.validate(doc), s.deliver)
	handler := api.NewStrictHandlerWithOptions(plainContext{answers}, []api.StrictMiddlewareFunc{refuseNothing},
		api.StrictGinServerOptions{
			RequestErrorHandlerFunc:  func(c *gin.Context, _ error) { s.fail(c, unreadable) },
			HandlerErrorFunc:         s.fail,
			ResponseErrorHandlerFunc: s.fail,
		})
	unbindable := func(c *gin.Context, _ error, _ int) { s.fail(c, unreadable) }
	own := s.binders(handler)
	for path := range own {
		s.operations[path].bound = true
	}
	api.RegisterHandlersWithOptions(bound{pull, own}, handler, api.GinServerOptions{ErrorHandler: unbindable})

	wrapped := api.ServerInterfaceWrapper{Handler: handler, ErrorHandler: unbindable}
	pull.HEAD(documentPath, wrapped.GetDocument)
	for _, path := range s.customerPaths() {
		pull.GET(path, own[customerPath])
	}
	return e
}

// unreadable is for a request that passed the validator and still cannot be
// bound; the generated code's own words would show values.
var unreadable = problem.BadParameter(model.ProblemFault{Path: "request", Message: "cannot be read"})

func (s *server) alert(dealer, endpoint string) {
	s.o.Log.Error("too many rows of the dealer's system cannot be sent", "dealer", dealer, "endpoint", endpoint)
	if s.o.Alert != nil {
		s.o.Alert(dealer, endpoint)
	}
}

// fail answers a request with the problem an error is. Once bytes of an answer
// are out, all that can be done is to break the connection.
func (s *server) fail(c *gin.Context, err error) {
	facts(c).problem = problem.Slug(err)
	c.Abort()
	if c.Writer.Written() {
		s.o.Log.WarnContext(c.Request.Context(), "an answer broke off",
			"requestId", problem.RequestID(c.Request.Context()), "err", err)
		panic(http.ErrAbortHandler)
	}
	problem.Write(c.Writer, c.Request, s.o.Log, err)
	c.Writer.WriteHeaderNow()
}
