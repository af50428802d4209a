package report

import (
	"fmt"
	"strings"
	"time"
)

// Leads is what carrying leads into a CRM and reporting changes of them costs, beside
// loops written by hand for the same.
type Leads struct {
	Pull LeadWork `json:"pull"`
	Push LeadWork `json:"push"`
}

// LeadWork is one of the two ways.
type LeadWork struct {
	Leads     int     `json:"leads"`
	PerSecond float64 `json:"perSecond"`
	ByHand    float64 `json:"byHandPerSecond"`
	ToByHand  float64 `json:"toByHand"`
	CPU       float64 `json:"cpuMs"` // of the gateway for each, milliseconds
	// Database is the share of the time in which the CRM's server was at work for
	// the gateway; 0 where it does not tell.
	Database float64 `json:"crmShare"`
	// Memory is the most the gateway had, and MemoryQuarter the same with a quarter
	// of the leads: both are nearly the same where nothing grows with them.
	Memory        int64   `json:"memoryMostBytes"`
	MemoryQuarter int64   `json:"memoryMostQuarterBytes"`
	Growth        float64 `json:"memoryToQuarter"`
}

// Work is what so many leads, or updates, cost.
type Work struct {
	Took, CPU, Database time.Duration
	Memory              int64
}

// NewLeadWork makes the figures of one way.
func NewLeadWork(leads int, gateway, quarter Work, byHand time.Duration) LeadWork {
	w := LeadWork{
		Leads: leads, PerSecond: float64(leads) / gateway.Took.Seconds(), ByHand: float64(leads) / byHand.Seconds(),
		CPU: gateway.CPU.Seconds() * 1000 / float64(leads), Database: gateway.Database.Seconds() / gateway.Took.Seconds(),
		Memory: gateway.Memory, MemoryQuarter: quarter.Memory,
	}
	w.ToByHand = w.PerSecond / w.ByHand
	if quarter.Memory > 0 {
		w.Growth = float64(gateway.Memory) / float64(quarter.Memory)
	}
	return w
}

// write prints both ways.
func (l *Leads) write(text *strings.Builder) {
	for _, one := range []struct {
		what string
		w    LeadWork
	}{{"leads pulled into the CRM", l.Pull}, {"updates pushed out of it", l.Push}} {
		w := one.w
		fmt.Fprintf(text, "%d %s: gateway %.0f/s, by hand %.0f/s, ratio %.2f; %.2f ms of processor time each, %s of the time in the CRM's database; at most %.1f MiB, with a quarter of them %.1f MiB (%.2f)\n",
			w.Leads, one.what, w.PerSecond, w.ByHand, w.ToByHand, w.CPU, shown("%.0f %%", 100*w.Database), float64(w.Memory)/(1<<20), float64(w.MemoryQuarter)/(1<<20), w.Growth)
	}
}
