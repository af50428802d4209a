package plan

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Memory is what the elements of one answer lie in, with the texts they point
// to. It is used again for other answers: whoever releases it says that the
// answer was written and nobody looks at it any more. One that is never released
// is the garbage collector's.
type Memory struct {
	texts  convert.Pieces
	makers []*maker
}

var freeMemory = sync.Pool{New: func() any { return new(Memory) }}

// NewMemory gives memory for one answer.
func NewMemory() *Memory {
	m, _ := freeMemory.Get().(*Memory)
	return m
}

// pieces are where the texts of an answer lie; nil for one without memory.
func (m *Memory) pieces() *convert.Pieces {
	if m == nil {
		return nil
	}
	return &m.texts
}

// maker gives one that makes elements of a list in this memory.
func (m *Memory) maker(l *list, made maker) *maker {
	if m == nil {
		return &made
	}
	one, _ := l.makers.Get().(*maker)
	if one == nil {
		one = &maker{home: &l.makers}
	}
	one.env, one.note, one.endpoint = made.env, made.note, made.endpoint
	one.made = m.texts.Arena(0)
	m.makers = append(m.makers, one)
	return one
}

// Release gives the memory back, cleared.
func (m *Memory) Release() {
	for _, one := range m.makers {
		if one.clear() {
			one.home.Put(one)
		}
	}
	m.texts.Release()
	clear(m.makers)
	m.makers = m.makers[:0]
	freeMemory.Put(m)
}

// roomMost bounds what a maker keeps for the next answer, in bytes: few answers
// are as large.
const roomMost = 256 << 10

// clear empties everything that was made, so that the next answer can be made in
// its place; false where it must not be.
func (m *maker) clear() bool {
	size := m.texts.clear() + m.numbers.clear() + m.main.clear()
	for i := range m.kinds {
		k := &m.kinds[i]
		clear(k.objects)
		k.rows = 0
		for at := range k.free {
			size += k.free[at].clear()
		}
	}
	for i := range m.lists {
		size += m.lists[i].clear()
	}
	clear(m.room)
	m.env, m.note, m.row, m.rows, m.made = nil, nil, "", nil, convert.Arena{}
	return size <= roomMost && !convert.Spoils
}

// spare is room for values of one type, which is only known when the program
// runs. It is made for many of them at a time.
type spare struct {
	next  unsafe.Pointer
	left  int
	begun int // pieces
	all   []reflect.Value
}

// take gives room for n values side by side, empty. want is how many may come
// with them, n at least.
func (s *spare) take(slice reflect.Type, size uintptr, n, want int) unsafe.Pointer {
	if s.left < n {
		s.more(slice, max(n, want))
	}
	p := s.next
	s.left -= n
	if s.left > 0 {
		s.next = unsafe.Add(p, uintptr(n)*size)
	}
	return p
}

// more begins another piece: one that is there, or a new one.
func (s *spare) more(slice reflect.Type, want int) {
	switch {
	case s.begun == len(s.all):
		s.all = append(s.all, reflect.MakeSlice(slice, want, want))
	case s.all[s.begun].Len() < want:
		want += want / 4 // the next answer may want a little more still
		s.all[s.begun] = reflect.MakeSlice(slice, want, want)
	}
	piece := s.all[s.begun]
	s.begun++
	s.next, s.left = piece.UnsafePointer(), piece.Len()
}

// clear empties what was used, and says how many bytes all of it takes.
func (s *spare) clear() int {
	size := 0
	for i, piece := range s.all {
		size += piece.Len() * int(piece.Type().Elem().Size())
		if i < s.begun {
			empty(piece)
		}
	}
	s.next, s.left, s.begun = nil, 0, 0
	return size
}

// slab makes values that are pointed to, several at a time and more each time.
type slab[T any] struct {
	now   []T // of which used are
	used  int
	begun int
	all   [][]T
}

const (
	slabLeast = 16
	slabMost  = 128
)

func (s *slab[T]) place(v T) *T {
	if s.used == len(s.now) {
		s.more()
	}
	p := &s.now[s.used]
	s.used++
	*p = v
	return p
}

func (s *slab[T]) more() {
	if s.begun == len(s.all) {
		s.all = append(s.all, make([]T, min(max(2*len(s.now), slabLeast), slabMost)))
	}
	s.now, s.used = s.all[s.begun], 0
	s.begun++
}

// clear empties what was used, and says how many bytes all of it takes.
func (s *slab[T]) clear() int {
	size := 0
	for i, piece := range s.all {
		size += len(piece) * int(unsafe.Sizeof(*new(T)))
		if i < s.begun {
			empty(reflect.ValueOf(&s.all[i]).Elem())
		}
	}
	s.now, s.used, s.begun = nil, 0, 0
	return size
}

// empty clears a slice that was given back.
func empty(piece reflect.Value) {
	if !convert.Spoils {
		piece.Clear()
		return
	}
	for i := range piece.Len() {
		spoil(piece.Index(i))
	}
}

// spoil overwrites every text and number in a value.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("spoiled" + string(rune(convert.Spoiled)))
	case reflect.Int64:
		v.SetInt(-convert.Spoiled)
	case reflect.Struct:
		for i := range v.NumField() {
			spoil(v.Field(i))
		}
	}
}
