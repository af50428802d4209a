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
	place := make([]int32, len(keys)) // of each key's customer among the customers
	size := 0
	for i, k := range keys {
		size += len(k.Row) + 4
		if i > 0 && k.Customer == keys[i-1].Customer {
			place[i] = place[i-1]
			continue
		}
		at, ok := places[k.Customer]
		if !ok {
			at = len(p.customers)
			places[k.Customer] = at
			p.customers = append(p.customers, k.Customer)
		}
		place[i] = int32(at)
	}
	head := binary.AppendUvarint([]byte{packVersion}, uint64(len(keys)))
	head = binary.AppendUvarint(head, uint64(len(p.customers)))
	for _, c := range p.customers {
		head = appendText(head, c)
	}
	text := make([]byte, 0, len(head)+size)
	text = append(text, head...)
	var last adapters.Key
	for i, k := range keys {
		shared, other := 0, uint64(0)
		if i%packStep == 0 {
			p.marks = append(p.marks, uint32(len(text)))
			other = 1
		} else {
			shared = common(last.Row, k.Row)
			if place[i] != place[i-1] {
				other = 1
			}
		}
		text = binary.AppendUvarint(text, uint64(shared)<<1|other)
		if other == 1 {
			text = binary.AppendUvarint(text, uint64(place[i]))
		}
		text = appendText(text, k.Row[shared:])
		last = k
	}
	p.text = slices.Clone(text) // it needed less room than was made for it
	return p
}

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
