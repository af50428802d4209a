package pack

import (
	"math/bits"
	"slices"
)

const (
	textSymbols   = 286 // bytes, the end of a block, lengths
	backSymbols   = 30
	lengthSymbols = 19
	endOfBlock    = 256
	symbolBits    = 9 // that hold a symbol
)

// code is a set of symbols with the bits that stand for each: few for those that
// are frequent.
type code struct {
	count  [textSymbols]uint32 // how often a symbol is needed
	length [textSymbols]uint8  // bits; 0: the symbol is not needed
	bits   [textSymbols]uint16 // the highest first, so that they can be written the lowest first

	order   []uint32             // symbols that are needed, below their counts: the rarest first
	weights [textSymbols]uint32  // of the nodes that join two others
	parents [2 * textSymbols]int // of leaves and of those nodes
}

// make finds lengths and bits for symbols that were counted; no length is above
// most.
func (c *code) make(symbols int, most uint8) {
	clear(c.length[:symbols])
	c.order = c.order[:0]
	for s := range symbols {
		if c.count[s] > 0 {
			c.order = append(c.order, c.count[s]<<symbolBits|uint32(s)) // below 286
		}
	}
	// A single symbol would be a code that is not complete, which not everybody
	// reads: another one, that nobody needs, stands beside it.
	for s := uint32(0); len(c.order) < 2; s++ {
		if c.count[s] == 0 {
			c.order = append(c.order, s)
		}
	}
	slices.Sort(c.order)
	perLength := c.depths(int(most))
	// The frequent ones get the short lengths.
	at := len(c.order)
	for length := 1; length <= int(most); length++ {
		for range perLength[length] {
			at--
			c.length[c.order[at]&(1<<symbolBits-1)] = uint8(length) // at most 15
		}
	}
	c.number(symbols, perLength)
}

// deepest bounds the depth of a tree of weights that add up to less than 2^32:
// they grow at least like the numbers of Fibonacci.
const deepest = 64

// depths counts how many symbols have a code of each length: those of the tree
// that joins the two lightest nodes over and over, bent to at most most.
func (c *code) depths(most int) (perLength [deepest]int) {
	n := len(c.order)
	leaf, node, made := 0, 0, 0 // the lightest not yet joined
	lightest := func() (weight uint32, id int) {
		if leaf < n && (node == made || c.order[leaf]>>symbolBits <= c.weights[node]) {
			leaf++
			return c.order[leaf-1] >> symbolBits, leaf - 1
		}
		node++
		return c.weights[node-1], n + node - 1
	}
	for ; made < n-1; made++ {
		a, first := lightest()
		b, second := lightest()
		c.weights[made] = a + b
		c.parents[first], c.parents[second] = n+made, n+made
	}
	// From the root down; parents gives way to depths.
	c.parents[2*n-2] = 0
	for id := 2*n - 3; id >= 0; id-- {
		c.parents[id] = c.parents[c.parents[id]] + 1
		if id < n {
			perLength[min(c.parents[id], most)]++
		}
	}
	// A code has room for 2^most of the longest. Where cutting took too much, two
	// leaves go below one that is less deep, in place of it and of one of the deepest.
	room := 0
	for length := 1; length <= most; length++ {
		room += perLength[length] << (most - length)
	}
	for ; room > 1<<most; room-- {
		length := most - 1
		for perLength[length] == 0 {
			length--
		}
		perLength[length]--
		perLength[length+1] += 2
		perLength[most]--
	}
	return perLength
}

// number gives the symbols of each length consecutive numbers.
func (c *code) number(symbols int, perLength [deepest]int) {
	var next [16]uint16
	for length := 1; length < 15; length++ {
		next[length+1] = (next[length] + uint16(perLength[length])) << 1 // at most 286
	}
	for s := range symbols {
		if n := c.length[s]; n > 0 {
			c.bits[s] = bits.Reverse16(next[n]) >> (16 - n)
			next[n]++
		}
	}
}

// cost is how many bits the symbols that were counted take.
func (c *code) cost(symbols int) int {
	n := 0
	for s := range symbols {
		n += int(c.count[s]) * int(c.length[s])
	}
	return n
}

// part is what stands for a range of numbers: a symbol, and how many bits say
// which number of the range it is.
type part struct {
	symbol uint16
	extra  uint8
	base   uint16
}

// lengthParts are the symbols of lengths, by the length less 3; backParts those
// of distances less one, by themselves below 256 and by their 128th from there
// on.
var (
	lengthParts = func() (parts [longest - 2]part) {
		symbol, from := uint16(endOfBlock+1), 0
		for from < 255 {
			extra := uint8(0)
			if symbol >= 265 {
				extra = uint8((symbol - 261) / 4) // at most 5
			}
			for i := range 1 << extra {
				if from+i < len(parts) {
					parts[from+i] = part{symbol, extra, uint16(from)} // at most 255
				}
			}
			symbol, from = symbol+1, from+1<<extra
		}
		parts[255] = part{285, 0, 255} // the longest has a symbol of its own
		return parts
	}()
	backParts = func() (parts [512]part) {
		from := 0
		for symbol := range uint16(backSymbols) {
			extra := uint8(0)
			if symbol >= 4 {
				extra = uint8(symbol/2 - 1) // at most 13
			}
			for i := range 1 << extra {
				p := part{symbol, extra, uint16(from)} // below 32768
				if from+i < 256 {
					parts[from+i] = p
				} else {
					parts[256+(from+i)>>7] = p
				}
			}
			from += 1 << extra
		}
		return parts
	}()
)

func backPart(back uint16) part {
	if back < 256 {
		return backParts[back]
	}
	return backParts[256+back>>7]
}
