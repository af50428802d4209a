package request

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Move is one thing the dealer's side wants to do with a request.
type Move struct {
	ID          string // of the move; a repeat of it is no second move
	To          Status
	User        string // dealer user name, sent as local:<name> (R226)
	CWSUser     string // Cat CWS user name, sent as it stands; wins over User
	UserName    string // full name, for display (R228)
	Title       string
	Text        string
	Date        *time.Time // updateDate (R248, R250, R255, R259)
	Disposition string     // of a quote or lead (R265, R276)
	Attachments []File     // the quote (R264)
	// Stored: what stands in Attachments as contents only says where they are;
	// they were a file when the move was made without it.
	Stored bool
}

// File is a file inside a message (R239). Contents is base64.
type File struct {
	Filename string `json:"filename"`
	Mimetype string `json:"mimetype"`
	Contents string `json:"contents"`
}

// Moved is what a move led to.
type Moved struct {
	Record *Record
	// Message is what the partner is to be sent; nil where the move was made
	// before or has no effect.
	Message  *Outgoing
	Warnings []string // what the partner expects and was not given
}

// Refusal is a move that is not allowed. It matches ErrRefused.
type Refusal struct {
	What    string   // what is wrong, without personal data
	Allowed []Option // what the dealer may do now
	// Harmless: what was wanted is so already; nobody need do anything.
	Harmless bool
}

// Error says what is wrong and what is allowed now.
func (r *Refusal) Error() string {
	if len(r.Allowed) == 0 {
		return fmt.Sprintf("%s: %s; nothing can be done with the request now", ErrRefused, r.What)
	}
	options := make([]string, len(r.Allowed))
	for i, o := range r.Allowed {
		options[i] = o.String()
	}
	return fmt.Sprintf("%s: %s; allowed now: %s", ErrRefused, r.What, strings.Join(options, ", "))
}

// Unwrap gives the kind of error.
func (r *Refusal) Unwrap() error { return ErrRefused }

// Option is one move the dealer may make now.
type Option struct {
	To     Status `json:"to"`
	Need   Need   `json:"need,omitempty"`   // what it must carry
	Advice Advice `json:"advice,omitempty"` // what it should carry
	What   string `json:"what"`
}

// String gives the state and the condition.
func (o Option) String() string {
	if o.Need != "" {
		return fmt.Sprintf("%s (%s)", o.To, o.Need)
	}
	return string(o.To)
}

// Allowed lists what the dealer may do now.
func (r *Record) Allowed() []Option {
	var out []Option
	for _, s := range r.dealerSteps() {
		if s.Need == QuoteNotRequired && r.QuoteRequired() {
			continue
		}
		out = append(out, Option{To: s.To, Need: s.Need, Advice: s.Advice, What: s.What})
	}
	return out
}

func (r *Record) dealerSteps() []Step {
	if r.Ended != "" {
		return nil
	}
	return slices.DeleteFunc(Steps(), func(s Step) bool { return !s.allows(r.Type, r.Status, Dealer) })
}

func (r *Record) refuse(harmless bool, format string, args ...any) error {
	return &Refusal{What: fmt.Sprintf(format, args...), Allowed: r.Allowed(), Harmless: harmless}
}

// Move makes a step of the dealer's. The error is a *Refusal. The record it is
// called on is not changed.
func (r *Record) Move(m Move, env Env) (Moved, error) {
	if r.made(m) {
		return Moved{Record: r}, nil
	}
	step, err := r.step(m)
	if err != nil {
		return Moved{}, err
	}
	if m, err = r.spelled(step, m); err != nil {
		return Moved{}, err
	}
	after := r.copied()
	id := "m-" + env.NewID()
	body := m.update(env)
	after.Updates = append(after.Updates, Update{
		Side: Own, Status: m.To, Keeps: step.Ends != "", Source: m.ID, MessageID: id, At: env.Now, Body: body,
	})
	after.Status, after.Changed = m.To, env.Now
	if step.Ends != "" {
		after.Ended = step.Ends
	}
	payload := map[string]json.RawMessage{"request": after.short(), "requestUpdate": body}
	return Moved{Record: after, Message: after.message(id, payload, env), Warnings: r.missing(step, m)}, nil
}

// Passed is the step that a move passed over, in a system that keeps only the
// state of now: what is planned or done there was received before, and the
// partner is told that first (R220). false where nothing is missing, and where
// the move would not be allowed then either.
func (r *Record) Passed(m Move) (Move, bool) {
	if _, err := r.step(m); err == nil || r.made(m) {
		return Move{}, false
	}
	before := Move{To: Received, User: m.User, UserName: m.UserName}
	if _, err := r.step(before); err != nil {
		return Move{}, false
	}
	then := r.copied()
	then.Status = Received
	_, err := then.step(m)
	return before, err == nil
}

// made says whether a move was made before.
func (r *Record) made(m Move) bool {
	return m.ID != "" && slices.ContainsFunc(r.Updates, func(u Update) bool { return u.Side == Own && u.Source == m.ID })
}

