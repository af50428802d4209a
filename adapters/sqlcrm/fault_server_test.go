//go:build server

package sqlcrm_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/faultproxy"
)

// TestEveryBrokenConnectionIsMended breaks the connection after each stretch of
// what the server answers while a lead is written, writes the lead again, and
// looks for it: once, with everything in it.
func TestEveryBrokenConnectionIsMended(t *testing.T) {
	for name, run := range map[string]struct{ engine, mapping string }{
		"InnoDB":            {"InnoDB", yardMapping},
		"MyISAM":            {"MyISAM", yardMapping},
		"InnoDBIDElsewhere": {"InnoDB", keptByGatewayText()},
		"MyISAMIDElsewhere": {"MyISAM", keptByGatewayText()},
	} {
		t.Run(name, func(t *testing.T) {
			server := dbtest.MySQL(t)
			proxy := faultproxy.New(t, server.Addr())
			w := serverWorld(t, server, server.DSNAt(proxy.Addr()), run.engine, run.mapping)
			broken := breakEverywhere(w, proxy)
			if broken < 20 {
				t.Errorf("only %d of the attempts were broken; the test proves little", broken)
			}
			same(t, "companies", w.rows("select count(*) from COMPANY"), []string{"1"})
		})
	}
}

const stretch = 17 // bytes; less than the shortest answer with a row in it

func breakEverywhere(w *world, proxy *faultproxy.Proxy) (broken int) {
	w.t.Helper()
	for n := 0; ; n++ {
		lead := ada()
		lead.Lead.LeadID = fmt.Sprintf("LD-%d", n)
		lead.Lead.EmailAddress = ptr(fmt.Sprintf("ada%d@fernwood.example", n))
		lead.Lead.CommentsMaster = ptr(fmt.Sprintf("Trench %d", n))
		j := &journal{}
		proxy.Set(faultproxy.ResetAfter(int64(n * stretch)))
		_, first := w.crm.WriteLead(w.t.Context(), lead, j)
		proxy.Set(faultproxy.Pass())
		if first != nil && !errors.Is(first, adapters.ErrUnavailable) {
			w.t.Fatalf("broken after %d bytes: got %v, want that the CRM is unavailable", n*stretch, first)
		}
		got := w.write(lead, j)
		if got.DealerLeadID == "" {
			w.t.Fatalf("broken after %d bytes: no id", n*stretch)
		}
		same(w.t, fmt.Sprintf("broken after %d bytes", n*stretch),
			w.rows("select c.NUMBER, c.NOTE, c.OWNER, p.NAME, f.TOWN from CARD c join PERSON p on p.ID = c.PERSON join COMPANY f on f.ID = p.FIRM where c.NOTE like ?", fmt.Sprintf("Wants: Trench %d\n%%", n)),
			[]string{got.DealerLeadID + fmt.Sprintf("|Wants: Trench %d\nSons|AL|Ada Fernwood|Ames", n)})
		same(w.t, fmt.Sprintf("people, broken after %d bytes", n*stretch),
			w.rows("select count(*) from PERSON where MAIL = ?", *lead.Lead.EmailAddress), []string{"1"})
		same(w.t, "a repeat", w.write(lead, j).Outcome, adapters.LeadRepeated)
		if first == nil {
			return broken
		}
		broken++
	}
}

func TestTwoProcessesNeverWriteALeadTwice(t *testing.T) {
	for _, engine := range []string{"InnoDB", "MyISAM"} {
		t.Run(engine, func(t *testing.T) {
			server := dbtest.MySQL(t)
			w := serverWorld(t, server, server.DSN(), engine, yardMapping)
			both := []interface {
				adapters.LeadWriter
			}{w.crm, w.open()}
			var running sync.WaitGroup
			failed := make(chan error, 64)
			for n := range 16 {
				lead := ada()
				lead.Lead.LeadID = fmt.Sprintf("LD-%d", n)
				for _, crm := range both {
					running.Go(func() {
						if _, err := crm.WriteLead(t.Context(), lead, &journal{}); err != nil {
							failed <- err
						}
					})
				}
			}
			running.Wait()
			close(failed)
			for err := range failed {
				t.Error(err)
			}
			same(t, "rows", w.rows(allRows), []string{"COMPANY|1", "PERSON|16", "CARD|16"})
			same(t, "numbers", w.rows("select count(distinct NUMBER), count(distinct CATID) from CARD"), []string{"16|16"})
		})
	}
}

func TestAServerThatIsSlowOrStuckIsNotWaitedForForEver(t *testing.T) {
	server := dbtest.MySQL(t)
	proxy := faultproxy.New(t, server.Addr())
	w := serverWorld(t, server, server.DSNAt(proxy.Addr()), "InnoDB", yardMapping)
	w.config.StatementTimeout = 300 * time.Millisecond
	hasty := w.open()
	proxy.Set(faultproxy.Stall())
	started := time.Now()
	_, err := hasty.WriteLead(t.Context(), ada(), &journal{})
	if !errors.Is(err, adapters.ErrUnavailable) {
		t.Errorf("got %v, want that the CRM is unavailable", err)
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	proxy.Set(faultproxy.Pass())
	same(t, "afterwards", w.write(ada(), &journal{}).Outcome, adapters.LeadCreated)
}
