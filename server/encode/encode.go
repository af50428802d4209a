// Package encode owns how answers become JSON: the very text encoding/json makes
// of them, with hardly any allocation. Large answers are made page after page,
// and most of their cost is here and in the database.
//
// It must not know what an answer means, nor who gets it.
package encode

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// JSON writes an answer with its status in one piece. The text ends with a line
// break, as json.Encoder has it. With an error nothing was written.
func JSON[T any](w http.ResponseWriter, status int, v *T) error {
	buf, _ := buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	text, err := Append((*buf)[:0], v)
	if err != nil {
		return err
	}
	*buf = append(text, '\n')
	w.Header()["Content-Type"] = contentType
	w.WriteHeader(status)
	if _, err := w.Write(*buf); err != nil {
		// What failed may still hold on to the text, so it is not used again.
		return err // of the caller's own writer
	}
	if cap(*buf) <= keptMost {
		buffers.Put(buf)
	}
	return nil
}

// contentType is a header shared by all answers, and never written to.
var contentType = []string{"application/json"}

// keptMost bounds the buffers that are used again, in bytes.
const keptMost = 1 << 20

var buffers sync.Pool

// Append adds the JSON text of a value.
func Append[T any](b []byte, v *T) ([]byte, error) {
	return encoderOf(reflect.TypeFor[T]())(b, unsafe.Pointer(v)) //nolint:gosec // the encoder was made for T
}

// encoder appends the text of the value at p, which is of the type the encoder
// was made for.
type encoder func(b []byte, p unsafe.Pointer) ([]byte, error)

var encoders sync.Map // of encoder by reflect.Type

func encoderOf(t reflect.Type) encoder {
	if e, ok := encoders.Load(t); ok {
		return e.(encoder) // nothing else is in it
	}
	e := compile(t, map[reflect.Type]bool{})
	encoders.Store(t, e)
	return e
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	number        = reflect.TypeFor[json.Number]()
)

// compile makes the encoder of a type. What encoding/json treats in a way of its
// own, and types that hold themselves, are left to it.
func compile(t reflect.Type, inside map[reflect.Type]bool) encoder {
	if isSpecial(t) || inside[t] {
		return standard(t)
	}
	inside[t] = true
	defer delete(inside, t)
	switch t.Kind() {
	case reflect.Bool:
		return func(b []byte, p unsafe.Pointer) ([]byte, error) { return strconv.AppendBool(b, *(*bool)(p)), nil }
	case reflect.Int64:
		return func(b []byte, p unsafe.Pointer) ([]byte, error) { return strconv.AppendInt(b, *(*int64)(p), 10), nil }
	case reflect.String:
		if t == number {
			return func(b []byte, p unsafe.Pointer) ([]byte, error) { return appendNumber(b, *(*string)(p)) }
		}
		return func(b []byte, p unsafe.Pointer) ([]byte, error) { return appendString(b, *(*string)(p)), nil }
	case reflect.Pointer:
		inner := compile(t.Elem(), inside)
		return func(b []byte, p unsafe.Pointer) ([]byte, error) {
			if to := *(*unsafe.Pointer)(p); to != nil {
				return inner(b, to)
			}
			return append(b, "null"...), nil
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return standard(t)
		}
		return list(t.Elem().Size(), compile(t.Elem(), inside))
	case reflect.Struct:
		return object(t, inside)
	}
	return standard(t)
}

// isSpecial says whether a type has a way of its own to become JSON.
func isSpecial(t reflect.Type) bool {
	return t.Implements(marshaler) || t.Implements(textMarshaler) ||
		reflect.PointerTo(t).Implements(marshaler) || reflect.PointerTo(t).Implements(textMarshaler)
}

// standard leaves a type to encoding/json.
func standard(t reflect.Type) encoder {
	return func(b []byte, p unsafe.Pointer) ([]byte, error) {
		text, err := json.Marshal(reflect.NewAt(t, p).Interface())
		if err != nil {
			return b, fmt.Errorf("encoding an answer: %w", err)
		}
		return append(b, text...), nil
	}
}

