package plan

import (
	"sync"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Rows and their cells are made by the block, and the blocks are used again when
// an answer is made: of a row nothing stays in it but texts, which lie elsewhere.
const (
	blockRows  = 32
	blockCells = 32 * 24 // wider rows make a block end early
	narrowRows = 256     // of a block for rows of few cells that are many
)

// block is room for rows and their cells, and how much of it was used.
type block struct {
	rows              []row
	cells             []convert.Cell
	usedRows, usedLen int
}

// next is room for one more row with as many cells as blank has, which it begins
// as; nil where there is none.
func (b *block) next(blank []convert.Cell) *row {
	upTo := b.usedLen + len(blank)
	if b.usedRows == len(b.rows) || upTo > len(b.cells) {
		return nil
	}
	r := &b.rows[b.usedRows]
	r.cells = b.cells[b.usedLen:upTo:upTo]
	copy(r.cells, blank)
	b.usedRows++
	b.usedLen = upTo
	return r
}

var (
	freeBlocks = sync.Pool{New: func() any { return newBlock(blockRows) }}
	freeNarrow = sync.Pool{New: func() any { return newBlock(narrowRows) }}
)

func newBlock(rows int) *block {
	return &block{rows: make([]row, rows), cells: make([]convert.Cell, blockCells)}
}

// chunk is room for lists of rows, or for lists of such lists.
type chunk[T any] struct {
	all  [chunkLength]T
	used int
}

const chunkLength = 512

var (
	freeLists    = sync.Pool{New: func() any { return new(chunk[*row]) }}
	freeBranches = sync.Pool{New: func() any { return new(chunk[[]*row]) }}
)

// roomIn gives room for n in the last of the chunks, or in a new one.
func roomIn[T any](chunks *[]*chunk[T], free *sync.Pool, n int) []T {
	if n > chunkLength {
		return make([]T, n)
	}
	var c *chunk[T]
	if last := len(*chunks) - 1; last >= 0 && (*chunks)[last].used+n <= chunkLength {
		c = (*chunks)[last]
	} else {
		c, _ = free.Get().(*chunk[T])
		*chunks = append(*chunks, c)
	}
	c.used += n
	return c.all[c.used-n : c.used : c.used]
}

func giveBack[T any](chunks []*chunk[T], free *sync.Pool) {
	for _, c := range chunks {
		clear(c.all[:c.used])
		c.used = 0
		free.Put(c)
	}
}

// blocks are those of one request. They are taken by several statements at the
// same time.
type blocks struct {
	mu       sync.Mutex
	all      []*block
	lists    []*chunk[*row]
	branches []*chunk[[]*row]
	texts    convert.Pieces // of rows that nothing but keys is made of
}

// list gives room for a list of n rows.
func (b *blocks) list(n int) []*row {
	b.mu.Lock()
	defer b.mu.Unlock()
	return roomIn(&b.lists, &freeLists, n)
}

// branchesOf gives room for n lists of rows.
func (b *blocks) branchesOf(n int) [][]*row {
	b.mu.Lock()
	defer b.mu.Unlock()
	return roomIn(&b.branches, &freeBranches, n)
}

// take gives a block with room for at least one row of so many cells, and for
// more of them where many came before.
func (b *blocks) take(width, before int) *block {
	free, fit := &freeBlocks, blockCells/max(width, 1)
	if before >= narrowRows && 2*fit >= narrowRows {
		free = &freeNarrow
	}
	one, _ := free.Get().(*block)
	if before >= narrowRows && len(one.rows) < fit && len(one.rows) < narrowRows {
		one.rows = make([]row, fit)
	}
	if len(one.cells) < width {
		one.cells = make([]convert.Cell, width*blockRows)
	}
	b.mu.Lock()
	b.all = append(b.all, one)
	b.mu.Unlock()
	return one
}

// keepMost bounds the blocks of one request that are used again: a long key list
// takes many, and few are as long.
const keepMost = 64

// release gives all room back. Nobody may look at a row any more.
func (b *blocks) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.all[:min(len(b.all), keepMost)] {
		clear(one.rows[:one.usedRows])
		clear(one.cells[:one.usedLen])
		one.usedRows, one.usedLen = 0, 0
		if len(one.rows) == narrowRows {
			freeNarrow.Put(one)
		} else {
			freeBlocks.Put(one)
		}
	}
	giveBack(b.lists, &freeLists)
	giveBack(b.branches, &freeBranches)
	b.all, b.lists, b.branches = nil, nil, nil
	b.texts.Release()
}
