package app

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestGrowth(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		kept, room int64
		want       int
	}{
		"UpToTheRoomThereIs":         {8 * mib, 24 * mib, 200},
		"AStartThatKeepsNothing":     {0, 24 * mib, growMost},
		"HardlyAnythingKept":         {1 * mib, 240 * mib, growMost},
		"MoreKeptThanThereIsRoomFor": {100 * mib, 24 * mib, growLeast},
		"NearlyAllTheRoomKept":       {23 * mib, 24 * mib, growLeast},
	} {
		t.Run(name, func(t *testing.T) {
			if got := growth(c.kept, c.room); got != c.want {
				t.Errorf("got %d %%, want %d", got, c.want)
			}
		})
	}
}

func TestHoldMemory(t *testing.T) {
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := percent()
	nothing := func(string) (string, bool) { return "", false }
	t.Run("CollectsByTheSizeAndGivesBackWhatWasInForce", func(t *testing.T) {
		release := HoldMemory(1<<20, nothing)
		if got := percent(); got != growMost {
			t.Errorf("with a terabyte of room: %d %%", got)
		}
		release()
		release()
		if got := percent(); got != before {
			t.Errorf("afterwards %d %%, want %d", got, before)
		}
	})
	t.Run("LooksAgainAfterEveryCollection", func(t *testing.T) {
		looked := make(chan struct{}, 1)
		g := &garbage{room: 1 << 40, looked: func() {
			select {
			case looked <- struct{}{}:
			default:
			}
		}}
		defer holdMemory(g)()
		for range 3 {
			g.mu.Lock()
			g.room = 1 // as if much was kept now
			g.mu.Unlock()
			runtime.GC()
			<-looked
		}
		if got := percent(); got != growLeast {
			t.Errorf("got %d %%, want %d", got, growLeast)
		}
	})
	t.Run("TheEnvironmentDecides", func(t *testing.T) {
		for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
			HoldMemory(1<<20, func(asked string) (string, bool) { return "off", asked == name })()
			if got := percent(); got != before {
				t.Errorf("%s is set, and yet %d %%", name, got)
			}
		}
	})
}
