package convert

import "sync"

// Pieces is where the arenas of one answer, or of one key list, get their
// memory. It is used again for the next one: whoever releases it says that
// nobody looks at a text in it any more. Several goroutines may use arenas of it
// at the same time.
type Pieces struct {
	mu    sync.Mutex
	whole []*piece
	open  [][]byte // what arenas left over, empty slices
}

// pieceSize is how many bytes a piece has, and piecesMost bounds how many of one
// answer are used again: few answers are as large.
const (
	pieceSize  = 8 << 10
	piecesMost = 64
	// pieceRest is what is worth being handed to another arena.
	pieceRest = 512
)

type piece [pieceSize]byte

var freePieces = sync.Pool{New: func() any { return new(piece) }}

// Arena is an arena of these pieces. Nil has arenas too, whose memory is their
// own; size is about how many bytes they take.
func (p *Pieces) Arena(size int) Arena {
	if p == nil {
		return NewArena(size)
	}
	return Arena{from: p}
}

// room gives n bytes at least. Texts as long as a piece get memory that is not
// used again.
func (p *Pieces) room(n int) []byte {
	if n > pieceSize {
		return make([]byte, 0, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.open) - 1; i >= 0; i-- {
		if free := p.open[i]; cap(free) >= n {
			last := len(p.open) - 1
			p.open[i], p.open[last] = p.open[last], nil
			p.open = p.open[:last]
			return free
		}
	}
	one, _ := freePieces.Get().(*piece)
	p.whole = append(p.whole, one)
	return one[:0]
}

func (p *Pieces) leave(rest []byte) {
	if cap(rest) < pieceRest {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, rest)
}

// Release gives the memory back, cleared. Nobody may look at a text in it any
// more.
func (p *Pieces) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, one := range p.whole {
		switch {
		case Spoils:
			spoil(one[:])
		case i < piecesMost:
			clear(one[:])
			freePieces.Put(one)
		}
	}
	clear(p.whole)
	clear(p.open)
	p.whole, p.open = p.whole[:0], p.open[:0]
}

// Spoiled is what memory that was given back is full of where Spoils says so.
const Spoiled = '\x7f'

func spoil(memory []byte) {
	for i := range memory {
		memory[i] = Spoiled
	}
}
