package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	crsmodel "github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// Desk is the rental desk's work; *messaging.Service does it.
type Desk interface {
	Requests(ctx context.Context, f messaging.Filter) ([]request.Record, string, error)
	Show(ctx context.Context, dealer, id string) (messaging.View, error)
	File(ctx context.Context, dealer string, f request.File) (io.ReadCloser, error)
	Move(ctx context.Context, dealer, id string, m request.Move) (request.Moved, error)
	Start(ctx context.Context, n request.New) (request.Moved, error)
	EraseRequest(ctx context.Context, dealer, id string) error
	Chains(ctx context.Context, f messaging.Filter) ([]request.Chain, string, error)
	Chain(ctx context.Context, dealer, id string) (request.Chain, error)
	Answer(ctx context.Context, dealer, id string, say request.Say) (request.Said, error)
	Begin(ctx context.Context, dealer, customer, contract string, asset request.Asset, say request.Say) (request.Said, error)
}

var _ Desk = (*messaging.Service)(nil)

func (h *Handlers) deskOf(ctx context.Context) (Desk, string, error) {
	call, err := callOf(ctx)
	if err != nil {
		return nil, "", err
	}
	if h.o.Desk == nil || h.o.HasDesk != nil && !h.o.HasDesk(call.Dealer.Code) {
		return nil, "", fmt.Errorf("messages of dealer %s: %w", call.Dealer.Code, problem.ErrNotSetUp)
	}
	return h.o.Desk, call.Dealer.Code, nil
}

// toldOfRequests turns what the desk answers into what an operator is told.
func toldOfRequests(err error) error {
	var no *request.Refusal
	var unfit *request.Unfit
	switch {
	case errors.As(err, &no):
		return problem.Refused(no.Error())
	case errors.As(err, &unfit):
		faults := make([]crsmodel.ProblemFault, 0, len(unfit.Faults))
		for _, f := range unfit.Faults {
			faults = append(faults, crsmodel.ProblemFault{Path: "body." + f.Path, Message: f.Reason})
		}
		return problem.BadParameter(faults...)
	case errors.Is(err, messaging.ErrUnknown), errors.Is(err, attachment.ErrGone):
		return fmt.Errorf("%w: %w", problem.ErrUnknown, err)
	case errors.Is(err, messaging.ErrConflict):
		return problem.Refused("somebody else changed it at the same time; look at it and try again")
	case errors.Is(err, queue.ErrBusy):
		return problem.Refused("a message about it is being handled at this moment; try again")
	}
	return err
}

// ListRequests lists requests.
func (h *Handlers) ListRequests(ctx context.Context, r api.ListRequestsRequestObject) (api.ListRequestsResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	f := messaging.Filter{Dealer: dealer, Most: limit(r.Params.Limit), Before: given(r.Params.After), Customer: given(r.Params.Customer)}
	if r.Params.Type != nil {
		f.Types = []request.Type{request.Type(*r.Params.Type)}
	}
	if r.Params.Status != nil {
		f.Statuses = []request.Status{request.Status(*r.Params.Status)}
	}
	f.Open = r.Params.Open != nil && *r.Params.Open
	found, next, err := desk.Requests(ctx, f)
	if err != nil {
		return nil, toldOfRequests(err)
	}
	page := model.RequestPage{Items: make([]model.RequestSummary, 0, len(found)), Next: some(next)}
	for i := range found {
		page.Items = append(page.Items, RequestSummary(&found[i]))
	}
	return api.ListRequests200JSONResponse(page), nil
}

// GetRequest shows a request.
func (h *Handlers) GetRequest(ctx context.Context, r api.GetRequestRequestObject) (api.GetRequestResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	v, err := shown(ctx, desk, dealer, r.ID, nil)
	if err != nil {
		return nil, err
	}
	return api.GetRequest200JSONResponse(v), nil
}

func shown(ctx context.Context, desk Desk, dealer, id string, warnings []string) (model.RequestView, error) {
	v, err := desk.Show(ctx, dealer, id)
	if err != nil {
		return model.RequestView{}, toldOfRequests(err)
	}
	out := RequestView(v)
	out.Warnings = warnings
	return out, nil
}

// EraseRequest forgets a request.
func (h *Handlers) EraseRequest(ctx context.Context, r api.EraseRequestRequestObject) (api.EraseRequestResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := desk.EraseRequest(ctx, dealer, r.ID); err != nil {
		return nil, toldOfRequests(err)
	}
	return api.EraseRequest204Response{}, nil
}

// download hands a file out so that no browser shows it in place.
type download struct {
	name string
	file io.ReadCloser
}

// GetRequestFile hands out a file of a request.
func (h *Handlers) GetRequestFile(ctx context.Context, r api.GetRequestFileRequestObject) (api.GetRequestFileResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	v, err := desk.Show(ctx, dealer, r.ID)
	if err != nil {
		return nil, toldOfRequests(err)
	}
	files := v.Request.Files()
	if r.File >= int64(len(files)) {
		return nil, fmt.Errorf("a file of a request: %w", problem.ErrUnknown)
	}
	file, err := desk.File(ctx, dealer, files[r.File])
	if err != nil {
		return nil, toldOfRequests(err)
	}
	return download{files[r.File].SafeName(), file}, nil
}

