package yard

import "fmt"

// Size is one size of the yard. Customers come in three kinds: five fleets that
// hold most of the contracts of the smaller sizes, accounts with some tens of
// contracts each, and everybody else.
type Size struct {
	Name      string
	Contracts int
	fleetPart int // percent of the contracts that the fleets hold
}

// Sizes are those the bench knows, by name.
var Sizes = map[string]Size{
	"small":  {Name: "small", Contracts: 2_000, fleetPart: 60},
	"medium": {Name: "medium", Contracts: 100_000, fleetPart: 60},
	"large":  {Name: "large", Contracts: 1_000_000, fleetPart: 12},
}

const (
	customers   = 5000
	fleets      = 5
	jobsitesPer = 3 // of each customer; fleets and accounts have more
)

// accounts is how many customers come after the fleets that have a share of
// their own.
func (s Size) accounts() int { return max(10, s.Contracts/250) }

// Fleets are the numbers of the customers with the most contracts.
func (s Size) Fleets() []string { return numbers(0, fleets) }

// Accounts are the numbers of the customers with many contracts.
func (s Size) Accounts() []string { return numbers(fleets, fleets+s.accounts()) }

// Pulled are the numbers of n customers of all kinds but fleets, accounts first.
func (s Size) Pulled(n int) []string { return numbers(fleets, fleets+n) }

func numbers(from, to int) []string {
	all := make([]string, 0, to-from)
	for c := from; c < to; c++ {
		all = append(all, numberOf(c))
	}
	return all
}

func numberOf(customer int) string { return fmt.Sprintf("%07d", 1000+customer*7) }

// dice gives a number in [0, n) for a row and a question about it, always the
// same one. It is splitmix64.
func dice(row, question, n int) int {
	z := uint64(row)*0x9E3779B97F4A7C15 + uint64(question)*0xBF58476D1CE4E5B9
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return int((z ^ (z >> 31)) % uint64(n))
}

// customerOf says whose a contract is.
func (s Size) customerOf(contract int) int {
	kind, which := dice(contract, 1, 100), dice(contract, 2, 1<<30)
	accountPart := (100 - s.fleetPart) / 2
	switch {
	case kind < s.fleetPart:
		return which % fleets
	case kind < s.fleetPart+accountPart:
		return fleets + which%s.accounts()
	}
	rest := customers - fleets - s.accounts()
	return fleets + s.accounts() + which%rest
}

// jobsites says how many sites a customer has.
func (s Size) jobsites(customer int) int {
	if customer < fleets+s.accounts() {
		return jobsitesPer * 20
	}
	return jobsitesPer
}

func (s Size) jobsiteOf(contract, customer int) string {
	return siteCode(dice(contract, 3, s.jobsites(customer)))
}

func siteCode(n int) string { return fmt.Sprintf("J%03d", n+1) }
