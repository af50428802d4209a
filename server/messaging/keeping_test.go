package messaging_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

func TestErasing(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("pixels ", 2000)))
		h.arrives("in-1", first(object{"filename": "track.png", "mimetype": "image/png", "contents": picture}))
		h.work()
		h.until(messaging.HandedOver)
		h.move(request.Move{To: request.Received})
		h.until(messaging.Sent)
		before := h.only().Request
		file := before.Files()[0]
		var n int64
		for busy := queue.ErrBusy; errors.Is(busy, queue.ErrBusy); {
			var one int64
			one, busy = h.service.Erase(t.Context(), "D100", "0001007")
			if n += one; busy != nil && !errors.Is(busy, queue.ErrBusy) {
				t.Fatal(busy)
			}
		}
		if n != 5 { // request, inbound, handover, outbound, files
			t.Errorf("%d erased", n)
		}
		if page, _, err := h.service.Requests(t.Context(), messaging.Filter{}); err != nil || len(page) != 0 {
			t.Errorf("%d left, %v", len(page), err)
		}
		if _, err := h.service.File(t.Context(), "D100", file); !errors.Is(err, attachment.ErrGone) {
			t.Errorf("the picture: %v", err)
		}
		if err := h.service.EraseRequest(t.Context(), "D100", "none"); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

func TestErasingOneRequest(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("pixels ", 2000)))
		h.arrives("in-1", first(object{"filename": "track.png", "mimetype": "image/png", "contents": picture}))
		h.work()
		h.until(messaging.HandedOver)
		before := h.only().Request
		if err := h.service.EraseRequest(t.Context(), "D100", before.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.service.Show(t.Context(), "D100", before.ID); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		if _, err := h.service.File(t.Context(), "D100", before.Files()[0]); !errors.Is(err, attachment.ErrGone) {
			t.Errorf("the picture: %v", err)
		}
	})
}

// contracts are a customer's two contracts.
type contracts struct{ err error }

func (c contracts) ContractKeys(context.Context, adapters.Query) (adapters.Keys, error) {
	return adapters.Keys{{Row: "1"}, {Row: "2"}}, c.err
}

func (contracts) Contracts(context.Context, adapters.Query, adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	return []model.Contract{
		{ContractID: "K-9", LocationID: "SOUTH", AssetDetails: []model.RentedAsset{{SerialNumber: "ZZT9"}}},
		{ContractID: "K-1", LocationID: "NORTH", AssetDetails: []model.RentedAsset{{SerialNumber: "ZZT00417"}}},
	}, nil, nil
}

func TestMailsGoToTheLocationOfTheAsset(t *testing.T) {
	for name, c := range map[string]struct {
		contracts contracts
		want      string
	}{
		"TheContractsOfTheCustomerSayIt":    {contracts{}, "NORTH"},
		"ASystemThatIsAwayIsNoReasonToWait": {contracts{adapters.ErrUnavailable}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.dealer.Contracts = c.contracts
				h.arrives("in-1", first())
				h.arrives("in-2", says(2, "submitted", "more"))
				h.work()
				for range 2 {
					h.until(messaging.HandedOver)
				}
				for _, a := range h.alerts {
					if a.Topic.Location != c.want || a.Topic.Request != "service" {
						t.Errorf("%+v", a.Topic)
					}
				}
			})
		})
	}
}

func TestClearing(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.arrives("in-1", first())
		h.work()
		h.until(messaging.HandedOver)
		if err := h.service.Clear(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		h.only() // it is open
	})
}
