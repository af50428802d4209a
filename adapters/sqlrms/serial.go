package sqlrms

import (
	"context"
	"errors"
	"fmt"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// FindSerial implements adapters.SerialFinder: contracts are found by the
// columns that hold serial numbers, and read to see that the machine is out on
// them.
func (r *RMS) FindSerial(ctx context.Context, serial string) ([]adapters.MachineStand, error) {
	const what = "looking for a serial number"
	s, err := r.begin(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	stands, err := s.stands(ctx, serial)
	if err := s.end(what, err); err != nil {
		return nil, err
	}
	return stands, nil
}

func (s *session) stands(ctx context.Context, serial string) ([]adapters.MachineStand, error) {
	keys, err := s.Find(ctx, contracts, s.asking, serial)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	found := map[string][]plan.RowKey{}
	for _, key := range keys {
		found[key.Customer] = append(found[key.Customer], key)
	}
	var all []adapters.MachineStand
	for customer, theirs := range found {
		own := *s
		own.asking.Customers = []string{customer}
		some, err := own.standsOf(ctx, customer, theirs, serial)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	adapters.SortStands(all)
	return all, nil
}

// standsOf looks at contracts of one customer.
func (s *session) standsOf(ctx context.Context, customer string, keys []plan.RowKey, serial string) ([]adapters.MachineStand, error) {
	items, _, err := read[model.Contract](ctx, s, contracts, keys)
	if err != nil {
		return nil, err
	}
	var all []adapters.MachineStand
	for i := range items {
		if adapters.StandsOn(&items[i], serial) {
			all = append(all, adapters.MachineStand{ContractID: items[i].ContractID, JobsiteID: items[i].JobsiteID, Customer: customer})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	named, err := s.customer(ctx)
	switch {
	case err == nil:
	case errors.Is(err, adapters.ErrNotFound), errors.Is(err, adapters.ErrAmbiguousCustomer), errors.Is(err, adapters.ErrBadRow):
	default:
		return nil, err
	}
	sites, err := s.siteNames(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].CustomerName, all[i].JobsiteName = named.CustomerName, sites[all[i].JobsiteID]
	}
	return all, nil
}

// siteNames are the names of a customer's jobsites by their ids.
func (s *session) siteNames(ctx context.Context) (map[string]string, error) {
	keys, err := s.Keys(ctx, jobsites, s.asking)
	if err != nil {
		return nil, err
	}
	items, _, err := read[model.Jobsite](ctx, s, jobsites, keys)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(items))
	for i := range items {
		names[items[i].JobsiteID] = items[i].Name
	}
	return names, nil
}
