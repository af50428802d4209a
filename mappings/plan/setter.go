package plan

import (
	"reflect"
	"strconv"
	"unsafe"
)

// at walks from an element's root to one member and makes the optional objects
// on the way. Steps are field indexes found once, when the plan was compiled.
func at(root reflect.Value, steps []int) reflect.Value {
	v := root
	for _, i := range steps {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// way is the same walk in memory, for what is done once for every value: from
// the root of an element over optional objects to one member. It is made of the
// Go type, so it cannot lead anywhere else.
type way struct {
	hops []hop
	last uintptr // of the member in its object
}

// hop is an optional object on the way.
type hop struct {
	offset uintptr // of the pointer to it
	object reflect.Type
}

// wayTo follows field indexes through a type, as at does.
func wayTo(root reflect.Type, steps []int) (w way, member reflect.Type) {
	typ := root
	for _, i := range steps {
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
			w.hops = append(w.hops, hop{offset: w.last, object: typ})
			w.last = 0
		}
		field := typ.Field(i)
		w.last += field.Offset
		typ = field.Type
	}
	return w, typ
}

// from walks and makes the optional objects.
func (w *way) from(root unsafe.Pointer) unsafe.Pointer {
	for i := range w.hops {
		h := &w.hops[i]
		to := (*unsafe.Pointer)(unsafe.Add(root, h.offset))
		if *to == nil {
			*to = reflect.New(h.object).UnsafePointer()
		}
		root = *to
	}
	return unsafe.Add(root, w.last)
}

// set writes a present value into its field. checkLeafType has seen to it that
// the field is of the kind that is written, or points to one.
func (l *leaf) set(field unsafe.Pointer, v value, texts *slab[string]) {
	switch l.want {
	case wantInteger:
		n, err := strconv.ParseInt(v.text, 10, 64)
		switch {
		case err != nil: // conform has seen to it
		case l.pointed:
			*(**int64)(field) = &n
		default:
			*(*int64)(field) = n
		}
	case wantBool:
		yes := v.text == "true"
		if l.pointed {
			*(**bool)(field) = &yes
			return
		}
		*(*bool)(field) = yes
	default:
		if l.pointed {
			*(**string)(field) = texts.place(v.text)
			return
		}
		*(*string)(field) = v.text
	}
}

// set gives a list its elements, never nil: a required array is always there.
func (t *listTarget) set(root unsafe.Pointer, elements []struct{}) {
	*(*[]struct{})(t.way.from(root)) = elements
}
