package leadsync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/alert"
)

const (
	mostLeads   = 100 // of one call (R34)
	callsAtOnce = 10  // then what they brought is written before more is fetched
	longestID   = 200 // bytes; the longest id of the specification is 255 characters, 80 in updates
)

// pullMark says how far fetching is.
type pullMark struct {
	Began time.Time `json:"began"` // the last round that is complete, its beginning
	Ended time.Time `json:"ended"`
	Open  time.Time `json:"open"`  // the round under way; zero: none is
	Limit int       `json:"limit"` // leads of one call, fewer where answers are too large
}

// pullIfDue fetches when it is time, or when the round before is not at its end.
func (s *session) pullIfDue(ctx context.Context) (more bool, err error) {
	var m pullMark
	if err := s.load(ctx, markPull, &m); err != nil {
		return false, err
	}
	if m.Open.IsZero() && until(s.o.Now(), m.Began, s.o.PullEvery) > 0 {
		return false, nil
	}
	return s.pull(ctx, m)
}

// pull makes calls until one brings no lead (R35), but not too many in one step.
func (s *session) pull(ctx context.Context, m pullMark) (more bool, err error) {
	if s.o.Source == nil {
		return false, nil
	}
	now := s.o.Now()
	if !m.Ended.IsZero() && m.Open.IsZero() && now.Sub(m.Ended) > s.o.Gap {
		if err := s.together(ctx, func(ctx context.Context) error { return s.wantReconcile(ctx, "no leads were fetched for long") }); err != nil {
			return false, err
		}
	}
	if m.Open.IsZero() {
		m.Open = now
	}
	if m.Limit < 1 || m.Limit > mostLeads {
		m.Limit = mostLeads
	}
	for range callsAtOnce {
		n, err := s.fetch(ctx, m.Limit)
		if err != nil {
			if errors.Is(err, adapters.ErrAnswerTooLarge) {
				m.Limit = max(m.Limit/4, 1)
			}
			kept := s.together(ctx, func(ctx context.Context) error { return s.mark(ctx, markPull, m) })
			return false, errors.Join(err, kept)
		}
		if n == 0 {
			m = pullMark{Began: m.Open, Ended: s.o.Now()}
			return false, s.together(ctx, func(ctx context.Context) error { return s.mark(ctx, markPull, m) })
		}
	}
	return true, s.together(ctx, func(ctx context.Context) error { return s.mark(ctx, markPull, m) })
}

// fetch makes one call and takes its leads in. It is noted before it is made, and
// what it brought is kept before anything else happens, also when the process is
// told to stop or the lease is gone meanwhile.
func (s *session) fetch(ctx context.Context, limit int) (leads int, err error) {
	call := Call{Dealer: s.o.Dealer, State: Begun, Begun: s.o.Now()}
	if err := s.together(ctx, func(ctx context.Context) (err error) {
		call.ID, err = s.o.Store.AddLeadCall(ctx, call)
		return err
	}); err != nil {
		return 0, fmt.Errorf("noting a call for leads: %w", err)
	}
	answer, failure := s.o.Source.Leads(ctx, limit)
	call.Answered, call.Raw, call.Lost, call.Tries, call.Leads = s.o.Now(), answer.Raw, answer.Lost, answer.Tries, len(answer.Leads)
	call.State = Answered
	if failure != nil {
		call.Fault = failure.Error()
	}
	if len(answer.Raw) == 0 && len(answer.Leads) == 0 {
		call.State = Broken
		if failure == nil {
			call.State = Taken
		}
	}
	err = s.durably(ctx, func(ctx context.Context) error {
		return s.o.Store.Together(ctx, func(ctx context.Context) error {
			if call.Lost > 0 {
				if err := s.wantReconcile(ctx, "an answer with leads was lost"); err != nil {
					return err
				}
			}
			return s.o.Store.SaveLeadCall(ctx, call)
		})
	})
	if err != nil {
		// The call stays begun, and is reconciled as after a crash.
		return 0, errors.Join(fmt.Errorf("keeping an answer with leads: %w", err), failure)
	}
	s.count(AnswersLost, call.Lost)
	if call.State == Answered {
		if err := s.takeCall(ctx, call, answer.Leads); err != nil {
			return 0, errors.Join(err, failure)
		}
	}
	return len(answer.Leads), failure
}

// recover ends what a process left that died, or lost its lease.
func (s *session) recover(ctx context.Context) error {
	calls, err := s.o.Store.LeadCalls(ctx, s.o.Dealer, Begun, Answered)
	if err != nil {
		return fmt.Errorf("looking for calls that were interrupted: %w", err)
	}
	for _, call := range calls {
		if call.State == Begun {
			call.State, call.Lost, call.Fault = Broken, 1, "the gateway ended during the call"
			err := s.together(ctx, func(ctx context.Context) error {
				if err := s.wantReconcile(ctx, "the gateway ended during a call for leads"); err != nil {
					return err
				}
				return s.o.Store.SaveLeadCall(ctx, call)
			})
			if err != nil {
				return fmt.Errorf("ending an interrupted call: %w", err)
			}
			s.count(AnswersLost, 1)
			continue
		}
		var leads []adapters.ReceivedLead
		if s.o.Source == nil {
			continue
		}
		// What cannot be read of it was found when it came.
		leads, err := s.o.Source.Reread(call.Raw)
		if err != nil && !errors.Is(err, adapters.ErrAnswer) {
			return fmt.Errorf("reading a kept answer: %w", err)
		}
		if err := s.takeCall(ctx, call, leads); err != nil {
			return err
		}
	}
	return nil
}