// step finds the row that allows a move, or says why there is none.
func (r *Record) step(m Move) (Step, error) {
	if r.Ended != "" {
		return Step{}, r.refuse(false, "the request is over (%s)", r.Ended)
	}
	if !slices.Contains(Statuses(r.Type), m.To) {
		return Step{}, r.refuse(false, "%s has no state %q", r.Type.named(), shown(m.To))
	}
	why := ""
	for _, s := range r.dealerSteps() {
		if s.To != m.To {
			continue
		}
		missing, ok := s.Need.met(r, m)
		if ok {
			return s, nil
		}
		why = missing
	}
	switch {
	case r.Status == Closed && m.To == Closed && r.Type == Lead:
		return Step{}, r.refuse(sameWords(m.Disposition, r.Disposition()), "%s", why)
	case r.Status == m.To:
		// R256: CRS closes call-offs by itself; doing it once more is no mistake.
		return Step{}, r.refuse(true, "the request is %s already", r.Status)
	case why != "":
		return Step{}, r.refuse(false, "%s", why)
	}
	return Step{}, r.refuse(false, "%s that is %s cannot become %s", r.Type.named(), r.Status, m.To)
}

// shown is a word from outside as it may stand in an error.
func shown(s Status) string {
	if len(s) > 30 {
		s = s[:30]
	}
	return strings.ToValidUTF8(string(s), "_")
}

// spelled checks a move's members and spells them as the partner does.
func (r *Record) spelled(step Step, m Move) (Move, error) {
	list := Dispositions(r.Type)
	if step.Need == TerritoryWrong {
		list = []string{WrongTerritory}
	}
	switch said := m.Disposition; {
	case strings.TrimSpace(said) == "":
		m.Disposition = ""
	case len(list) == 0 || m.To != Closed && step.Need != TerritoryWrong:
		return m, r.refuse(false, "%s that becomes %s has no disposition", r.Type.named(), m.To)
	default:
		known, ok := outcome(list, said)
		if !ok {
			return m, r.refuse(false, "the disposition is none of %s", strings.Join(list, ", "))
		}
		m.Disposition = known
	}
	if len(m.Attachments) > 0 && r.Type != Quote {
		return m, r.refuse(false, "only quotes have attachments")
	}
	m.Attachments = slices.Clone(m.Attachments)
	for i, f := range m.Attachments {
		if data, err := f.Decode(); !m.Stored && (err != nil || len(data) == 0) {
			return m, r.refuse(false, "attachment %d is empty or no base64", i+1)
		}
		if strings.TrimSpace(f.Filename) == "" {
			return m, r.refuse(false, "attachment %d has no name", i+1)
		}
		m.Attachments[i].Filename = f.SafeName()
	}
	if r.Status == Canceled && m.To == Closed {
		m.Title = titleCanceled // R224: it is what makes it a confirmation
	}
	return m, nil
}

// missing says what the partner expects beside what was given; never enforced.
func (r *Record) missing(step Step, m Move) []string {
	switch step.Advice {
	case TransportDate:
		if needed, _ := read(r.Request).get("properties", "transportationNeeded").flag(); needed && m.Date == nil {
			return []string{"transport is needed, so updateDate should say when it takes place"}
		}
	case ServiceDate:
		if m.Date == nil {
			return []string{"updateDate should say when the service takes place"}
		}
	case ContractEnd:
		if m.Date == nil {
			return []string{"updateDate should say when the contract ends"}
		}
	case OutcomeAdvised:
		if m.Disposition == "" {
			return []string{"a disposition should say what became of it"}
		}
	case NoAdvice:
	}
	return nil
}

// createdBy is the dealer's user as the partner wants it (R226).
func (m Move) createdBy() string {
	switch user := strings.TrimSpace(m.User); {
	case strings.TrimSpace(m.CWSUser) != "":
		return strings.TrimSpace(m.CWSUser)
	case strings.HasPrefix(user, "local:"):
		return user
	case user != "":
		return "local:" + user
	}
	return automatic
}

// update is the requestUpdate of a move; order and members as in the layout.
func (m Move) update(env Env) json.RawMessage {
	type properties struct {
		UserName    string `json:"userName"`
		Disposition string `json:"disposition,omitempty"`
		Attachments []File `json:"attachments,omitempty"`
	}
	return plain(struct {
		Status      Status     `json:"status"`
		CreatedDate string     `json:"createdDate"`
		CreatedBy   string     `json:"createdBy"`
		Title       *string    `json:"title"`
		Text        *string    `json:"text"`
		UpdateDate  *string    `json:"updateDate,omitempty"`
		Properties  properties `json:"properties"`
	}{
		m.To, stamp(env.Now), m.createdBy(), some(m.Title), some(m.Text), stampOf(m.Date),
		properties{m.UserName, m.Disposition, m.Attachments},
	})
}

func some(s string) *string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return &s
}

// stamp is a moment as we write it: UTC, whole seconds.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func stampOf(at *time.Time) *string {
	if at == nil {
		return nil
	}
	s := stamp(*at)
	return &s
}
