package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// mostLeads is the most one answer holds (R34, R55).
const mostLeads = 100

// The states a lead is handed out in (R32).
const (
	stateNew     = "NEW"
	stateUpdated = "UPDATED"
	stateSent    = "SENT"
)

// lead is one lead. Its members are kept as they were given, so that a test may
// hand out what no schema allows.
type lead struct {
	id      string
	dealer  string
	created time.Time
	members map[string]json.RawMessage
	waits   bool
	known   bool // when it is handed out next, it is as a changed one
	handed  int  // how often it was handed out as new
}

// state is what the lead is handed out as.
func (l *lead) state() string {
	if l.known {
		return stateUpdated
	}
	return stateNew
}

// write appends the lead as an object; its members are sorted, so that the same
// lead is the same bytes.
func (l *lead) write(b *bytes.Buffer, state string) {
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(l.members)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoted(name))
		b.WriteByte(':')
		if name == "leadState" {
			b.WriteString(quoted(state))
			continue
		}
		b.Write(l.members[name])
	}
	b.WriteByte('}')
}

// quoted writes text as JSON. A string cannot fail to be written.
func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// AddLeads adds leads that wait to be handed out, each a JSON object with
// members as the lead service names them. Unknown members and wrong types are
// kept as they are. What is missing of leadId, dateCreated and catDealerCode is
// filled in; dealer "" is that of the first client. An error wraps ErrInvalid,
// and nothing was added then.
func (s *Sandbox) AddLeads(dealer string, objects []json.RawMessage) ([]string, error) {
	if dealer == "" {
		dealer = s.options.Clients[0].Dealer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var added []*lead
	ids := map[string]bool{}
	for i, object := range objects {
		l := &lead{dealer: dealer, waits: true}
		if err := json.Unmarshal(object, &l.members); err != nil || l.members == nil {
			return nil, fmt.Errorf("%w: lead %d is no JSON object", ErrInvalid, i)
		}
		given, isGiven := l.members["leadId"]
		switch {
		case !isGiven:
			s.made++
			l.id = leadID(s.seed, s.made)
		case json.Unmarshal(given, &l.id) != nil || l.id == "":
			return nil, fmt.Errorf("%w: the leadId of lead %d is no text", ErrInvalid, i)
		}
		if ids[l.id] || s.leads[l.id] != nil {
			return nil, fmt.Errorf("%w: there is a lead %q already", ErrInvalid, l.id)
		}
		ids[l.id] = true
		s.complete(l)
		added = append(added, l)
	}
	return s.admit(added), nil
}

// complete fills in the members every lead has. The lock is held.
func (s *Sandbox) complete(l *lead) {
	l.members["leadId"] = json.RawMessage(quoted(l.id))
	l.members["leadState"] = json.RawMessage(quoted(stateNew))
	if _, ok := l.members["catDealerCode"]; !ok {
		l.members["catDealerCode"] = json.RawMessage(quoted(l.dealer)) // R40
	}
	if _, ok := l.members["dateCreated"]; !ok {
		l.members["dateCreated"] = json.RawMessage(quoted(moment(s.options.Now())))
	}
	l.created = s.createdOf(l.members)
}

// admit takes leads in and returns their ids. The lock is held.
func (s *Sandbox) admit(leads []*lead) []string {
	ids := make([]string, 0, len(leads))
	for _, l := range leads {
		s.leads[l.id] = l
		s.waiting = append(s.waiting, l)
		ids = append(ids, l.id)
	}
	return ids
}

// moment writes a time as the lead service does (R25).
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05-07:00") }

// createdOf reads dateCreated; a lead whose own cannot be read counts as made now.
func (s *Sandbox) createdOf(members map[string]json.RawMessage) time.Time {
	var text string
	if json.Unmarshal(members["dateCreated"], &text) == nil {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.UTC()
			}
		}
	}
	return s.options.Now().UTC()
}

