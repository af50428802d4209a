package pack

import "encoding/binary"

// run is one symbol of the table of lengths, with the bits behind it.
type run struct{ symbol, extra, value uint8 }

// The symbols that stand for several lengths at once.
const (
	sameAgain = 16 // 3 to 6 times the one before
	fewZeros  = 17 // 3 to 10
	manyZeros = 18 // 11 to 138
)

// lengthOrder is the order in which the lengths of the lengths' own code stand:
// those that are hardly used come last.
var lengthOrder = [lengthSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// block writes a part of a text by steps that cover it, or as it stands where
// that takes less.
func (w *writer) block(text []byte, steps []step, last bool) {
	extra := w.countSteps(text, steps)
	w.texts.make(textSymbols, 15)
	w.backs.make(backSymbols, 15)
	texts, backs := used(&w.texts, textSymbols, endOfBlock+1), used(&w.backs, backSymbols, 1)
	w.runs = runsOf(w.runs[:0], w.texts.length[:texts], w.backs.length[:backs])
	clear(w.lengths.count[:lengthSymbols])
	head := 3 + 5 + 5 + 4
	for _, r := range w.runs {
		w.lengths.count[r.symbol]++
		head += int(r.extra)
	}
	w.lengths.make(lengthSymbols, 7)
	listed := lengthSymbols
	for w.lengths.length[lengthOrder[listed-1]] == 0 {
		listed--
	}
	head += 3*listed + w.lengths.cost(lengthSymbols)
	size := head + w.texts.cost(textSymbols) + w.backs.cost(backSymbols) + extra
	if size >= 8*(len(text)+5*(1+len(text)/storedMost)) {
		w.stored(text, last)
		return
	}
	w.grow(size)
	w.put(finality(last)|2<<1, 3)
	w.put(uint64(texts-257), 5) // at least 257
	w.put(uint64(backs-1), 5)   // at least 1
	w.put(uint64(listed-4), 4)  // at least 4
	w.flush()
	for _, s := range lengthOrder[:listed] {
		w.put(uint64(w.lengths.length[s]), 3)
		w.flush()
	}
	for _, r := range w.runs {
		w.put(uint64(w.lengths.bits[r.symbol])|uint64(r.value)<<w.lengths.length[r.symbol], uint(w.lengths.length[r.symbol]+r.extra))
		w.flush()
	}
	w.steps(text, steps)
	if last {
		w.align()
	}
}

// finality is the first bit of a block.
func finality(last bool) uint64 {
	if last {
		return 1
	}
	return 0
}

// countSteps counts the symbols of a block, and gives the bits that come beside
// them.
func (w *writer) countSteps(text []byte, steps []step) (extra int) {
	clear(w.texts.count[:])
	clear(w.backs.count[:backSymbols])
	w.texts.count[endOfBlock] = 1
	for _, s := range steps {
		for _, c := range text[:s.plain] {
			w.texts.count[c]++
		}
		text = text[int(s.plain)+int(s.length):]
		if s.length > 0 {
			length, back := lengthParts[s.length-3], backPart(s.back)
			w.texts.count[length.symbol]++
			w.backs.count[back.symbol]++
			extra += int(length.extra) + int(back.extra)
		}
	}
	return extra
}

// used is how many symbols have to be told of, up to the last that is needed.
func used(c *code, symbols, least int) int {
	for symbols > least && c.length[symbols-1] == 0 {
		symbols--
	}
	return symbols
}

// runsOf appends the symbols that tell lengths: of both codes, one behind the
// other.
func runsOf(runs []run, texts, backs []uint8) []run {
	at := func(i int) uint8 {
		if i < len(texts) {
			return texts[i]
		}
		return backs[i-len(texts)]
	}
	all := len(texts) + len(backs)
	for i := 0; i < all; {
		length, n := at(i), 1
		for i+n < all && n < 138 && at(i+n) == length {
			n++
		}
		switch {
		case length == 0 && n >= 11:
			runs = append(runs, run{manyZeros, 7, uint8(n - 11)}) // at most 127
		case length == 0 && n >= 3:
			runs = append(runs, run{fewZeros, 3, uint8(n - 3)}) // at most 7
		case length != 0 && n >= 4:
			n = min(n, 7)
			runs = append(runs, run{symbol: length}, run{sameAgain, 2, uint8(n - 4)}) // at most 3
		default:
			n = 1
			runs = append(runs, run{symbol: length})
		}
		i += n
	}
	return runs
}

// steps writes what was counted; there is room for all of it.
func (w *writer) steps(text []byte, steps []step) {
	for _, s := range steps {
		plain := text[:s.plain]
		text = text[int(s.plain)+int(s.length):]
		for len(plain) >= 3 { // at most 45 bits
			for _, c := range plain[:3] {
				w.put(uint64(w.texts.bits[c]), uint(w.texts.length[c]))
			}
			w.flush()
			plain = plain[3:]
		}
		for _, c := range plain {
			w.put(uint64(w.texts.bits[c]), uint(w.texts.length[c]))
		}
		w.flush()
		if s.length == 0 {
			continue
		}
		length, back := lengthParts[s.length-3], backPart(s.back) // at most 48 bits
		w.put(uint64(w.texts.bits[length.symbol]), uint(w.texts.length[length.symbol]))
		w.put(uint64(s.length-3-length.base), uint(length.extra))
		w.put(uint64(w.backs.bits[back.symbol]), uint(w.backs.length[back.symbol]))
		w.put(uint64(s.back-back.base), uint(back.extra))
		w.flush()
	}
	w.put(uint64(w.texts.bits[endOfBlock]), uint(w.texts.length[endOfBlock]))
	w.flush()
}

// storedMost is how many bytes a block holds that are not packed.
const storedMost = 1<<16 - 1

// stored writes a text as it stands.
func (w *writer) stored(text []byte, last bool) {
	for {
		n := min(len(text), storedMost)
		w.grow(8)
		w.put(finality(last && n == len(text)), 3)
		w.align()
		w.b = binary.LittleEndian.AppendUint16(w.b, uint16(n))  // at most 65535
		w.b = binary.LittleEndian.AppendUint16(w.b, ^uint16(n)) // at most 65535
		w.b = append(w.b, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			return
		}
	}
}
