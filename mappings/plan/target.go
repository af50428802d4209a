package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Target is what a mapping file is compiled against: one shape for each
// endpoint an answer can be asked from.
type Target struct {
	Endpoints []EndpointTarget
	// NotYet is the word of code maps with which nothing is to be sent at this
	// point; empty: there is none.
	NotYet string
	// Days says that members of the format `date` are days in the dealer's zone.
	Days bool
	// State is what else a mapping says about the rows of the first endpoint; nil
	// where they are listed and no more.
	State *StateSection
}

// EndpointTarget is the shape of one endpoint's elements.
type EndpointTarget struct {
	Name   string           // as it is written in a mapping file: contract, dealer-category
	Type   reflect.Type     // the Go struct one element is filled into
	Schema *openapi3.Schema // of the same element: required, lengths, enums
	// Customer is the field that holds the dealer customer number and is
	// filled from it. It may stay unmapped where the schema does not have it.
	Customer string
	// PerCustomer says that rows are asked for by customer, so that every row
	// must lead to its customer number.
	PerCustomer bool
	// Lookup says that rows are looked up one at a time by customer, so that
	// two rows of one key are two answers, and not one that a join doubled.
	Lookup bool
	// Found is the field of a list by which rows can be found; nil where they are
	// never looked for so.
	Found *FoundBy
	// Order is the order the API demands, by fields of the answer; empty where
	// the mapping decides.
	Order []FieldOrder
}

// FoundBy names a field of the elements of a list.
type FoundBy struct {
	List, Field string
}

// FieldOrder is one key of an order by converted values.
type FieldOrder struct {
	Field string
	Desc  bool
}

// want is the type a value is made for.
type want int

const (
	wantText want = iota
	wantInstant
	wantDecimal
	wantInteger
	wantBool
)

func (w want) String() string {
	return [...]string{"text", "a date and time", "a decimal number", "a whole number", "true or false"}[w]
}

// leaf is one scalar field of an element, with the way to it from the
// element's root.
type leaf struct {
	path     string
	want     want
	required bool // and so are all objects it stands in
	nested   bool // required inside an object that is itself optional
	parent   string
	maxChars int // 0: no limit
	enum     []string
	former   map[string]string // words of the enum as they were called before, by their lower case
	steps    []int
	way      way
	pointed  bool // the field is a pointer
	day      bool // a day without a time, see Target.Days
}

// listTarget is one array member of an element.
type listTarget struct {
	path     string
	typ      reflect.Type // of the slice
	way      way
	required bool
	element  *shape
}

// shape is everything that can be said of one element type.
type shape struct {
	typ    reflect.Type
	leaves map[string]*leaf
	lists  map[string]*listTarget
	// objects are the paths of nested objects, for messages that say "this is
	// an object, map its members".
	objects map[string]bool
	order   []string // leaf paths as the schema's Go type has them
}

func newShape(typ reflect.Type, schema *openapi3.Schema) (*shape, error) {
	s := &shape{typ: typ, leaves: map[string]*leaf{}, lists: map[string]*listTarget{}, objects: map[string]bool{}}
	if err := s.walk("", typ, schema, nil, true); err != nil {
		return nil, err
	}
	return s, nil
}

// walk adds the members of one object. Go type and schema must agree: a
// difference is a mistake of the build, not of the mapping.
func (s *shape) walk(prefix string, typ reflect.Type, schema *openapi3.Schema, steps []int, required bool) error {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return fmt.Errorf("target %q: %s is no struct", prefix, typ)
	}
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		ref := schema.Properties[name]
		if ref == nil || ref.Value == nil {
			return fmt.Errorf("target %s%s: the schema does not have it", prefix, name)
		}
		if err := s.member(prefix, name, field.Type, ref.Value, append(slices.Clone(steps), i),
			slices.Contains(schema.Required, name), required); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) member(prefix, name string, typ reflect.Type, schema *openapi3.Schema, steps []int, here, above bool) error {
	path := prefix + name
	switch {
	case schema.Type.Is(openapi3.TypeObject):
		s.objects[path] = true
		return s.walk(path+".", typ, schema, steps, here && above)
	case schema.Type.Is(openapi3.TypeArray):
		if typ.Kind() != reflect.Slice {
			return fmt.Errorf("target %s: %s is no slice", path, typ)
		}
		element, err := newShape(typ.Elem(), schema.Items.Value)
		if err != nil {
			return err
		}
		to, _ := wayTo(s.typ, steps)
		s.lists[path] = &listTarget{path: path, typ: typ, way: to, required: here, element: element}
		return nil
	}
	l := &leaf{
		path: path, required: here && above, nested: here && !above,
		parent: strings.TrimSuffix(prefix, "."), steps: steps,
	}
	if schema.MaxLength != nil {
		l.maxChars = int(min(*schema.MaxLength, 1<<30))
	}
	for _, e := range schema.Enum {
		l.enum = append(l.enum, fmt.Sprint(e))
	}
	if former, _ := schema.Extensions["x-former-words"].(map[string]any); len(former) > 0 {
		l.former = map[string]string{}
		for before, now := range former {
			l.former[strings.ToLower(before)] = fmt.Sprint(now)
		}
	}
	switch {
	case schema.Type.Is(openapi3.TypeString) && schema.Format == "date-time":
		l.want = wantInstant
	case schema.Type.Is(openapi3.TypeString):
		l.want = wantText
		l.day = schema.Format == "date"
	case schema.Type.Is(openapi3.TypeNumber):
		l.want = wantDecimal
	case schema.Type.Is(openapi3.TypeInteger):
		l.want = wantInteger
	case schema.Type.Is(openapi3.TypeBoolean):
		l.want = wantBool
	default:
		return fmt.Errorf("target %s: a schema of type %v cannot be mapped", path, schema.Type)
	}
	if err := checkLeafType(l, typ); err != nil {
		return err
	}
	l.way, _ = wayTo(s.typ, steps)
	l.pointed = typ.Kind() == reflect.Pointer
	s.leaves[path] = l
	s.order = append(s.order, path)
	return nil
}

// checkLeafType sees to it that a setter can never meet a type it does not
// know.
func checkLeafType(l *leaf, typ reflect.Type) error {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	kind := map[want]reflect.Kind{
		wantText: reflect.String, wantInstant: reflect.String, wantDecimal: reflect.String,
		wantInteger: reflect.Int64, wantBool: reflect.Bool,
	}[l.want]
	if typ.Kind() != kind {
		return fmt.Errorf("target %s: %s cannot hold %s", l.path, typ, l.want)
	}
	return nil
}

// names are all field paths, for suggestions.
func (s *shape) names() []string {
	names := slices.Clone(s.order)
	for path := range s.lists {
		names = append(names, path)
	}
	slices.Sort(names)
	return names
}
