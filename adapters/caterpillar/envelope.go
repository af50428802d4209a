package caterpillar

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Why an answer cannot be read. The texts are shown to operators.
var (
	errHTML     = errors.New("a page in HTML instead of JSON")
	errNoJSON   = errors.New("no JSON")
	errCutShort = errors.New("JSON that ends or breaks in the middle")
	errMessage  = errors.New("an error in the clothes of a success")
	errShape    = errors.New("JSON without leads")
)

// readAnswer finds the leads in an answer of any of its shapes: a list, a
// single lead, an object around one list, or nothing (R36, R38). Beside an
// error it returns the leads that could be read before it. The raw leads share
// the memory of body.
func readAnswer(body []byte) ([]adapters.ReceivedLead, error) {
	body = trimMark(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if isHTML(body) {
		return nil, errHTML
	}
	raws, err := findLeads(&scanner{text: body}, 0)
	leads := make([]adapters.ReceivedLead, 0, len(raws))
	known := 0
	for _, raw := range raws {
		lead := readLead(raw)
		if lead.Lead.LeadID != "" {
			known++
		}
		leads = append(leads, lead)
	}
	if len(leads) > 0 && known == 0 {
		// Elements without a single lead among them are something else. The
		// caller has the answer itself to keep.
		if err == nil {
			err = errShape
		}
		return nil, err
	}
	return leads, err
}

// deepest is how many objects may lie around a list.
const deepest = 3

// findLeads returns the elements of the list in the value that comes next, or
// that value where it is a lead itself.
func findLeads(s *scanner, depth int) ([]json.RawMessage, error) {
	switch s.peek() {
	case '[':
		return s.list()
	case '{':
	default:
		raw, err := s.value()
		switch {
		case err != nil:
			return nil, errNoJSON
		case string(raw) == "null":
			return nil, nil
		}
		return nil, errShape
	}
	start := s.at
	members, broken := s.members()
	var lists, objects []member
	message := false
	for _, m := range members {
		name := strings.ToLower(strings.TrimSpace(m.name))
		complaint := false
		switch name {
		case "leadid":
			if broken != nil {
				return nil, broken
			}
			return []json.RawMessage{s.text[start:s.at:s.at]}, nil
		case "message", "error", "errors", "fault", "errorcode":
			complaint = true
		}
		switch kind := first(m.raw); {
		case complaint:
			message = message || string(m.raw) != "null"
		case kind == '[':
			lists = append(lists, m)
		case kind == '{':
			objects = append(objects, m)
		}
	}
	switch {
	case len(lists) == 1:
		leads, err := findLeads(&scanner{text: lists[0].raw, sound: broken == nil}, depth+1)
		if err == nil {
			err = broken
		}
		return leads, err
	case broken != nil:
		return nil, broken
	case message:
		return nil, errMessage // R98, whatever the status says
	case len(lists) == 0 && len(objects) == 1 && depth < deepest:
		return findLeads(&scanner{text: objects[0].raw, sound: true}, depth+1)
	}
	return nil, errShape
}

// first is the byte a value begins with.
func first(raw []byte) byte {
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// scanner walks JSON and hands out its parts as they stand.
type scanner struct {
	text  []byte
	at    int
	sound bool // the text is known to be JSON, so its parts need no check
}

// member is one member of an object.
type member struct {
	name string
	raw  json.RawMessage
}

// peek skips white space and returns the byte that follows, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) {
		switch b := s.text[s.at]; b {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return b
		}
	}
	return 0
}

// take skips white space and one byte that has to be there.
func (s *scanner) take(b byte) bool {
	if s.peek() != b {
		return false
	}
	s.at++
	return true
}

// value returns the value that comes next, in the memory of the text.
func (s *scanner) value() (json.RawMessage, error) {
	s.peek()
	from := s.at
	to, ok := end(s.text, from)
	if !ok || !s.sound && !json.Valid(s.text[from:to]) {
		return nil, errCutShort
	}
	s.at = to
	return s.text[from:to:to], nil
}

// end finds where the value that begins at a place ends, provided that it is
// JSON at all: of brackets it only counts how deep they go.
func end(text []byte, at int) (int, bool) {
	depth := 0
	for at < len(text) {
		switch text[at] {
		case '"':
			for at++; at < len(text) && text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
			if at >= len(text) {
				return 0, false
			}
			at++
		case '{', '[':
			depth++
			at++
			continue
		case '}', ']':
			depth--
			at++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at, true // behind a number or a word
			}
			at++
			continue
		default:
			at++
			if depth == 0 && at < len(text) && !bytes.ContainsRune([]byte(",:]} \t\r\n"), rune(text[at])) {
				continue
			}
		}
		if depth <= 0 {
			return at, depth == 0
		}
	}
	return 0, false
}

// list returns the elements of a list, those before a break beside an error.
func (s *scanner) list() ([]json.RawMessage, error) {
	s.take('[')
	var all []json.RawMessage
	if s.take(']') {
		return nil, nil
	}
	for {
		raw, err := s.value()
		if err != nil {
			return all, err
		}
		all = append(all, raw)
		switch {
		case s.take(']'):
			return all, nil
		case !s.take(','):
			return all, errCutShort
		}
	}
}

// members returns the members of an object, those before a break beside an
// error. A list that breaks off is returned as far as it goes.
func (s *scanner) members() ([]member, error) {
	s.take('{')
	var all []member
	if s.take('}') {
		return nil, nil
	}
	for {
		if s.peek() != '"' {
			return all, errCutShort
		}
		key, err := s.value()
		name, _ := unquote(key)
		if err != nil || !s.take(':') {
			return all, errCutShort
		}
		open := s.peek() == '['
		from := s.at
		raw, err := s.value()
		switch {
		case err != nil && open:
			return append(all, member{name: name, raw: s.text[from:]}), err
		case err != nil:
			return all, err
		}
		all = append(all, member{name: name, raw: raw})
		switch {
		case s.take('}'):
			return all, nil
		case !s.take(','):
			return all, errCutShort
		}
	}
}
