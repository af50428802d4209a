package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/lead/api"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	qrapi "github.com/dealerbridge/dealerbridge/gen/qr/api"
	qrmodel "github.com/dealerbridge/dealerbridge/gen/qr/model"
)

// The texts of the error answers (R98), each with the code it is taken to go with.
const (
	invalidToken   = "Invalid access token."
	invalidHeader  = "Invalid request header."
	notAuthorized  = "You are not authorized to perform that action."
	noEndpoint     = "Endpoint Not Found"
	internalFailed = "Internal Server Error"
)

// mostBody is how many bytes of updates are read.
const mostBody = 16 << 20

func init() { gin.SetMode(gin.ReleaseMode) } // gin prints its routes otherwise

func problem(text string) model.ServiceError { return model.ServiceError{Message: &text} }

// service answers the generated servers' calls.
type service struct{ sandbox *Sandbox }

// routes puts the generated servers where production has them. The token
// endpoint stands on another host there, so each route is set by itself.
func (s *Sandbox) routes() *gin.Engine {
	e := gin.New()
	e.ContextWithFallback = true // handlers see what the steps before put into the call
	unknown := func(c *gin.Context) { c.AbortWithStatusJSON(http.StatusNotFound, problem(noEndpoint)) }
	e.NoRoute(unknown)
	failed := func(c *gin.Context, err error) {
		if c.FullPath() == TokenPath {
			c.AbortWithStatusJSON(http.StatusBadRequest, tokenError(model.TokenErrorErrorInvalidRequest, "the form cannot be read"))
			return
		}
		c.AbortWithStatusJSON(http.StatusBadRequest, problem("Invalid parameters: "+err.Error()))
	}
	broken := func(c *gin.Context, _ error) {
		c.AbortWithStatusJSON(http.StatusInternalServerError, problem(internalFailed))
	}
	wrongParameter := func(c *gin.Context, err error, _ int) { failed(c, err) }

	leads := api.ServerInterfaceWrapper{
		Handler: api.NewStrictHandlerWithOptions(service{s}, nil, api.StrictGinServerOptions{
			RequestErrorHandlerFunc: failed, HandlerErrorFunc: broken, ResponseErrorHandlerFunc: broken,
		}),
		ErrorHandler: wrongParameter,
	}
	e.POST(TokenPath, s.authenticate, leads.IssueToken)
	v2 := e.Group(LeadPath, s.authorize(leadScope), jsonOnly)
	v2.GET("/leads", leads.ListLeads)
	v2.POST("/leads", s.takeUpdates, leads.PostLeadUpdates)
	v2.GET("/leads/historic", leads.ListHistoricLeads)

	qr := qrapi.NewStrictHandlerWithOptions(service{s}, nil, qrapi.StrictGinServerOptions{
		RequestErrorHandlerFunc: failed, HandlerErrorFunc: broken, ResponseErrorHandlerFunc: broken,
	})
	qrapi.RegisterHandlersWithOptions(e.Group(QRPath, s.authorize("")), qr, qrapi.GinServerOptions{ErrorHandler: wrongParameter})

	e.POST(MessagePath, s.authorize(""), s.takeMessage)

	s.controlRoutes(e.Group("/control"))
	s.portalRoutes(e.Group("/control/portal"))
	return e
}

// authorize lets calls with a good token pass; the lead service wants a scope
// besides (R17, R98), the QR service none (R5).
func (s *Sandbox) authorize(scope string) gin.HandlerFunc {
	return func(c *gin.Context) {
		g, ok := s.granted(bearer(c.Request))
		switch {
		case !ok:
			c.AbortWithStatusJSON(http.StatusUnauthorized, problem(invalidToken))
		case scope != "" && g.scope != scope:
			c.AbortWithStatusJSON(http.StatusForbidden, problem(notAuthorized))
		default:
			put(c, clientKey, g.client)
		}
	}
}

// jsonOnly wants both headers on every call of the lead service (R20).
func jsonOnly(c *gin.Context) {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" || !strings.Contains(c.GetHeader("Accept"), "application/json") {
		c.AbortWithStatusJSON(http.StatusBadRequest, problem(invalidHeader))
	}
}

// takeUpdates judges what was posted before it is decoded, while names, blanks
// and types can still be seen.
func (s *Sandbox) takeUpdates(c *gin.Context) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, mostBody))
	if err != nil {
		text := "the body cannot be read"
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			text = "the body is too large"
		}
		c.AbortWithStatusJSON(http.StatusBadRequest, problem("Invalid parameters: "+text))
		return
	}
	j, refused := s.judgeBody(caller(c).Dealer, body)
	if len(refused) > 0 {
		c.AbortWithStatusJSON(http.StatusBadRequest, problem(inWords(refused)))
		return
	}
	put(c, judgedKey, j)
	c.Request.Body = io.NopCloser(bytes.NewReader(j.body()))
}

