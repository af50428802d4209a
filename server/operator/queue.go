package operator

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Queue is what can be seen and steered of the queue; *queue.Queue is one.
type Queue interface {
	List(ctx context.Context, f queue.Filter) ([]queue.Item, error)
	Show(ctx context.Context, number int64) (queue.Item, error)
	Retry(ctx context.Context, number int64) (overtaken int64, err error)
	Park(ctx context.Context, number int64, why string) error
	Counts(ctx context.Context) ([]queue.Count, error)
}

var _ Queue = (*queue.Queue)(nil)

func (h *Handlers) queueOf(ctx context.Context) (Queue, string, error) {
	call, err := callOf(ctx)
	if err != nil {
		return nil, "", err
	}
	if h.o.Queue == nil {
		return nil, "", fmt.Errorf("the queue: %w", problem.ErrNotSetUp)
	}
	return h.o.Queue, call.Dealer.Code, nil
}

// toldOfQueue turns what the queue answers into what an operator is told.
func toldOfQueue(err error) error {
	switch {
	case errors.Is(err, queue.ErrUnknown):
		return fmt.Errorf("%w: %w", problem.ErrUnknown, err)
	case errors.Is(err, queue.ErrBusy):
		return problem.Refused("the item is being handled at this moment; try again")
	case errors.Is(err, queue.ErrState):
		return problem.Refused("the item's state does not allow this: only waiting and parked items can be tried again, only waiting ones parked")
	}
	return err
}

// itemOf gives an item of the dealer asked for; others' items are unknown.
func itemOf(ctx context.Context, q Queue, dealer string, number int64) (queue.Item, error) {
	item, err := q.Show(ctx, number)
	if err != nil {
		return queue.Item{}, toldOfQueue(err)
	}
	if item.Lane.Dealer != dealer {
		return queue.Item{}, fmt.Errorf("an item of another dealer: %w", problem.ErrUnknown)
	}
	return item, nil
}

// CountQueue counts what waits.
func (h *Handlers) CountQueue(ctx context.Context, _ api.CountQueueRequestObject) (api.CountQueueResponseObject, error) {
	ctx = plain(ctx)
	q, dealer, err := h.queueOf(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := q.Counts(ctx)
	if err != nil {
		return nil, toldOfQueue(err)
	}
	return api.CountQueue200JSONResponse(QueueCounts(counts, dealer)), nil
}

// QueueCounts are the lanes of a dealer, of all where dealer is "".
func QueueCounts(counts []queue.Count, dealer string) model.QueueCounts {
	out := model.QueueCounts{Lanes: []model.LaneCount{}}
	for _, c := range counts {
		if dealer != "" && c.Lane.Dealer != dealer {
			continue
		}
		out.Lanes = append(out.Lanes, model.LaneCount{
			Dealer: c.Lane.Dealer, Direction: model.QueueDirection(c.Lane.Direction), Waiting: c.Waiting, Working: c.Working, Parked: c.Parked,
			Oldest: when(c.Oldest), BlockedSince: when(c.Blocked),
		})
	}
	return out
}

// ListQueueItems lists items.
func (h *Handlers) ListQueueItems(ctx context.Context, r api.ListQueueItemsRequestObject) (api.ListQueueItemsResponseObject, error) {
	ctx = plain(ctx)
	q, dealer, err := h.queueOf(ctx)
	if err != nil {
		return nil, err
	}
	f := queue.Filter{Lane: queue.Lane{Dealer: dealer}, Most: limit(r.Params.Limit) + 1} // one more tells whether there are more
	if r.Params.Direction != nil {
		f.Lane.Direction = queue.Direction(*r.Params.Direction)
	}
	if r.Params.State != nil {
		f.States = []queue.State{queue.State(*r.Params.State)}
	}
	if r.Params.After != nil {
		if f.After, err = strconv.ParseInt(*r.Params.After, 10, 64); err != nil {
			return nil, problem.BadParameter(problem.Fault("after", "is not the next of an answer"))
		}
	}
	items, err := q.List(ctx, f)
	if err != nil {
		return nil, toldOfQueue(err)
	}
	return api.ListQueueItems200JSONResponse(QueuePage(items, f.Most-1)), nil
}

// QueuePage is a list of items in the shape of the specification, cut to most.
func QueuePage(items []queue.Item, most int) model.QueuePage {
	page := model.QueuePage{Items: make([]model.QueueItem, 0, len(items))}
	for i, item := range items {
		if i == most {
			next := strconv.FormatInt(items[i-1].Number, 10)
			page.Next = &next
			break
		}
		page.Items = append(page.Items, QueueItem(item))
	}
	return page
}

// GetQueueItem shows an item.
func (h *Handlers) GetQueueItem(ctx context.Context, r api.GetQueueItemRequestObject) (api.GetQueueItemResponseObject, error) {
	ctx = plain(ctx)
	q, dealer, err := h.queueOf(ctx)
	if err != nil {
		return nil, err
	}
	item, err := itemOf(ctx, q, dealer, r.Number)
	if err != nil {
		return nil, err
	}
	return api.GetQueueItem200JSONResponse(QueueItem(item)), nil
}

// RetryQueueItem tries an item again.
func (h *Handlers) RetryQueueItem(ctx context.Context, r api.RetryQueueItemRequestObject) (api.RetryQueueItemResponseObject, error) {
	ctx = plain(ctx)
	q, dealer, err := h.queueOf(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := itemOf(ctx, q, dealer, r.Number); err != nil {
		return nil, err
	}
	overtaken, err := q.Retry(ctx, r.Number)
	if err != nil {
		return nil, toldOfQueue(err)
	}
	item, err := itemOf(ctx, q, dealer, r.Number)
	if err != nil {
		return nil, err
	}
	out := QueueItem(item)
	out.Overtaken = &overtaken
	return api.RetryQueueItem200JSONResponse(out), nil
}

// ParkQueueItem sets an item aside.
func (h *Handlers) ParkQueueItem(ctx context.Context, r api.ParkQueueItemRequestObject) (api.ParkQueueItemResponseObject, error) {
	ctx = plain(ctx)
	q, dealer, err := h.queueOf(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := itemOf(ctx, q, dealer, r.Number); err != nil {
		return nil, err
	}
	if err := q.Park(ctx, r.Number, "set aside by an operator"); err != nil {
		return nil, toldOfQueue(err)
	}
	item, err := itemOf(ctx, q, dealer, r.Number)
	if err != nil {
		return nil, err
	}
	return api.ParkQueueItem200JSONResponse(QueueItem(item)), nil
}

// QueueItem is an item in the shape of the specification; without a body where
// the item has none.
func QueueItem(i queue.Item) model.QueueItem {
	out := model.QueueItem{
		Number: i.Number, ID: i.ID, Dealer: i.Lane.Dealer, Direction: model.QueueDirection(i.Lane.Direction), State: model.QueueState(i.State),
		Kind: i.Kind, Order: some(i.OrderKey), Priority: int64(i.Priority), Customer: some(i.Customer), EnqueuedAt: stamp(i.Enqueued),
		Tries: int64(i.Tries), NextAt: when(i.Next), SettledAt: when(i.Settled), Why: some(i.Why), Bytes: i.Bytes, Body: some(text(i.Body)),
	}
	if i.Merged > 0 {
		merged := int64(i.Merged)
		out.Merged = &merged
	}
	return out
}
