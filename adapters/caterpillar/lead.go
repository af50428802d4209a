package caterpillar

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// leadMember is what the specification says of one member of a lead.
type leadMember struct {
	name   string
	field  int // in model.Lead
	kind   kind
	length int               // greatest length in characters, 0: none
	listed map[string]string // values by their lower case; nil: no list
	closed bool              // the list is complete, so a value's spelling can be put right
}

// leadForm is the specification's Lead, with all names a member is found by.
type leadForm struct {
	exact map[string]*leadMember // by name
	other map[string]*leadMember // by names seen elsewhere, and by names in lower case
}

// form reads the specification once.
var form = sync.OnceValues(func() (*leadForm, error) {
	doc, err := openapi.LeadDocument()
	if err != nil {
		return nil, fmt.Errorf("reading the specification of leads: %w", err)
	}
	schema := doc.Components.Schemas["Lead"]
	f := &leadForm{exact: map[string]*leadMember{}, other: map[string]*leadMember{}}
	typ := reflect.TypeFor[model.Lead]()
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		ref := schema.Value.Properties[name]
		if ref == nil {
			return nil, fmt.Errorf("reading the specification of leads: no member %s", name)
		}
		s := ref.Value
		m := &leadMember{name: name, field: i}
		switch {
		case s.Type.Is("boolean"):
			m.kind = yesNo
		case s.Type.Is("integer"):
			m.kind = whole
		case s.Format == "date" || s.Format == "date-time":
			m.kind = moment
		default:
			m.kind = text
		}
		if s.MaxLength != nil {
			m.length = int(*s.MaxLength)
		}
		values := s.Enum
		if m.closed = len(values) > 0; !m.closed {
			values, _ = s.Extensions["x-known-values"].([]any)
		}
		for _, v := range values {
			if m.listed == nil {
				m.listed = map[string]string{}
			}
			word := fmt.Sprint(v)
			m.listed[strings.ToLower(word)] = word
		}
		f.exact[name] = m
		f.other[strings.ToLower(name)] = m
		spellings, _ := s.Extensions["x-other-spellings"].([]any)
		for _, v := range spellings {
			f.other[strings.ToLower(fmt.Sprint(v))] = m
		}
	}
	return f, nil
})

// find returns the member a name means, and whether it is spelt as specified.
func (f *leadForm) find(name string) (m *leadMember, exact bool) {
	if m := f.exact[name]; m != nil {
		return m, true
	}
	return f.other[strings.ToLower(strings.TrimSpace(name))], false
}

// noted collects what is odd about a lead.
type noted []adapters.LeadNote

func (n *noted) add(member string, oddity adapters.Oddity) {
	note := adapters.LeadNote{Member: member, Oddity: oddity}
	if !slices.Contains(*n, note) {
		*n = append(*n, note)
	}
}

// readLead understands one element of an answer. It never fails: what cannot be
// understood is noted and stays in Raw (R48).
func readLead(raw json.RawMessage) adapters.ReceivedLead {
	out := adapters.ReceivedLead{Raw: raw}
	f, err := form()
	if err != nil {
		// Clients are opened only after the form was read without an error.
		panic(err)
	}
	var notes noted
	s := &scanner{text: raw, sound: true}
	if s.peek() != '{' {
		notes.add("", adapters.NotALead)
		out.Notes = notes
		return out
	}
	members, err := s.members()
	if err != nil {
		notes.add("", adapters.NotALead)
		out.Notes = notes
		return out
	}
	type choice struct {
		member *leadMember // nil: not in the lead
		raw    json.RawMessage
		exact  bool
	}
	lead := reflect.ValueOf(&out.Lead).Elem()
	chosen := make([]choice, lead.NumField())
	for _, each := range members {
		m, exact := f.find(each.name)
		if m == nil {
			notes.add(harmless(each.name), adapters.UnknownMember)
			continue
		}
		if !exact {
			notes.add(m.name, adapters.OddSpelling)
		}
		if before := chosen[m.field]; before.member != nil {
			notes.add(m.name, adapters.RepeatedName)
			if before.exact && !exact {
				continue // the name as specified goes before any other spelling
			}
		}
		chosen[m.field] = choice{m, each.raw, exact}
	}
	for i, c := range chosen {
		if c.member != nil {
			c.member.set(lead.Field(i), c.raw, &notes)
		}
	}
	if out.Lead.LeadID == "" {
		notes.add("leadId", adapters.MissingMember) // R33
	}
	if out.Lead.LeadState == "" {
		notes.add("leadState", adapters.MissingMember) // R32
	}
	slices.SortFunc(notes, func(a, b adapters.LeadNote) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Oddity, b.Oddity))
	})
	out.Notes = notes
	return out
}

// set fills a field from a value, leaving it nil or empty where there is none.
func (m *leadMember) set(field reflect.Value, raw json.RawMessage, notes *noted) {
	if !utf8.Valid(raw) {
		notes.add(m.name, adapters.BadText)
	}
	v, oddity := m.kind.read(raw)
	if oddity != "" {
		notes.add(m.name, oddity)
	}
	if v == nil {
		return
	}
	if word, ok := v.(string); ok {
		if strings.ContainsRune(word, utf8.RuneError) && !bytes.ContainsRune(raw, utf8.RuneError) {
			notes.add(m.name, adapters.BadText) // half a pair of surrogates
		}
		if m.length > 0 && utf8.RuneCountInString(word) > m.length { // R24
			notes.add(m.name, adapters.OverLong)
		}
		if m.listed != nil {
			listed, known := m.listed[strings.ToLower(word)]
			switch {
			case !known:
				notes.add(m.name, adapters.OutsideList)
			case m.closed:
				v = listed
			}
		}
	}
	value := reflect.ValueOf(v)
	if field.Kind() == reflect.Pointer {
		p := reflect.New(field.Type().Elem())
		p.Elem().Set(value.Convert(p.Elem().Type()))
		field.Set(p)
		return
	}
	field.Set(value.Convert(field.Type()))
}

// harmless is the name of an unknown member for a note: a name in letters and
// the like, cut short. Anything else could be a value in the wrong place.
func harmless(name string) string {
	name = strings.TrimSpace(name)
	for _, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
		if !letter {
			return "?"
		}
	}
	const most = 40
	if len(name) > most {
		return name[:most]
	}
	return name
}
