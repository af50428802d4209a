package sweep

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// packVersion is the first byte of a packed key list.
const packVersion = 2

// packStep is how many keys stand together: the first of them is written whole,
// the others as what they differ in from the one before, so that no more than
// these are read to get at one.
const packStep = 32

// packed is a key list as it is kept, in memory and in the store: one text
// without pointers, a few bytes a key, of which every page can be read without
// reading the pages before it.
//
// The text: the version, how many keys there are, the customers in the order of
// their first key, and then for each key twice the bytes it has in common with
// the one before (0 at every packStep-th), plus one where its customer is another
// one than before (1 at every packStep-th), the customer's place among the
// customers in that case, and the rest of the row with its length. All numbers
// are varints.
type packed struct {
	text      []byte
	total     int
	customers []string
	marks     []uint32 // where every packStep-th key begins
}

// Pack writes a key list small.
func Pack(keys adapters.Keys) []byte { return packKeys(keys).text }

func packKeys(keys adapters.Keys) *packed {
	p := &packed{total: len(keys), marks: make([]uint32, 0, (len(keys)+packStep-1)/packStep)}
	places := map[string]int{}
	place := 0 // of the key's customer among the customers
	body := make([]byte, 0, packGuess*len(keys))
	var last adapters.Key
	for i, k := range keys {
		shared, other := 0, uint64(0)
		if i == 0 || k.Customer != last.Customer {
			at, known := places[k.Customer]
			if !known {
				at = len(p.customers)
				places[k.Customer] = at
				p.customers = append(p.customers, k.Customer)
			}
			place, other = at, 1
		}
		if i%packStep == 0 {
			p.marks = append(p.marks, uint32(len(body)))
			other = 1
		} else {
			shared = common(last.Row, k.Row)
		}
		body = binary.AppendUvarint(body, uint64(shared)<<1|other)
		if other == 1 {
			body = binary.AppendUvarint(body, uint64(place))
		}
		body = appendText(body, k.Row[shared:])
		last = k
	}
	head := binary.AppendUvarint([]byte{packVersion}, uint64(len(keys)))
	head = binary.AppendUvarint(head, uint64(len(p.customers)))
	for _, c := range p.customers {
		head = appendText(head, c)
	}
	p.text = slices.Concat(head, body) // in no more room than it needs
	for i := range p.marks {
		p.marks[i] += uint32(len(head))
	}
	return p
}

// packGuess is how many bytes a key may take when it is packed: more are made
// room for.
const packGuess = 8

// common is how many bytes two texts begin with alike.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// bytes is what the list takes in memory.
func (p *packed) bytes() int64 {
	n := int64(len(p.text)) + 4*int64(len(p.marks)) + 16*int64(len(p.customers))
	for _, c := range p.customers {
		n += int64(len(c))
	}
	return n
}

// cut returns the keys from one on, up to another. Both are within the list.
func (p *packed) cut(from, to int) adapters.Keys {
	if from >= to {
		return nil
	}
	r := reader{text: p.text, at: int(p.marks[from/packStep])}
	keys := make(adapters.Keys, 0, to-from)
	ends := make([]int, 0, to-from)
	var all, row []byte
	place := uint64(0)
	for i := from - from%packStep; i < to; i++ {
		row, place = r.key(row, place)
		if i < from {
			continue
		}
		all = append(all, row...)
		ends = append(ends, len(all))
		keys = append(keys, adapters.Key{Customer: p.customers[place]})
	}
	text, begin := string(all), 0
	for i, end := range ends {
		keys[i].Row, begin = text[begin:end], end
	}
	return keys
}

var errPacked = errors.New("the packed key list is damaged")

// maxPacked bounds a packed list, in bytes.
const maxPacked = math.MaxUint32

// Unpack reads what Pack wrote. Damaged bytes are an error, never a short list.
func Unpack(text []byte) (adapters.Keys, error) {
	p, err := readPacked(text)
	if err != nil {
		return nil, err
	}
	return p.cut(0, p.total), nil
}

// readPacked looks a packed list through, every byte of it, so that what is cut
// from it later is what was packed.
func readPacked(text []byte) (*packed, error) {
	if len(text) == 0 || text[0] != packVersion || len(text) > maxPacked {
		return nil, errPacked
	}
	r := reader{text: text, at: 1}
	total, customers := r.number(), r.number()
	if rest := uint64(len(text)); total > rest || customers > total { // each takes a byte at least
		return nil, errPacked
	}
	p := &packed{text: text, total: int(total), marks: make([]uint32, 0, (total+packStep-1)/packStep)}
	for range customers {
		p.customers = append(p.customers, string(r.part(r.number())))
	}
	long, place := uint64(0), uint64(0)
	for i := range total {
		if i%packStep == 0 {
			p.marks = append(p.marks, uint32(r.at))
		}
		head := r.number()
		shared := head >> 1
		if whole := i%packStep == 0; whole && head != 1 || shared > long {
			return nil, errPacked
		}
		if head&1 == 1 {
			place = r.number()
		}
		rest := r.number()
		r.part(rest)
		if r.bad || place >= customers {
			return nil, errPacked
		}
		long = shared + rest
	}
	if r.bad || r.at != len(text) {
		return nil, errPacked
	}
	return p, nil
}

// reader reads a packed list from a place on. What cannot be read makes it bad,
// and is nothing.
type reader struct {
	text []byte
	at   int
	bad  bool
}

func (r *reader) number() uint64 {
	n, used := binary.Uvarint(r.text[r.at:])
	if used <= 0 {
		r.bad = true
		return 0
	}
	r.at += used
	return n
}

func (r *reader) part(n uint64) []byte {
	if r.bad || n > uint64(len(r.text)-r.at) {
		r.bad = true
		return nil
	}
	from := r.at
	r.at += int(n)
	return r.text[from:r.at]
}

// key reads a key of a list that was looked through: the row in the place of the
// one before, and the customer's place.
func (r *reader) key(row []byte, place uint64) ([]byte, uint64) {
	head := r.number()
	if head&1 == 1 {
		place = r.number()
	}
	return append(row[:head>>1], r.part(r.number())...), place
}
