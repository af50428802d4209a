package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/queue"
)

// outbox posts what waits for CRS, one message after the other (R185).
func (s *Service) outbox(d Dealer) queue.HandlerFunc {
	return func(ctx context.Context, item queue.Item, still func(context.Context) error) queue.Outcome {
		body, err := attachment.Join(ctx, s.o.Files, d.Code, item.Body)
		switch {
		case errors.Is(err, attachment.ErrGone):
			return queue.SetAside("its files are not kept any more")
		case err != nil:
			return queue.Again("its files cannot be read").Blameless()
		}
		if err := still(ctx); err != nil {
			return queue.Again("the lane is another process's by now").Blameless()
		}
		if item.Tries > 1 {
			s.o.Happened(d.Code, SentAgain)
		}
		posted, err := d.Poster.PostMessage(ctx, body)
		if posted.Ambiguous {
			s.o.Happened(d.Code, Unsure)
		}
		if err == nil {
			s.o.Happened(d.Code, Sent)
			return queue.Finish()
		}
		if errors.Is(err, adapters.ErrBadRequest) {
			s.o.Happened(d.Code, RefusedThere)
		}
		return failed(err)
	}
}

// failed says what follows from a failed post (R193 to R197).
func failed(err error) queue.Outcome {
	var call *adapters.CallError
	status, pause := 0, time.Duration(0)
	if errors.As(err, &call) {
		status, pause = call.Status, call.RetryAfter
	}
	why := "CRS did not take it"
	if call != nil {
		why = call.Error() // it holds nothing private
	}
	switch {
	case errors.Is(err, adapters.ErrBadRequest) && status != 429 && status != 408:
		return queue.SetAside(why) // R193
	case errors.Is(err, adapters.ErrForbidden): // R194
		return queue.Again(why).After(pause)
	case errors.Is(err, adapters.ErrCredentials), errors.Is(err, adapters.ErrAddress):
		// R195, R197: wrong for every message alike; a person has to put it right.
		return queue.Again(why).After(pause).Blameless()
	case status == 500:
		return queue.Again(why).After(pause) // it may be this one that CRS stumbles over
	}
	return queue.Again(why).After(pause).Blameless() // R196: CRS is away as a whole
}

// handover gives messages to the dealer's own system.
func (s *Service) handover(d Dealer) queue.HandlerFunc {
	return func(ctx context.Context, item queue.Item, still func(context.Context) error) queue.Outcome {
		var h handed
		if err := json.Unmarshal(item.Body, &h); err != nil {
			return queue.SetAside("it cannot be understood any more")
		}
		body, err := attachment.Join(ctx, s.o.Files, d.Code, h.Message)
		switch {
		case errors.Is(err, attachment.ErrGone):
			return queue.SetAside("its files are not kept any more")
		case err != nil:
			return queue.Again("its files cannot be read").Blameless()
		}
		if err := still(ctx); err != nil {
			return queue.Again("the lane is another process's by now").Blameless()
		}
		if item.Tries > 1 {
			s.o.Happened(d.Code, HandedAgain)
		}
		err = d.Receiver.Receive(ctx, adapters.Handover{
			ID: item.ID, Dealer: d.Code, Type: h.Type, RequestType: h.RequestType, RequestID: h.RequestID, Status: h.Status,
			Customer: h.Customer, Received: h.Received, Body: body,
		})
		switch {
		case err == nil:
			s.o.Happened(d.Code, HandedOver)
			return queue.Finish()
		case errors.Is(err, adapters.ErrNotFitting):
			return queue.SetAside(why(err, "the dealer's system cannot take it"))
		case errors.Is(err, adapters.ErrUnavailable), errors.Is(err, adapters.ErrMapping):
			return queue.Again("the dealer's system is away").Blameless()
		}
		return queue.Again("the dealer's system did not take it")
	}
}

// why are the words of an error that lists fields and no values; other errors
// may hold more than may be shown.
func why(err error, otherwise string) string {
	var fields *adapters.NotFitting
	if errors.As(err, &fields) {
		return fields.Error()
	}
	return otherwise
}
