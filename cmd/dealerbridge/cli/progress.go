package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progressEvery is how often progress is told where no terminal shows it in
// place.
const progressEvery = 5 * time.Second

// progress tells how far long work is: in one line that changes on a terminal,
// in lines now and then elsewhere.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	now      func() time.Time
	terminal bool
	told     time.Time
	last     string
	open     bool // the terminal's line is not ended
}

func newProgress(out io.Writer, now func() time.Time) *progress {
	return &progress{out: out, now: now, terminal: isTerminal(out), told: now()}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// tell says how far it is.
func (p *progress) tell(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = text
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
		p.open = true
		return
	}
	if now := p.now(); now.Sub(p.told) >= progressEvery {
		p.told = now
		fmt.Fprintln(p.out, text)
	}
}

// end ends the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		fmt.Fprintln(p.out)
		p.open = false
	}
}
