package operator

import (
	"context"

	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// ListConversations lists conversations.
func (h *Handlers) ListConversations(ctx context.Context, r api.ListConversationsRequestObject) (api.ListConversationsResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	found, next, err := desk.Chains(ctx, messaging.Filter{
		Dealer: dealer, Customer: given(r.Params.Customer), Most: limit(r.Params.Limit), Before: given(r.Params.After),
	})
	if err != nil {
		return nil, toldOfRequests(err)
	}
	page := model.ConversationPage{Items: make([]model.Conversation, 0, len(found)), Next: some(next)}
	for i := range found {
		page.Items = append(page.Items, Conversation(&found[i]))
	}
	return api.ListConversations200JSONResponse(page), nil
}

// GetConversation shows a conversation.
func (h *Handlers) GetConversation(ctx context.Context, r api.GetConversationRequestObject) (api.GetConversationResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	c, err := desk.Chain(ctx, dealer, r.Conversation)
	if err != nil {
		return nil, toldOfRequests(err)
	}
	return api.GetConversation200JSONResponse(Conversation(&c)), nil
}

// AnswerConversation says something.
func (h *Handlers) AnswerConversation(ctx context.Context, r api.AnswerConversationRequestObject) (api.AnswerConversationResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	b := r.Body
	said, err := desk.Answer(ctx, dealer, r.Conversation, request.Say{ID: b.ID, User: b.User, UserName: given(b.UserName), Text: b.Text})
	if err != nil {
		return nil, toldOfRequests(err)
	}
	return api.AnswerConversation200JSONResponse(Conversation(said.Chain)), nil
}

// StartConversation begins a conversation, or goes on with the one there is.
func (h *Handlers) StartConversation(ctx context.Context, r api.StartConversationRequestObject) (api.StartConversationResponseObject, error) {
	ctx = plain(ctx)
	desk, dealer, err := h.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	b := r.Body
	asset := request.Asset{
		RentedAssetID: given(b.Asset.RentedAssetID), EquipmentAssetID: given(b.Asset.EquipmentAssetID), SerialNumber: given(b.Asset.SerialNumber),
	}
	said, err := desk.Begin(ctx, dealer, b.Customer, b.Contract, asset, request.Say{ID: b.ID, User: b.User, UserName: given(b.UserName), Text: b.Text})
	if err != nil {
		return nil, toldOfRequests(err)
	}
	return api.StartConversation200JSONResponse(Conversation(said.Chain)), nil
}

// Conversation is a conversation in the shape of the specification.
func Conversation(c *request.Chain) model.Conversation {
	out := model.Conversation{
		ID: c.ID, PartnerID: some(c.PartnerID), Dealer: c.Dealer, Customer: some(c.Customer), Contract: some(c.Contract), Active: c.Active,
		Asset: model.AssetName{
			RentedAssetID: some(c.Asset.RentedAssetID), EquipmentAssetID: some(c.Asset.EquipmentAssetID), SerialNumber: some(c.Asset.SerialNumber),
		},
		Lines: make([]model.Line, 0, len(c.Lines)), ChangedAt: stamp(c.Changed),
	}
	for _, l := range c.Lines {
		out.Lines = append(out.Lines, model.Line{
			Side: model.LineSide(side(l.Side)), At: stamp(l.At), CreatedBy: some(l.CreatedBy), UserName: some(l.UserName), Text: l.Text,
		})
	}
	return out
}
