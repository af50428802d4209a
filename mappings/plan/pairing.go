package plan

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// pairing numbers keys: equal ones get the same number, from 0 on, in the order
// in which they came. The keys lie in one piece of memory, and nothing is made
// for each of them.
type pairing struct {
	bytes []byte  // of all keys
	ends  []int   // of each key in bytes
	table []int32 // number + 1 by hash; 0: free
}

var pairingSeed = maphash.MakeSeed()

// reset makes it one for about so many keys, in the memory it has.
func (p *pairing) reset(keys int) {
	p.bytes, p.ends = p.bytes[:0], p.ends[:0]
	if size := tableFor(keys); len(p.table) < size || len(p.table) > 8*size {
		p.table = make([]int32, size)
		return
	}
	clear(p.table)
}

// newPairing is one for about so many keys.
func newPairing(keys int) *pairing {
	return &pairing{bytes: make([]byte, 0, 16*keys), ends: make([]int, 0, keys), table: make([]int32, tableFor(keys))}
}

// tableFor is twice as many as keys at least, and a power of two.
func tableFor(keys int) int {
	size := 8
	for size < 2*keys {
		size *= 2
	}
	return size
}

// count is how many keys there are.
func (p *pairing) count() int { return len(p.ends) }

// key is the key of a number.
func (p *pairing) key(n int) []byte {
	from := 0
	if n > 0 {
		from = p.ends[n-1]
	}
	return p.bytes[from:p.ends[n]]
}

// find gives the number of a key, or -1 and the slot where it would be.
func (p *pairing) find(key []byte) (number, slot int) {
	mask := len(p.table) - 1
	slot = int(maphash.Bytes(pairingSeed, key)) & mask
	for {
		n := int(p.table[slot]) - 1
		if n < 0 || bytes.Equal(p.key(n), key) {
			return n, slot
		}
		slot = (slot + 1) & mask
	}
}

// add gives the number of a key, a new one where it has none.
func (p *pairing) add(key []byte) (number int, isNew bool) {
	n, slot := p.find(key)
	if n >= 0 {
		return n, false
	}
	if 2*(len(p.ends)+1) > len(p.table) {
		p.grow()
		_, slot = p.find(key)
	}
	p.bytes = append(p.bytes, key...)
	p.ends = append(p.ends, len(p.bytes))
	p.table[slot] = int32(len(p.ends))
	return len(p.ends) - 1, true
}

func (p *pairing) grow() {
	p.table = make([]int32, 2*len(p.table))
	for n := range p.ends {
		_, slot := p.find(p.key(n))
		p.table[slot] = int32(n + 1)
	}
}

// appendPart adds a part to a key so that parts cannot run into each other.
func appendPart(key []byte, part string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(part))), part...)
}
