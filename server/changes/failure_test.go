package changes_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

func TestFailures(t *testing.T) {
	many := func() *yard {
		y := newYard(contract)
		for i := range 450 {
			y.rent(fmt.Sprintf("K%03d", i), fmt.Sprintf("%03d-1", i), "red")
		}
		return y
	}
	t.Run("ASystemAwayStopsTheRoundWhereItIs", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.shelf.saved = func(batch changes.Batch) {
				if batch.Progress.Cursor == "K199" {
					b.away = adapters.ErrUnavailable
				}
			}
			b.work()
			b.pass(2 * time.Minute)
			if p := b.rounds[contract]; !p.Walking || p.Cursor != "K199" || !p.Baseline.IsZero() || len(b.digests[contract]) != 200 {
				t.Errorf("got %+v with %d digests, want the round held after 200 customers", p, len(b.digests[contract]))
			}
			if b.tally.grades[contract] != changes.Warming {
				t.Errorf("the grade is %q while the first round is under way", b.tally.grades[contract])
			}
			b.shelf.saved, b.away = nil, nil
			asked := b.pass(10 * time.Minute)
			if p := b.rounds[contract]; p.Walking || p.Round != 1 || len(b.digests[contract]) != 450 {
				t.Errorf("got %+v with %d digests, want the same round complete", p, len(b.digests[contract]))
			}
			if b.tally.grades[contract] != adapters.SnapshotGrade {
				t.Errorf("the grade is %q after the first round", b.tally.grades[contract])
			}
			if b.tally.outcomes[changes.First] != 450 {
				t.Errorf("customers were read again: %v", b.tally.outcomes)
			}
			b.rent("K300", "300-2", "red")
			b.pass(every)
			b.want(asked, "K300 contract")
		})
	})
	t.Run("AnotherProcessGoesOnWhereOneEnded", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.takes, b.busy = 50*time.Millisecond, 0.2
			stop := b.work()
			b.pass(45 * time.Second)
			stop()
			held := b.rounds[contract]
			if !held.Walking || held.Cursor == "" {
				t.Fatalf("got %+v, want a round under way", held)
			}
			done := b.tally.outcomes[changes.First]
			b.work()
			b.pass(10 * time.Minute)
			if p := b.rounds[contract]; p.Walking || p.Round != 1 || b.tally.outcomes[changes.First] != 450 || done == 0 {
				t.Errorf("got %+v after %v (%d before), want every customer read once in one round", p, b.tally.outcomes, done)
			}
		})
	})
	t.Run("TwoProcessesDoNotBothWork", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.takes = 50 * time.Millisecond
			b.work()
			b.work()
			b.pass(25 * time.Minute)
			if got := b.tally.outcomes[changes.First]; got != 450 {
				t.Errorf("%d customers were kept, want 450", got)
			}
		})
	})
	t.Run("AProcessThatHungKeepsNothingOnceItsLeaseIsTaken", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.during = func() { // the lease ends while the first batch is read, and somebody takes it
				b.shelf.mu.Lock()
				b.shelf.leases["changes/"+dealer] = changes.Lease{Name: "changes/" + dealer, Owner: "other", Until: time.Now().Add(every)}
				b.shelf.mu.Unlock()
			}
			b.work()
			b.pass(20 * time.Minute)
			if b.saves != 0 {
				t.Errorf("%d batches were kept without the lease", b.saves)
			}
			b.pass(every)
			if p := b.rounds[contract]; p.Baseline.IsZero() {
				t.Error("the round was not taken up when the lease was free")
			}
		})
	})
	t.Run("ACustomerWhoseRowsAreAtFaultKeepsItsDigest", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			b.poison["K010"] = adapters.ErrBadRow
			b.rent("K010", "010-1", "blue")
			b.rent("K011", "011-1", "blue")
			b.pass(every)
			b.want(asked, "K011 contract")
			delete(b.poison, "K010")
			b.pass(every)
			b.want(asked, "K010 contract", "K011 contract")
		})
	})
	t.Run("ACustomerThatAlwaysFailsDoesNotHoldTheOthersUp", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.poison["K250"] = fmt.Errorf("%w: too slow", adapters.ErrUnavailable)
			b.work()
			asked := b.pass(every - time.Second)
			if p := b.rounds[contract]; p.Baseline.IsZero() || p.Unread != 1 {
				t.Fatalf("got %+v, want a complete round without one customer", p)
			}
			b.rent("K251", "251-1", "blue")
			b.pass(every)
			b.want(asked, "K251 contract")
			delete(b.poison, "K250")
			b.pass(every)
			b.want(asked, "K250 contract", "K251 contract") // what it had before is not known
		})
	})
	t.Run("ACustomerThatFailsForAMomentIsTriedAgain", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.yard.fails["K250"] = 3
			b.work()
			b.pass(every - time.Second)
			if p := b.rounds[contract]; p.Baseline.IsZero() || p.Unread != 0 || len(b.digests[contract]) != 450 {
				t.Errorf("got %+v with %d digests, want all customers", p, len(b.digests[contract]))
			}
		})
	})
	t.Run("ALeaseThatIsTakenEndsTheReadingToo", func(t *testing.T) {
		y := newYard(contract)
		for i := range 30000 {
			y.rent("BIG", fmt.Sprintf("%05d", i), "red")
		}
		inBubble(t, y, func(b *bench) {
			b.takes, b.busy = time.Second, 0.5
			b.during = func() {
				b.shelf.mu.Lock()
				b.shelf.leases["changes/"+dealer] = changes.Lease{Name: "changes/" + dealer, Owner: "other", Until: time.Now().Add(24 * time.Hour)}
				b.shelf.mu.Unlock()
			}
			b.work()
			b.pass(time.Hour)
			if b.calls > 60 || b.saves != 0 {
				t.Errorf("%d calls and %d batches after the lease was taken, of 300 pages", b.calls, b.saves)
			}
		})
	})
	t.Run("AStateThatFailsLosesNothing", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			b.broken = errors.New("disk full")
			b.rent("K001", "001-1", "blue")
			b.pass(every)
			r := &changes.Reader{Dealer: dealer, Grader: b.yard, Store: b.shelf}
			if _, _, err := r.Changes(t.Context(), asked); !errors.Is(err, changes.ErrUnavailable) {
				t.Errorf("asking answers %v, want ErrUnavailable", err)
			}
			b.broken = nil
			b.pass(every)
			b.want(asked, "K001 contract")
		})
	})
	t.Run("AMappingThatIsReplacedIsComparedFromThenOn", func(t *testing.T) {
		inBubble(t, many(), func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			other := many()
			other.rent("K007", "007-1", "blue")
			b.registry.Put(dealers.New(dealer, other))
			b.pass(every)
			b.want(asked, "K007 contract")
		})
	})
	t.Run("AClockPutBackStopsNothing", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.rounds[contract] = changes.Progress{Round: 4, Started: time.Now().AddDate(1, 0, 0), Baseline: time.Now()}
			b.work()
			b.pass(2 * time.Minute)
			if p := b.rounds[contract]; p.Round < 5 {
				t.Errorf("got %+v, want a new round", p)
			}
		})
	})
}
