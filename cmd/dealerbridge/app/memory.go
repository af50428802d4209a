package app

import (
	"math"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"sync"
)

// garbage decides when the runtime collects garbage. By itself it does so each
// time the heap has doubled; what a gateway keeps is so little that this would
// be a hundred times a second under load. Up to a size that is set, garbage may
// heap up instead. A gateway that keeps more than that has its heap grow by half
// before it is collected, so that memory stays near what is needed.
type garbage struct {
	room int64 // bytes the heap may take before anything is collected

	mu      sync.Mutex
	ended   bool
	percent int // in force
	before  int // what was in force
	looked  func()
}

// Bounds of how much the heap may grow between two collections, in percent of
// what is kept.
const (
	growLeast = 50
	growMost  = 1000
)

// HoldMemory lets the heap take some MiB before garbage is collected, for the
// whole process, until the function it returns is called. Where the environment
// says how the runtime is to collect (GOGC, GOMEMLIMIT), that holds instead.
func HoldMemory(mib int, env func(string) (string, bool)) (release func()) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if text, ok := env(name); ok && text != "" {
			return func() {}
		}
	}
	return holdMemory(&garbage{room: int64(mib) << 20})
}

func holdMemory(g *garbage) (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.percent = growth(liveHeap(), g.room)
	g.before = debug.SetGCPercent(g.percent)
	g.watch()
	return g.release
}

// watch has the size looked at after the next collection. The caller holds the
// lock.
func (g *garbage) watch() {
	runtime.AddCleanup(new(sentinel), func(g *garbage) { g.look() }, g)
}

// sentinel is garbage at once. It is no part of a larger object, so that it is
// found with the next collection.
type sentinel struct{ _ [64]byte }

func (g *garbage) look() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return
	}
	// Setting it stops the process for a moment, so that small differences are
	// let be.
	if p := growth(liveHeap(), g.room); p < g.percent*9/10 || p > g.percent*11/10 {
		g.percent = p
		debug.SetGCPercent(p)
	}
	g.watch()
	if g.looked != nil {
		g.looked()
	}
}

func (g *garbage) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.ended {
		g.ended = true
		debug.SetGCPercent(g.before)
	}
}

// liveHeap is what the last collection found in use, in bytes.
func liveHeap() int64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(sample)
	return int64(min(sample[0].Value.Uint64(), math.MaxInt64))
}

// growth is by how many percent a heap that keeps so much may grow.
func growth(kept, room int64) int {
	if kept <= 0 {
		return growMost
	}
	return int(min(max(100*(room-kept)/kept, growLeast), growMost))
}