// objects is a list of leads as it is sent. The generated answers hold typed
// leads; a sandbox also hands out what no type allows.
type objects []byte

func (o objects) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(o)
	return err
}

// VisitListLeadsResponse is part of the generated server.
func (o objects) VisitListLeadsResponse(w http.ResponseWriter) error { return o.write(w) }

// VisitListHistoricLeadsResponse is part of the generated server.
func (o objects) VisitListHistoricLeadsResponse(w http.ResponseWriter) error { return o.write(w) }

// VisitGetAssociationResponse is part of the generated server.
func (o objects) VisitGetAssociationResponse(w http.ResponseWriter) error { return o.write(w) }

// limitOf reads a limit; one that is not 1 to 100 is an invalid parameter.
func (s service) limitOf(limit *int64) (int, bool) {
	n := s.sandbox.Settings().DefaultLimit
	if limit != nil {
		n = *limit
	}
	return int(n), n >= 1 && n <= mostLeads
}

const wrongLimit = "Invalid parameters: limit is 1 to 100"

// ListLeads hands out what waits (R29 to R36).
func (s service) ListLeads(ctx context.Context, r api.ListLeadsRequestObject) (api.ListLeadsResponseObject, error) {
	limit, ok := s.limitOf(r.Params.Limit)
	if !ok {
		return api.ListLeadsdefaultJSONResponse{StatusCode: http.StatusBadRequest, Body: problem(wrongLimit)}, nil
	}
	list, count := s.sandbox.handOut(caller(ctx).Dealer, limit, happening(ctx, Duplicate), happening(ctx, Again))
	if count == 0 && s.sandbox.Settings().EmptyStatus == http.StatusNoContent {
		return api.ListLeads204Response{}, nil
	}
	return objects(list), nil
}

// ListHistoricLeads gives leads that were handed out (R51 to R58).
func (s service) ListHistoricLeads(ctx context.Context, r api.ListHistoricLeadsRequestObject) (api.ListHistoricLeadsResponseObject, error) {
	refuse := func(text string) (api.ListHistoricLeadsResponseObject, error) {
		return api.ListHistoricLeadsdefaultJSONResponse{StatusCode: http.StatusBadRequest, Body: problem(text)}, nil
	}
	limit, ok := s.limitOf(r.Params.Limit)
	if !ok {
		return refuse(wrongLimit)
	}
	first, err := time.Parse(time.DateOnly, r.Params.Startdate)
	if err != nil {
		return refuse("Invalid parameters: startdate is YYYY-MM-DD")
	}
	last, err := time.Parse(time.DateOnly, r.Params.Enddate)
	if err != nil {
		return refuse("Invalid parameters: enddate is YYYY-MM-DD")
	}
	offset := int64(0)
	if r.Params.Offset != nil {
		offset = *r.Params.Offset
	}
	switch {
	case last.Before(first):
		return refuse("Invalid parameters: enddate is before startdate")
	case offset < 0:
		return refuse("Invalid parameters: offset is below 0")
	}
	list, count := s.sandbox.historic(caller(ctx).Dealer, first, last, int(offset), limit, happening(ctx, Duplicate))
	if count == 0 && s.sandbox.Settings().EmptyStatus == http.StatusNoContent {
		return api.ListHistoricLeads204Response{}, nil
	}
	return objects(list), nil
}

// PostLeadUpdates records updates that were judged before (R59 to R96).
func (s service) PostLeadUpdates(ctx context.Context, _ api.PostLeadUpdatesRequestObject) (api.PostLeadUpdatesResponseObject, error) {
	j, ok := ctx.Value(judgedKey).(judged)
	if !ok {
		return nil, errors.New("the updates were not judged")
	}
	s.sandbox.receive(j, happening(ctx, Duplicate))
	if s.sandbox.Settings().UpdateStatus == http.StatusNoContent {
		return api.PostLeadUpdates204Response{}, nil
	}
	return api.PostLeadUpdates200Response{}, nil
}

// GetAssociation gives the machine behind a code, spelt as it was scanned (R2);
// an unknown one is 404 (R12).
func (s service) GetAssociation(_ context.Context, r qrapi.GetAssociationRequestObject) (qrapi.GetAssociationResponseObject, error) {
	s.sandbox.mu.Lock()
	defer s.sandbox.mu.Unlock()
	found, ok := s.sandbox.associations[r.QrCodeID]
	if !ok {
		text := "no such code"
		return qrapi.GetAssociationdefaultJSONResponse{StatusCode: http.StatusNotFound, Body: qrmodel.ServiceError{Message: &text}}, nil
	}
	return objects(found), nil
}
