package request

import (
	"reflect"
	"strings"
	"sync"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// shape is what the specification says of a value, read from the Go types made
// from it: once, since every body is held against it.
type shape struct {
	what   what
	fields map[string]*shape // of an object
	each   *shape            // of a map or list
}

type what int

const (
	anything what = iota
	aScalar
	anObject
	aMap
	aList
	aRequestType
	aMessageType
	aNumber
	aText
	aFlag
	aWhole
)

// layout is the shape of a message.
var layout = sync.OnceValue(func() *shape {
	return shaped(reflect.TypeFor[model.Message](), map[reflect.Type]*shape{})
})

// shaped makes the shape of a type; known are those that were begun, for types that
// hold themselves.
func shaped(t reflect.Type, known map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s := known[t]; s != nil {
		return s
	}
	s := &shape{}
	known[t] = s
	switch {
	case t == reflect.TypeFor[model.Scalar]():
		s.what = aScalar
	case t == reflect.TypeFor[model.RequestType]():
		s.what = aRequestType
	case t == reflect.TypeFor[model.MessageType]():
		s.what = aMessageType
	case t.Kind() == reflect.Struct:
		s.what, s.fields = anObject, map[string]*shape{}
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			s.fields[name] = shaped(field.Type, known)
		}
	case t.Kind() == reflect.Map:
		s.what, s.each = aMap, shaped(t.Elem(), known)
	case t.Kind() == reflect.Slice:
		s.what, s.each = aList, shaped(t.Elem(), known)
	case t.Kind() == reflect.String && t.PkgPath() == "encoding/json": // json.Number
		s.what = aNumber
	case t.Kind() == reflect.String:
		s.what = aText
	case t.Kind() == reflect.Bool:
		s.what = aFlag
	case t.Kind() == reflect.Int64:
		s.what = aWhole
	}
	return s
}

// specified are the names the specification has for members.
var specified = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	seen := map[*shape]bool{}
	var look func(s *shape)
	look = func(s *shape) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		look(s.each)
		for name, field := range s.fields {
			names[name] = name
			look(field)
		}
	}
	look(layout())
	return names
})
