package plan

import (
	"reflect"
	"strconv"
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

// set writes a present value into its field.
func (l *leaf) set(root reflect.Value, v value) {
	field := at(root, l.steps)
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch l.want {
	case wantInteger:
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err == nil { // conform has seen to it
			field.SetInt(n)
		}
	case wantBool:
		field.SetBool(v.text == "true")
	default:
		field.SetString(v.text)
	}
}

// makeSlice gives a list its elements, never nil: a required array is always
// there.
func (t *listTarget) makeSlice(root reflect.Value, elements []reflect.Value) {
	field := at(root, t.steps)
	slice := reflect.MakeSlice(field.Type(), len(elements), len(elements))
	for i, e := range elements {
		slice.Index(i).Set(e)
	}
	field.Set(slice)
}
