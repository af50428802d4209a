package dealers_test

import (
	"context"
	"errors"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

type system struct{ state error }

func (s *system) Check(context.Context) error { return s.state }
func (s *system) Close() error                { return nil }

type customers struct{ system }

func (c *customers) Customer(context.Context, string) (model.Customer, error) {
	return model.Customer{}, adapters.ErrNotFound
}

type generous struct{ system }

func (g *generous) LeaveOutAtMost(string) float64 { return 0.5 }

func TestNew(t *testing.T) {
	t.Run("FindsTheCapabilitiesThereAre", func(t *testing.T) {
		d := dealers.New("D1", &customers{})
		if d.Customers == nil {
			t.Error("the customer capability was not found")
		}
		if d.Contracts != nil || d.Documents != nil {
			t.Error("a capability was found that is not there")
		}
	})
	t.Run("MissingCapabilityIsErrMapping", func(t *testing.T) {
		call := dealers.Call{Dealer: dealers.New("D1", &customers{})}
		if _, err := dealers.Need(call, call.Dealer.Locations, "locations"); !errors.Is(err, adapters.ErrMapping) {
			t.Errorf("got %v, want ErrMapping", err)
		}
		if _, err := dealers.Need(call, call.Dealer.Customers, "customers"); err != nil {
			t.Errorf("got %v for a capability that is there", err)
		}
	})
	t.Run("AnAdapterMayKnowItsOwnLeaveOutLimit", func(t *testing.T) {
		if got := dealers.New("D1", &generous{}).LeaveOutAtMost("contract"); got != 0.5 {
			t.Errorf("got %v, want 0.5", got)
		}
		if got := dealers.New("D1", &system{}).LeaveOutAtMost("contract"); got != dealers.LeaveOutAtMost {
			t.Errorf("got %v, want the default", got)
		}
	})
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		d    *dealers.Dealer
		want error
	}{
		"ReadySystemIsNil":                 {dealers.New("D1", &system{}), nil},
		"UnknownErrorIsUnavailable":        {dealers.New("D1", &system{errors.New("boom")}), adapters.ErrUnavailable},
		"MappingFaultStaysOne":             {dealers.New("D1", &system{adapters.ErrMapping}), adapters.ErrMapping},
		"FaultyDealerSaysItsFault":         {dealers.Faulty("D1", adapters.ErrMapping), adapters.ErrMapping},
		"FaultyForOtherReasonsUnavailable": {dealers.Faulty("D1", errors.New("boom")), adapters.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.d.Check(t.Context()); !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRetire(t *testing.T) {
	t.Run("WaitsForCallsInside", func(t *testing.T) {
		d := dealers.New("D1", &system{})
		leave, ok := d.Enter()
		if !ok {
			t.Fatal("a call was refused before retiring")
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Retire(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v while a call is inside, want the context's error", err)
		}
		if _, ok := d.Enter(); ok {
			t.Error("a retired dealer let a call in")
		}
		leave()
		leave() // a second time changes nothing
		if err := d.Retire(t.Context()); err != nil {
			t.Errorf("got %v after the last call left", err)
		}
	})
	t.Run("ReplacingHandsTheOldOneBack", func(t *testing.T) {
		first, second := dealers.New("D1", &system{}), dealers.New("D1", &system{})
		r := dealers.NewRegistry(first, dealers.New("D0", &system{}))
		if got := r.Put(second); got != first {
			t.Error("the dealer before was not handed back")
		}
		if got, _ := r.Dealer("D1"); got != second {
			t.Error("the registry still has the old one")
		}
		if all := r.All(); len(all) != 2 || all[0].Code != "D0" {
			t.Errorf("got %d dealers, want two in order", len(all))
		}
	})
}

func TestUndo(t *testing.T) {
	var u dealers.Undo
	var got []int
	u.Add(func() { got = append(got, 1) })
	u.Add(nil)
	u.Add(func() { got = append(got, 2) })
	u.Run()
	u.Run()
	if len(got) != 2 || got[0] != 2 {
		t.Errorf("steps ran as %v, want the last first and each once", got)
	}
}