// takeCall gives each lead of an answer its own row.
func (s *session) takeCall(ctx context.Context, call Call, leads []adapters.ReceivedLead) error {
	_, err := s.take(ctx, taking{leads: leads, source: FromPull, call: call.ID}, func(ctx context.Context, news int) error {
		call.State, call.Raw = Taken, nil
		if err := s.o.Store.SaveLeadCall(ctx, call); err != nil {
			return err
		}
		if news == 0 {
			return nil
		}
		return s.shiftReconciliation(ctx)
	})
	if err != nil {
		return fmt.Errorf("taking the leads of an answer apart: %w", err)
	}
	return nil
}

// taking are leads that came.
type taking struct {
	leads  []adapters.ReceivedLead
	source string
	call   int64
}

// take keeps what is new of some leads; along stands in the same transaction and
// learns how many were.
func (s *session) take(ctx context.Context, t taking, along func(ctx context.Context, news int) error) (news int, err error) {
	ids := make([]string, len(t.leads))
	for i := range t.leads {
		ids[i] = idOf(&t.leads[i])
	}
	var events map[Event]int
	err = s.together(ctx, func(ctx context.Context) error {
		events = map[Event]int{}
		news = 0
		list, err := s.o.Store.LeadsByID(ctx, s.o.Dealer, ids)
		if err != nil {
			return err
		}
		known := make(map[string]Lead, len(list))
		for _, l := range list {
			known[l.ID] = l
		}
		for i := range t.leads {
			l, what, err := s.takeOne(ctx, known[ids[i]], &t, i, ids[i])
			if err != nil {
				return err
			}
			known[ids[i]] = l
			if events[what]++; what != LeadsRepeated {
				news++
			}
		}
		return along(ctx, news)
	})
	if err != nil {
		return 0, err
	}
	for what, n := range events {
		s.count(what, n)
	}
	if t.source == FromHistoric {
		s.count(LeadsRecovered, news)
	}
	return news, nil
}

// takeOne keeps one version of a lead, unless it says nothing new.
func (s *session) takeOne(ctx context.Context, l Lead, t *taking, i int, id string) (Lead, Event, error) {
	received, now := &t.leads[i], s.o.Now()
	sum, err := digest(received.Lead)
	if err != nil {
		return l, "", err
	}
	if l.State == Erased {
		return l, LeadsRepeated, nil
	}
	if l.ID == "" {
		l = Lead{Dealer: s.o.Dealer, ID: id, First: now}
	}
	if l.First.IsZero() {
		l.First = now
	}
	l.Last = now
	if l.Digest == sum {
		l.Repeats++
		return l, LeadsRepeated, s.o.Store.SaveLead(ctx, l)
	}
	r := Receipt{
		Dealer: s.o.Dealer, Lead: id, Call: t.call, Source: t.source, At: now, State: Pending, Notes: received.Notes, Raw: received.Raw,
	}
	l.Digest, l.State, l.Due, l.Tries, l.Faults = sum, Received, now, 0, nil
	what := LeadsReceived
	if received.Lead.LeadID == "" {
		what, r.State, r.Done = LeadsUnread, Unreadable, now
		l.State, l.Due = Failed, time.Time{}
		l.Faults = []Fault{{Field: "leadId", Rule: "R33", Reason: "the element has no lead id, so that it cannot be written; look at it as it came and ask Caterpillar"}}
		if err := s.o.Alerts.Alert(ctx, alert.Alert{
			Dealer: s.o.Dealer, Cause: CauseUnreadable, Title: "A lead cannot be read", Subject: "element " + id,
			Detail: l.Faults[0].Reason, Command: "dealerbridge leads show " + quoted(id),
		}); err != nil {
			return l, "", fmt.Errorf("alerting: %w", err)
		}
	}
	if err := s.o.Store.AddLeadReceipt(ctx, r); err != nil {
		return l, "", err
	}
	return l, what, s.o.Store.SaveLead(ctx, l)
}

// quoted writes an id so that a shell takes it for one word.
func quoted(id string) string { return "'" + strings.ReplaceAll(id, "'", `'\''`) + "'" }

// idOf gives the id a lead is kept under.
func idOf(l *adapters.ReceivedLead) string {
	switch id := l.Lead.LeadID; {
	case id == "":
		return "#" + short(l.Raw)
	case len(id) > longestID || id[0] == '#':
		return "#" + short([]byte(id))
	default:
		return id
	}
}

func short(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// digest stands for all that a version of a lead says; that it is new, changed or
// read again is not part of it (R32).
func digest(l model.Lead) (string, error) {
	l.LeadState = ""
	raw, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("comparing a lead: %w", err)
	}
	return short(raw), nil
}