func list(size uintptr, element encoder) encoder {
	return func(b []byte, p unsafe.Pointer) ([]byte, error) {
		elements := *(*[]struct{})(p) // of any type: only where it begins and how long it is
		if elements == nil {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		first := unsafe.Pointer(unsafe.SliceData(elements)) //nolint:gosec // see above
		for i := range elements {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = element(b, unsafe.Add(first, uintptr(i)*size)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
}

// member is one field of an object. The kinds that nearly all members have are
// written without a call of an encoder.
type member struct {
	name   string // in quotes, with a comma before it and a colon behind
	offset uintptr
	kind   kind
	omit   bool                        // of those kinds: nothing is written for an empty one
	empty  func(p unsafe.Pointer) bool // of other kinds; nil: it is always written
	encode encoder
}

// kind is what a member is.
type kind uint8

const (
	other kind = iota
	aText
	aNumber
	aWhole
	textOrNil
	numberOrNil
)

func kindOf(t reflect.Type) kind {
	if isSpecial(t) {
		return other
	}
	switch {
	case t.Kind() == reflect.Pointer && !isSpecial(t.Elem()) && t.Elem() == number:
		return numberOrNil
	case t.Kind() == reflect.Pointer && !isSpecial(t.Elem()) && t.Elem().Kind() == reflect.String:
		return textOrNil
	case t == number:
		return aNumber
	case t.Kind() == reflect.String:
		return aText
	case t.Kind() == reflect.Int64:
		return aWhole
	}
	return other
}

func object(t reflect.Type, inside map[reflect.Type]bool) encoder {
	var members []member
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			return standard(t)
		}
		if !f.IsExported() {
			continue
		}
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		m := member{
			name: string(appendString([]byte{','}, name)) + ":", offset: f.Offset, kind: kindOf(f.Type), encode: compile(f.Type, inside),
		}
		switch options {
		case "":
		case "omitempty":
			m.omit = true
			if m.empty = emptiness(f.Type); m.empty == nil && f.Type.Kind() != reflect.Struct {
				return standard(t)
			}
		default:
			return standard(t)
		}
		members = append(members, m)
	}
	return func(b []byte, p unsafe.Pointer) ([]byte, error) {
		start := len(b)
		var err error
		for i := range members {
			if b, err = members[i].write(b, p); err != nil {
				return b, err
			}
		}
		if len(b) == start {
			return append(b, '{', '}'), nil
		}
		b[start] = '{' // in place of the first comma
		return append(b, '}'), nil
	}
}

// write appends a member of the object at p.
func (m *member) write(b []byte, p unsafe.Pointer) ([]byte, error) {
	at := unsafe.Add(p, m.offset)
	switch m.kind {
	case textOrNil, numberOrNil:
		to := *(**string)(at)
		switch {
		case to == nil && m.omit:
			return b, nil
		case to == nil:
			return append(append(b, m.name...), "null"...), nil
		case m.kind == numberOrNil:
			return appendNumber(append(b, m.name...), *to)
		}
		return appendString(append(b, m.name...), *to), nil
	case aText:
		if text := *(*string)(at); text != "" || !m.omit {
			b = appendString(append(b, m.name...), text)
		}
		return b, nil
	case aNumber:
		if text := *(*string)(at); text != "" || !m.omit {
			return appendNumber(append(b, m.name...), text)
		}
		return b, nil
	case aWhole:
		if n := *(*int64)(at); n != 0 || !m.omit {
			b = strconv.AppendInt(append(b, m.name...), n, 10)
		}
		return b, nil
	}
	if m.empty != nil && m.empty(at) {
		return b, nil
	}
	return m.encode(append(b, m.name...), at)
}

// emptiness says what `omitempty` leaves out; nil where it is not known here.
func emptiness(t reflect.Type) func(p unsafe.Pointer) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return func(p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil }
	case reflect.Slice:
		return func(p unsafe.Pointer) bool { return len(*(*[]struct{})(p)) == 0 }
	case reflect.String:
		return func(p unsafe.Pointer) bool { return *(*string)(p) == "" }
	case reflect.Bool:
		return func(p unsafe.Pointer) bool { return !*(*bool)(p) }
	case reflect.Int64:
		return func(p unsafe.Pointer) bool { return *(*int64)(p) == 0 }
	}
	return nil
}
