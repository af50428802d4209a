package server

import "testing"

func TestShares(t *testing.T) {
	t.Run("OneDealerAloneMayHaveAllTheRoom", func(t *testing.T) {
		s := shares{room: 4}
		for i := range 4 {
			if !s.take("D100", 1) {
				t.Fatalf("request %d got no place", i)
			}
		}
	})
	t.Run("ACrowdedDealerLeavesRoomForTheOthers", func(t *testing.T) {
		s := shares{room: 40}
		taken := 0
		for s.take("D100", 2) {
			taken++
		}
		if taken != 20 {
			t.Errorf("one of two dealers got %d of 40 places, want 20", taken)
		}
		for i := range 20 {
			if !s.take("D200", 2) {
				t.Errorf("request %d of the other dealer got no place", i)
			}
		}
		s.give("D100")
		if !s.take("D100", 2) {
			t.Error("a place that was given back is not to be had")
		}
	})
	t.Run("WhileThereIsPlentyNobodyIsRefused", func(t *testing.T) {
		s := shares{room: 100}
		for i := range 50 {
			if !s.take("D100", 10) {
				t.Fatalf("request %d got no place", i)
			}
		}
		if s.take("D100", 10) {
			t.Error("with half of the room taken a dealer with five times its part got more")
		}
		if !s.take("D200", 10) {
			t.Error("another dealer got no place")
		}
	})
	t.Run("NothingIsKeptOfADealerWithoutRequests", func(t *testing.T) {
		s := shares{room: 8}
		s.take("D100", 2)
		s.give("D100")
		if len(s.held) > 0 || s.total != 0 {
			t.Errorf("got %v, %d", s.held, s.total)
		}
	})
}
