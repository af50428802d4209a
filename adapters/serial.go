package adapters

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// StandsOn says whether a machine with this serial number is out on a contract:
// not only reserved, and not back yet. Letter case and blanks around the number
// do not count.
func StandsOn(c *model.Contract, serial string) bool {
	serial = strings.TrimSpace(serial)
	if serial == "" || c.IsReservation != nil && *c.IsReservation {
		return false
	}
	return slices.ContainsFunc(c.AssetDetails, func(a model.RentedAsset) bool {
		return a.AssetReturnedDate == nil && strings.EqualFold(strings.TrimSpace(a.SerialNumber), serial)
	})
}

// SortStands orders what FindSerial answers: by customer, then by contract.
func SortStands(all []MachineStand) {
	slices.SortFunc(all, func(a, b MachineStand) int {
		return cmp.Or(strings.Compare(a.Customer, b.Customer), strings.Compare(a.ContractID, b.ContractID))
	})
}
