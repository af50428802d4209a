package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestLeadsAreShownBesideTheLoopAndAQuarterOfThem(t *testing.T) {
	work := NewLeadWork(1000, Work{Took: 2 * time.Second, CPU: time.Second, Database: 500 * time.Millisecond, Memory: 60 << 20},
		Work{Memory: 50 << 20}, time.Second)
	if work.PerSecond != 500 || work.ByHand != 1000 || work.ToByHand != 0.5 || work.CPU != 1 || work.Database != 0.25 || work.Growth != 1.2 {
		t.Errorf("got %+v", work)
	}
	r := Report{Leads: &Leads{Pull: work, Push: NewLeadWork(1000, Work{Took: time.Second}, Work{}, time.Second)}}
	var out bytes.Buffer
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1000 leads pulled into the CRM: gateway 500/s, by hand 1000/s, ratio 0.50; 1.00 ms of processor time each, 25 % of the time",
		"at most 60.0 MiB, with a quarter of them 50.0 MiB (1.20)", "1000 updates pushed out of it: gateway 1000/s",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%swant in it %q", &out, want)
		}
	}
	if strings.Contains(out.String(), "endpoint") {
		t.Errorf("a table without rows is shown:\n%s", &out)
	}
}
