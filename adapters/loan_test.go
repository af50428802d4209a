package adapters_test

import (
	"context"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// counted counts how often it was taken back.
type counted struct{ times int }

func (c *counted) Release() { c.times++ }

func TestLoan(t *testing.T) {
	t.Run("ReachesWhoeverIsCalledWithAContextOfIt", func(t *testing.T) {
		loan := adapters.Borrow(t.Context())
		inner, cancel := context.WithCancel(loan)
		defer cancel()
		if got := adapters.LoanOf(inner); got != loan {
			t.Errorf("got %p, want the loan %p", got, loan)
		}
		if got := adapters.LoanOf(t.Context()); got != nil {
			t.Errorf("got %p, want none", got)
		}
	})
	t.Run("EndsWithTheContextItComesFrom", func(t *testing.T) {
		outer, cancel := context.WithCancel(t.Context())
		loan := adapters.Borrow(outer)
		cancel()
		if loan.Err() == nil {
			t.Error("got a context that goes on")
		}
	})
	t.Run("IsReturnedOnce", func(t *testing.T) {
		loan, memory := adapters.Borrow(t.Context()), &counted{}
		loan.Lend(memory)
		var group sync.WaitGroup
		for range 4 {
			group.Go(loan.Return)
		}
		group.Wait()
		if memory.times != 1 {
			t.Errorf("taken back %d times, want once", memory.times)
		}
	})
	t.Run("TakesNothingWhenItWasReturned", func(t *testing.T) {
		loan, memory := adapters.Borrow(t.Context()), &counted{}
		loan.Return()
		loan.Lend(memory)
		loan.Return()
		if memory.times != 0 {
			t.Errorf("taken back %d times, want never", memory.times)
		}
	})
	t.Run("NoneTakesNothing", func(t *testing.T) {
		var none *adapters.Loan
		none.Lend(&counted{})
		none.Return()
	})
}
