package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Received is one update that was taken.
type Received struct {
	Number   int             `json:"number"` // from 1, in the order of arrival
	At       time.Time       `json:"at"`
	LeadID   string          `json:"leadId"`
	Repeat   bool            `json:"repeat"` // equal to the one before of the same lead
	Update   json.RawMessage `json:"update"` // as the specification writes it
	Warnings []Finding       `json:"warnings,omitempty"`
}

// Refusal is one call whose updates were refused, all of them (R97).
type Refusal struct {
	At       time.Time `json:"at"`
	Findings []Finding `json:"findings"`
}

// judged is a list of updates that may be taken.
type judged struct {
	updates  []update
	warnings []Finding
}

// body writes the list as the generated server reads it.
func (j judged) body() []byte {
	parts := make([][]byte, 0, len(j.updates))
	for _, u := range j.updates {
		parts = append(parts, u.tidy())
	}
	return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]"))
}

// judgeBody holds what was posted against the rules and records a refusal. It is
// refused whole, or a sender could not tell which of its updates were taken.
func (s *Sandbox) judgeBody(dealer string, body []byte) (judged, []Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out judged
	var refused []Finding
	sort := func(found []Finding, element int) {
		for _, f := range found {
			f.Element = element
			if f.Sample && s.settings.Lenient {
				out.warnings = append(out.warnings, f)
				continue
			}
			refused = append(refused, f)
		}
	}
	var list []json.RawMessage
	switch err := json.Unmarshal(body, &list); {
	case !utf8.Valid(body):
		sort(wrong("R24", "the body is not UTF-8"), 0)
	case err != nil || len(list) == 0:
		sort(wrong("R59", "the body is no JSON array of updates"), 0)
	case s.settings.MostUpdates > 0 && len(list) > s.settings.MostUpdates:
		sort(wrong("R60", "the list holds more than %d updates", s.settings.MostUpdates), 0)
	default:
		for i, raw := range list {
			u, unread, found := readUpdate(raw)
			if u != nil {
				found = append(found, judge(u, unread)...)
				found = append(found, s.judgeLead(dealer, u["leadId"])...)
			}
			sort(found, i)
			out.updates = append(out.updates, u)
		}
	}
	if len(refused) > 0 {
		s.refused = append(s.refused, Refusal{At: s.options.Now().UTC(), Findings: refused})
	}
	return out, refused
}

// judgeLead: only a lead that was handed out to this dealer can be reported on
// (R63). The lock is held.
func (s *Sandbox) judgeLead(dealer, id string) []Finding {
	if id == "" {
		return nil // found missing before
	}
	if l := s.leads[id]; l == nil || l.dealer != dealer || l.handed == 0 {
		return []Finding{{Member: "leadId", Rule: "R63", Text: "is none of a lead that was handed out"}}
	}
	return nil
}

// receive records updates, and with twice as if the call had come two times.
func (s *Sandbox) receive(j judged, twice bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 1 + truth(twice) {
		for i, u := range j.updates {
			text := u.tidy()
			r := Received{
				Number: len(s.received) + 1, At: s.options.Now().UTC(), LeadID: u["leadId"],
				Repeat: bytes.Equal(s.latest[u["leadId"]], text), Update: text,
			}
			for _, w := range j.warnings {
				if w.Element == i {
					r.Warnings = append(r.Warnings, w)
				}
			}
			s.latest[r.LeadID] = text
			s.received = append(s.received, r)
		}
	}
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// Updates gives what was received after the first so many, in the order of
// arrival.
func (s *Sandbox) Updates(after int) []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received[min(max(after, 0), len(s.received)):])
}

// WaitForUpdates gives what was received after the first so many, as soon as
// there is any, or nothing when ctx ends before.
func (s *Sandbox) WaitForUpdates(ctx context.Context, after int) []Received {
	for {
		s.mu.Lock()
		arrived := s.arrived
		s.mu.Unlock()
		if got := s.Updates(after); len(got) > 0 {
			return got
		}
		select {
		case <-ctx.Done():
			return nil
		case <-arrived:
		}
	}
}

// Refusals gives the calls whose updates were refused, in the order of arrival.
func (s *Sandbox) Refusals() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Refusal{}, s.refused...)
}

// inWords lists findings in one text, as the answer of a refused call carries it.
func inWords(found []Finding) string {
	lines := make([]string, 0, len(found))
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return fmt.Sprintf("Invalid parameters: %s", strings.Join(lines, "; "))
}
