package adaptertest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// noSerial is what the sample dealers send where a machine has no number.
const noSerial = "N/A"

// someSerials is how many numbers each dealer is asked for.
const someSerials = 25

func (s *suite) testSerials(t *testing.T, f adapters.SerialFinder) {
	out, back := s.machines()
	t.Run("TellsWhereEveryMachineStands", func(t *testing.T) {
		asked := 0
		for _, serial := range sortedBySize(out) {
			if asked++; asked > someSerials {
				break
			}
			for _, spelled := range []string{serial, " " + strings.ToLower(serial) + " ", strings.ToUpper(serial)} {
				got, err := f.FindSerial(t.Context(), spelled)
				if err != nil {
					t.Fatalf("%q: %v", spelled, err)
				}
				if diff := gocmp.Diff(out[serial], s.ours(got)); diff != "" {
					t.Errorf("%q (-want +got):\n%s", spelled, diff)
				}
			}
		}
		if asked == 0 {
			t.Error("the dealer has no machine out to ask for")
		}
	})
	t.Run("AMachineThatCameBackStandsNowhere", func(t *testing.T) {
		for _, serial := range back[:min(len(back), someSerials)] {
			if got, err := f.FindSerial(t.Context(), serial); err != nil || s.ours(got) != nil {
				t.Errorf("%q: got %v and %v, want nothing", serial, got, err)
			}
		}
	})
	t.Run("AnUnknownNumberIsNowhere", func(t *testing.T) {
		for _, serial := range []string{"NOSUCH-1", "", "  ", "%", "x' or '1'='1", "小明"} {
			if got, err := f.FindSerial(t.Context(), serial); err != nil || got != nil {
				t.Errorf("%q: got %v and %v, want nothing", serial, got, err)
			}
		}
	})
	t.Run("ACancelledContextStopsTheCall", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.FindSerial(ctx, "NOSUCH-1"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the caller's cancellation", err)
		}
	})
}

// ours are the stands with customers whose books are written down.
func (s *suite) ours(all []adapters.MachineStand) []adapters.MachineStand {
	var ours []adapters.MachineStand
	for _, stand := range all {
		if slices.Contains(s.want.Customers, stand.Customer) {
			ours = append(ours, stand)
		}
	}
	return ours
}

// machines are the serial numbers of all machines that are out, with where, and
// of those that are known and out nowhere.
func (s *suite) machines() (map[string][]adapters.MachineStand, []string) {
	sites, names := map[string]string{}, map[string]string{}
	for _, r := range s.want.Jobsites {
		if r.Item != nil {
			sites[r.Customer+"\x00"+r.Item.JobsiteID] = r.Item.Name
		}
	}
	for _, c := range s.want.Found {
		names[c.CustomerID] = c.CustomerName
	}
	out := map[string][]adapters.MachineStand{}
	var others []string
	for _, r := range s.want.Contracts {
		if r.Item == nil {
			continue
		}
		for _, asset := range r.Item.AssetDetails {
			serial := strings.ToUpper(strings.TrimSpace(asset.SerialNumber))
			if serial == noSerial {
				continue
			}
			if asset.AssetReturnedDate != nil || r.Item.IsReservation != nil && *r.Item.IsReservation {
				others = append(others, serial)
				continue
			}
			stand := adapters.MachineStand{
				ContractID: r.Item.ContractID, JobsiteID: r.Item.JobsiteID, JobsiteName: sites[r.Customer+"\x00"+r.Item.JobsiteID],
				Customer: r.Customer, CustomerName: names[r.Customer],
			}
			if !slices.Contains(out[serial], stand) {
				out[serial] = append(out[serial], stand)
			}
		}
	}
	for _, stands := range out {
		slices.SortFunc(stands, func(a, b adapters.MachineStand) int {
			return cmp.Or(strings.Compare(a.Customer, b.Customer), strings.Compare(a.ContractID, b.ContractID))
		})
	}
	slices.Sort(others)
	return out, slices.DeleteFunc(slices.Compact(others), func(serial string) bool { return out[serial] != nil })
}

// sortedBySize gives the numbers, those with the most stands first.
func sortedBySize(out map[string][]adapters.MachineStand) []string {
	var all []string
	for serial := range out {
		all = append(all, serial)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(out[b]), len(out[a])), strings.Compare(a, b))
	})
	return all
}