// StartRequest makes a request of the dealer's.
func (h *Handlers) StartRequest(ctx context.Context, r api.StartRequestRequestObject) (api.StartRequestResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	b := r.Body
	n := request.New{
		ID: b.ID, Dealer: dealer, Customer: given(b.Customer), Type: request.Type(b.Type), User: b.User, UserName: given(b.UserName),
		Title: given(b.Title), Text: given(b.Text), Properties: object(b.Properties), Contract: object(b.Contract), Jobsite: object(b.Jobsite),
	}
	if n.RequestedDate, err = date("body.requestedDate", b.RequestedDate); err != nil {
		return nil, err
	}
	if len(b.Assets) > 0 {
		if n.Assets, err = json.Marshal(b.Assets); err != nil {
			return nil, fmt.Errorf("reading the assets of a request: %w", err)
		}
	}
	made, err := desk.Start(ctx, n)
	if err != nil {
		return nil, toldOfRequests(err)
	}
	v, err := shown(ctx, desk, dealer, made.Record.ID, made.Warnings)
	if err != nil {
		return nil, err
	}
	return api.StartRequest200JSONResponse(v), nil
}

// MoveRequest makes a step of the desk.
func (h *Handlers) MoveRequest(ctx context.Context, r api.MoveRequestRequestObject) (api.MoveRequestResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	b := r.Body
	m, ok := messaging.Verb(string(b.Move))
	if !ok {
		return nil, problem.BadParameter(crsmodel.ProblemFault{Path: "body.move", Message: "is no step of the desk"})
	}
	m.ID, m.User, m.UserName, m.Text = b.ID, b.User, given(b.UserName), given(b.Text)
	if b.Title != nil {
		m.Title = *b.Title
	}
	if b.Disposition != nil {
		m.Disposition = *b.Disposition
	}
	if m.Date, err = date("body.date", b.Date); err != nil {
		return nil, err
	}
	for _, f := range b.Files {
		m.Attachments = append(m.Attachments, request.File{Filename: f.Filename, Mimetype: f.Mimetype, Contents: f.Contents})
	}
	moved, err := desk.Move(ctx, dealer, r.ID, m)
	if err != nil {
		return nil, toldOfRequests(err)
	}
	v, err := shown(ctx, desk, dealer, r.ID, moved.Warnings)
	if err != nil {
		return nil, err
	}
	return api.MoveRequest200JSONResponse(v), nil
}

// RequestSummary is a request of a list in the shape of the specification.
func RequestSummary(r *request.Record) model.RequestSummary {
	return model.RequestSummary{
		ID: r.ID, PartnerID: some(r.PartnerID), Dealer: r.Dealer, Customer: some(r.Customer), CustomerUnknown: r.CustomerUnknown,
		Type: model.RequestType(r.Type), Status: model.RequestStatus(r.Status), Origin: model.RequestSummaryOrigin(side(r.Origin)),
		Title: some(strings.TrimSpace(r.Text("title"))), Disposition: some(r.Disposition()), Over: r.Over(),
		CreatedAt: stamp(r.Created), ChangedAt: stamp(r.Changed),
	}
}

// RequestView is a request with its history in the shape of the specification.
func RequestView(v messaging.View) model.RequestView {
	r := &v.Request
	out := model.RequestView{
		Summary: RequestSummary(r), Request: r.Request, Updates: []model.RequestUpdateView{}, Files: []model.FileView{},
		Allowed: []model.AllowedMove{}, Conversations: []model.Conversation{},
	}
	if len(out.Request) == 0 {
		out.Request = json.RawMessage("{}")
	}
	number := int64(0)
	for range len(r.Files()) - updateFiles(r) {
		out.Files = append(out.Files, fileView(r, number, nil))
		number++
	}
	for i := range r.Updates {
		u := &r.Updates[i]
		one := model.RequestUpdateView{
			Side: model.RequestUpdateViewSide(side(u.Side)), Status: string(u.Status), At: stamp(u.At), CreatedBy: some(u.CreatedBy()),
			UserName: some(u.UserName()), Title: some(u.Title()), Text: some(u.Text()), Disposition: some(u.Disposition()), Refused: some(u.Refused),
		}
		if at, _ := u.Date(r.Type); !at.IsZero() {
			one.Date = when(at)
		}
		out.Updates = append(out.Updates, one)
		of := int64(i)
		for range u.Files() {
			out.Files = append(out.Files, fileView(r, number, &of))
			number++
		}
	}
	for _, o := range v.Allowed {
		out.Allowed = append(out.Allowed, model.AllowedMove{Status: string(o.To), What: o.What, Need: some(string(o.Need)), Advice: some(string(o.Advice))})
	}
	for i := range v.Chains {
		out.Conversations = append(out.Conversations, Conversation(&v.Chains[i]))
	}
	return out
}

func updateFiles(r *request.Record) int {
	n := 0
	for i := range r.Updates {
		n += len(r.Updates[i].Files())
	}
	return n
}

func fileView(r *request.Record, number int64, update *int64) model.FileView {
	f := r.Files()[number]
	return model.FileView{Number: number, Name: f.SafeName(), Type: f.Mimetype, Update: update}
}

// side is whose something is, in the operator's words.
func side(s request.Side) string {
	if s == request.Own {
		return "dealer"
	}
	return string(s)
}

func limit(n *int64) int {
	if n == nil {
		return listed
	}
	return int(*n)
}

func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func object(raw *json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	return *raw
}

// date reads a moment of a body; path says where it stands.
func date(path string, text *string) (*time.Time, error) {
	if text == nil {
		return nil, nil // none was given
	}
	at, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return nil, problem.BadParameter(crsmodel.ProblemFault{Path: path, Message: "is no moment such as 2026-03-06T12:00:00Z"})
	}
	return &at, nil
}
