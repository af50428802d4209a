package lead

import (
	"fmt"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// Fault is one reason why an update may not be sent. It holds no value.
type Fault struct {
	Member string // as the specification spells it
	Rule   string // its number in openapi/RULES.md: "R75"
	Reason string // what is wrong and what to do about it, in words
}

// String is the fault in one line.
func (f Fault) String() string { return fmt.Sprintf("%s: %s (%s)", f.Member, f.Reason, f.Rule) }

// Check gives every reason why an update may not be sent, nil where there is
// none. Faults of single values come first, in the order of members, then those of
// the table. A value that cannot be read is found once and counts as there.
func Check(u model.LeadUpdate) []Fault {
	var faults []Fault
	for _, m := range members {
		value := m.value(&u)
		if value == "" {
			continue
		}
		for _, f := range m.forms {
			if rule, reason := f(value); rule != "" {
				faults = append(faults, Fault{Member: m.name, Rule: rule, Reason: reason})
			}
		}
	}
	values := read(&u)
	for _, r := range table {
		if !r.when(values) {
			continue
		}
		for _, name := range r.members {
			if missing := values[name] == ""; missing == r.needed {
				faults = append(faults, Fault{Member: name, Rule: r.id, Reason: r.reason})
			}
		}
	}
	return faults
}

// Normalise gives the update as it is to be sent: texts without blanks around them
// (R92) and left out where nothing remains, words of lists in Caterpillar's own
// spelling (R68, R74, R88), currencies in capitals, amounts without needless
// digits (R89). What it cannot make sense of stays as it is, for Check to find. The
// update given is not touched.
func Normalise(u model.LeadUpdate) model.LeadUpdate {
	for _, m := range members {
		m.tidy(&u)
	}
	return u
}

// values are the members of an update that hold something, as text.
type values map[string]string

func read(u *model.LeadUpdate) values {
	all := make(values, len(members))
	for _, m := range members {
		if v := m.value(u); v != "" {
			all[m.name] = v
		}
	}
	return all
}