// ChangeLead replaces members of a lead. It tells whether the lead waits to be
// handed out afterwards: one that was handed out does so again when its
// catPrequalificationStatus is another than before, and for nothing else (R31).
// Errors wrap ErrNoLead or ErrInvalid.
func (s *Sandbox) ChangeLead(id string, members map[string]json.RawMessage) (waits bool, err error) {
	for _, fixed := range []string{"leadId", "leadState"} {
		if _, ok := members[fixed]; ok {
			return false, fmt.Errorf("%w: %s cannot be changed", ErrInvalid, fixed)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leads[id]
	if l == nil {
		return false, ErrNoLead
	}
	before := prequalification(l.members)
	for name, value := range members {
		l.members[name] = bytes.Clone(value)
	}
	l.created = s.createdOf(l.members)
	if prequalification(l.members) != before && !l.waits {
		l.waits = true
		s.waiting = append(s.waiting, l)
	}
	return l.waits, nil
}

// prequalification gives the status; null and missing are the same (R26).
func prequalification(members map[string]json.RawMessage) string {
	if v := string(bytes.TrimSpace(members["catPrequalificationStatus"])); v != "null" {
		return v
	}
	return ""
}

// handOut gives a dealer's next leads and marks them as handed out (R29). With
// repeat each stands twice; with again the same are waiting afterwards, first in
// the order.
func (s *Sandbox) handOut(dealer string, limit int, repeat, again bool) (list []byte, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settings.Endless {
		s.fill(dealer, limit)
	}
	var b bytes.Buffer
	b.WriteByte('[')
	rest := make([]*lead, 0, len(s.waiting))
	var taken []*lead
	for _, l := range s.waiting {
		if l.dealer != dealer || len(taken) == limit {
			rest = append(rest, l)
			continue
		}
		taken = append(taken, l)
	}
	for _, l := range taken {
		state := l.state()
		for range 1 + truth(repeat) {
			if count > 0 {
				b.WriteByte(',')
			}
			l.write(&b, state)
			count++
		}
		if state == stateNew {
			l.handed++
		}
		if !again {
			l.waits, l.known = false, true
		}
	}
	b.WriteByte(']')
	s.waiting = rest
	if again {
		s.waiting = append(taken, rest...)
	}
	return b.Bytes(), count
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// historic gives the handed out leads of a dealer made on the days from first to
// last, both included (R52, R53), as they are now. Reading changes nothing (R58).
func (s *Sandbox) historic(dealer string, first, last time.Time, offset, limit int, repeat bool) (list []byte, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := last.AddDate(0, 0, 1)
	var found []*lead
	for _, l := range s.leads {
		if l.dealer == dealer && l.handed > 0 && !l.created.Before(first) && l.created.Before(end) {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b *lead) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id))
	})
	found = found[min(offset, len(found)):]
	found = found[:min(limit, len(found))]
	var b bytes.Buffer
	b.WriteByte('[')
	for _, l := range found {
		for range 1 + truth(repeat) {
			if count > 0 {
				b.WriteByte(',')
			}
			l.write(&b, stateSent)
			count++
		}
	}
	b.WriteByte(']')
	return b.Bytes(), count
}

// KnownLead is one lead of a sandbox as its control API shows it.
type KnownLead struct {
	LeadID    string          `json:"leadId"`
	Dealer    string          `json:"dealer"`
	Waiting   bool            `json:"waiting"`
	HandedOut int             `json:"handedOut"` // how often as new
	Lead      json.RawMessage `json:"lead"`
}

// Leads gives all leads, by their ids.
func (s *Sandbox) Leads() []KnownLead {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]KnownLead, 0, len(s.leads))
	for _, id := range slices.Sorted(maps.Keys(s.leads)) {
		l := s.leads[id]
		state := l.state()
		if !l.waits {
			state = stateSent
		}
		var b bytes.Buffer
		l.write(&b, state)
		out = append(out, KnownLead{LeadID: id, Dealer: l.dealer, Waiting: l.waits, HandedOut: l.handed, Lead: b.Bytes()})
	}
	return out
}
