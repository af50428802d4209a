package messaging

import (
	"context"
	"errors"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// What looking something up in the dealer's system may cost: a customer's
// message does not wait for it.
const (
	lookupLimit = 5 * time.Second
	lookupRows  = 500
	lookupPage  = 50
)

// customer looks a customer number up (R200): whether that could be done, and
// whether it is none of the dealer's. A system that cannot be asked is no reason
// to keep a customer waiting (R201).
func (s *Service) customer(ctx context.Context, d Dealer, in request.Incoming) (checked, unknown bool) {
	if d.Customers == nil || in.Customer == "" || in.ErrorCode != "" {
		return false, false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	_, err := d.Customers.Customer(ctx, in.Customer)
	switch {
	case errors.Is(err, adapters.ErrNotFound):
		return true, true
	case err == nil, errors.Is(err, adapters.ErrAmbiguousCustomer):
		return true, false
	}
	s.o.Happened(d.Code, Unchecked)
	return false, false
}

// location is the dealer's location a new request or conversation concerns: that
// of the contract it names, or of the one its assets are on. "" where that cannot
// be told; then everybody who looks after requests of its type is told.
func (s *Service) location(ctx context.Context, d Dealer, in request.Incoming) string {
	if d.Contracts == nil || in.Customer == "" || !in.Begins() {
		return ""
	}
	if in.Kind == "message" {
		if known, err := s.o.Store.ChainByPartner(ctx, d.Code, in.LocalID); err == nil {
			return known.Location
		}
	}
	contract, assets := in.About()
	if contract == "" && len(assets) == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	query := adapters.Query{Customers: []string{in.Customer}}
	keys, err := d.Contracts.ContractKeys(ctx, query)
	if err != nil {
		return ""
	}
	for keys = keys[:min(len(keys), lookupRows)]; len(keys) > 0; keys = keys[min(len(keys), lookupPage):] {
		contracts, _, err := d.Contracts.Contracts(ctx, query, keys[:min(len(keys), lookupPage)])
		if err != nil {
			return ""
		}
		for i := range contracts {
			if concerns(&contracts[i], contract, assets) {
				return contracts[i].LocationID
			}
		}
	}
	return ""
}

func concerns(c *model.Contract, contract string, assets []request.Asset) bool {
	if contract != "" {
		return c.ContractID == contract
	}
	for i := range c.AssetDetails {
		rented := request.Asset{
			RentedAssetID: c.AssetDetails[i].RentedAssetID, EquipmentAssetID: c.AssetDetails[i].EquipmentAssetID, SerialNumber: c.AssetDetails[i].SerialNumber,
		}
		for _, a := range assets {
			if a.Same(rented) {
				return true
			}
		}
	}
	return false
}
