package memory

import (
	"context"
	"slices"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// FindSerial looks through all contracts.
func (a *Adapter) FindSerial(ctx context.Context, serial string) ([]adapters.MachineStand, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.ready(ctx); err != nil {
		return nil, err
	}
	var all []adapters.MachineStand
	for i := range a.contracts.rows {
		r := &a.contracts.rows[i]
		if r.LeftOut != nil || !adapters.StandsOn(&r.Value, serial) {
			continue
		}
		all = append(all, adapters.MachineStand{
			ContractID: r.Value.ContractID, JobsiteID: r.Value.JobsiteID, JobsiteName: a.siteName(r.Customer, r.Value.JobsiteID),
			Customer: r.Customer, CustomerName: a.customerName(r.Customer),
		})
	}
	adapters.SortStands(all)
	return all, nil
}

// siteName is empty where there is no such jobsite.
func (a *Adapter) siteName(customer, id string) string {
	for i := range a.jobsites.rows {
		r := &a.jobsites.rows[i]
		if r.LeftOut == nil && r.Customer == customer && r.Value.JobsiteID == id {
			return r.Value.Name
		}
	}
	return ""
}

// customerName is empty where the number is nobody's, or not one's alone.
func (a *Adapter) customerName(number string) string {
	is := func(c model.Customer) bool { return c.CustomerID == number }
	at := slices.IndexFunc(a.customers, is)
	if at < 0 || slices.ContainsFunc(a.customers[at+1:], is) {
		return ""
	}
	return a.customers[at].CustomerName
}
