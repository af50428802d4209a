package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Operation is one call of Caterpillar's services.
type Operation string

// The operations; Any stands for all of them where faults are scripted.
const (
	Token    Operation = "token"
	Leads    Operation = "leads"
	Historic Operation = "historic"
	Updates  Operation = "updates"
	QR       Operation = "qr"
	Messages Operation = "messages" // that dealers post
	Delivery Operation = "delivery" // of a message to a dealer: a call the sandbox makes
	Any      Operation = "any"
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	Delay     Kind = "delay"     // nothing but the delay, which every other kind may have as well
	Status    Kind = "status"    // answered with status, body and headers as given; nothing is done
	HTML      Kind = "html"      // a page instead of JSON, status 200 unless given; nothing is done
	Drop      Kind = "drop"      // the connection ends without an answer; nothing is done
	Lost      Kind = "lost"      // the call is done, then the connection ends without an answer
	Cut       Kind = "cut"       // the call is done, and half of the answer arrives
	Drip      Kind = "drip"      // the call is done, and the answer arrives in pieces, the delay between them
	Expire    Kind = "expire"    // the token ends before its time
	Duplicate Kind = "duplicate" // every lead stands twice in the answer; updates and messages are taken twice, or sent twice
	Again     Kind = "again"     // the leads of the answer will be handed out once more
)

// Wait is a time span, in JSON a text such as "250ms".
type Wait time.Duration

// MarshalText writes the span.
func (w Wait) MarshalText() ([]byte, error) { return []byte(time.Duration(w).String()), nil }

// UnmarshalText reads a span that is not below 0 and at most an hour.
func (w *Wait) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 || d > time.Hour {
		return fmt.Errorf("%w: a delay is a span such as 250ms, at most an hour", ErrInvalid)
	}
	*w = Wait(d)
	return nil
}

// Fault is something that goes wrong with calls to come. Of several that fit a
// call the first one that is due happens.
type Fault struct {
	On    Operation `json:"on"`
	Kind  Kind      `json:"kind"`
	After int       `json:"after,omitempty"` // how many calls it fits pass before it is due
	Times int       `json:"times,omitempty"` // how often it happens; 0: once, -1: always
	Delay Wait      `json:"delay,omitempty"`

	Status      int    `json:"status,omitempty"` // kinds status (500 when missing) and html
	Body        string `json:"body,omitempty"`
	ContentType string `json:"contentType,omitempty"` // application/json when missing
	RetryAfter  string `json:"retryAfter,omitempty"`  // seconds or a date
	Location    string `json:"location,omitempty"`    // where a redirection leads
}

func (f Fault) check() error {
	kinds := []Kind{Delay, Status, HTML, Drop, Lost, Cut, Drip, Expire, Duplicate, Again}
	leads := f.On == Leads || f.On == Historic
	switch {
	case !slices.Contains([]Operation{Token, Leads, Historic, Updates, QR, Messages, Delivery, Any}, f.On):
		return fmt.Errorf("%w: on is token, leads, historic, updates, qr, messages, delivery or any", ErrInvalid)
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("%w: kind is one of %v", ErrInvalid, kinds)
	case f.After < 0 || f.Times < -1:
		return fmt.Errorf("%w: after is not below 0, times not below -1", ErrInvalid)
	case f.On == Delivery && f.Kind != Delay && f.Kind != Duplicate && f.Kind != Lost,
		f.Kind == Duplicate && !leads && f.On != Updates && f.On != Messages && f.On != Delivery, f.Kind == Again && f.On != Leads:
		return fmt.Errorf("%w: this kind does not happen on %s", ErrInvalid, f.On)
	case f.Kind == Expire && (f.On == Token || f.On == Any):
		return fmt.Errorf("%w: a token ends on a call it is used for", ErrInvalid)
	case (f.Kind == Delay || f.Kind == Drip) && f.Delay == 0:
		return fmt.Errorf("%w: the delay is missing", ErrInvalid)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599 || f.Kind != Status && f.Kind != HTML):
		return fmt.Errorf("%w: status is 200 to 599, for the kinds status and html", ErrInvalid)
	}
	return nil
}

// AddFaults scripts faults behind those that are there. An error wraps
// ErrInvalid, and none was added then.
func (s *Sandbox) AddFaults(faults ...Fault) error {
	added := make([]*Fault, 0, len(faults))
	for i, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
		if f.Times == 0 {
			f.Times = 1
		}
		added = append(added, &f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, added...)
	return nil
}

// Faults gives what is scripted and has not happened yet.
func (s *Sandbox) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		out = append(out, *f)
	}
	return out
}

// ClearFaults forgets what is scripted.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// next counts a call and gives the fault that happens to it, if any.
func (s *Sandbox) next(op Operation) (due Fault, happens bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	left := s.faults[:0]
	for _, f := range s.faults {
		switch {
		case f.On != op && (f.On != Any || op == Delivery): // Any are the calls that are made to the sandbox
		case f.After > 0:
			f.After--
		case !happens:
			due, happens = *f, true
			s.fired++
			if f.Times > 0 {
				f.Times--
			}
		}
		if f.Times != 0 {
			left = append(left, f)
		}
	}
	clear(s.faults[len(left):])
	s.faults = left
	return due, happens
}

// operation tells which call a request is; "" for none.
func operation(r *http.Request) Operation {
	switch path := r.URL.Path; {
	case path == TokenPath && r.Method == http.MethodPost:
		return Token
	case path == LeadPath+"/leads" && r.Method == http.MethodGet:
		return Leads
	case path == LeadPath+"/leads" && r.Method == http.MethodPost:
		return Updates
	case path == LeadPath+"/leads/historic" && r.Method == http.MethodGet:
		return Historic
	case path == MessagePath && r.Method == http.MethodPost:
		return Messages
	case strings.HasPrefix(path, QRPath+"/qrCodeAssociations/") && r.Method == http.MethodGet:
		return QR
	}
	return ""
}

type contextKey int

const (
	faultKey contextKey = iota
	clientKey
	judgedKey
)

// happening tells whether a fault of this kind happens to the call.
func happening(ctx context.Context, kind Kind) bool {
	f, ok := ctx.Value(faultKey).(Fault)
	return ok && f.Kind == kind
}

// ServeHTTP serves the services and the control API. A broken connection is
// made by the panic that net/http knows for it, so it is called by a server.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	if op == "" {
		s.engine.ServeHTTP(w, r)
		return
	}
	f, happens := s.next(op)
	if !happens {
		s.engine.ServeHTTP(w, r)
		return
	}
	if f.Kind != Drip && !pause(r.Context(), time.Duration(f.Delay)) {
		panic(http.ErrAbortHandler)
	}
	switch f.Kind {
	case Status, HTML:
		f.answer(w)
		return
	case Drop:
		panic(http.ErrAbortHandler)
	case Expire:
		s.forget(bearer(r))
	}
	kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	s.engine.ServeHTTP(kept, r.WithContext(context.WithValue(r.Context(), faultKey, f)))
	switch f.Kind {
	case Lost:
		panic(http.ErrAbortHandler)
	case Cut:
		kept.sendHalf(w)
	case Drip:
		kept.drip(r.Context(), w, time.Duration(f.Delay))
	default:
		kept.send(w)
	}
}

// pause waits; false when the call ended before.
func pause(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

const page = `<!doctype html><html><head><title>Service notice</title></head><body><h1>We will be back shortly</h1></body></html>`

// answer writes what the fault says instead of an answer.
func (f Fault) answer(w http.ResponseWriter) {
	status, kind, body := f.Status, f.ContentType, f.Body
	if f.Kind == HTML {
		status, kind, body = orElse(status, http.StatusOK), orElse(kind, "text/html; charset=utf-8"), orElse(body, page)
	}
	status = orElse(status, http.StatusInternalServerError)
	if status >= http.StatusBadRequest {
		body = orElse(body, `{"message":`+quoted(http.StatusText(status))+`}`)
	}
	for name, value := range map[string]string{
		"Content-Type": orElse(kind, "application/json"), "Retry-After": f.RetryAfter, "Location": f.Location,
	} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	(&keptAnswer{header: w.Header(), status: status, body: *bytes.NewBufferString(body)}).send(w)
}

func orElse[T comparable](value, otherwise T) T {
	var none T
	if value == none {
		return otherwise
	}
	return value
}

// keptAnswer holds an answer back, so that it can be sent otherwise.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is part of http.ResponseWriter.
func (k *keptAnswer) Header() http.Header { return k.header }

// WriteHeader is part of http.ResponseWriter.
func (k *keptAnswer) WriteHeader(status int) { k.status = status }

// Write is part of http.ResponseWriter.
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }

func (k *keptAnswer) head(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	if k.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(k.body.Len()))
	}
	w.WriteHeader(k.status)
}

func (k *keptAnswer) send(w http.ResponseWriter) {
	k.head(w)
	if k.body.Len() > 0 {
		must(w.Write(k.body.Bytes()))
	}
}

// must ends the connection when the caller is gone.
func must(_ int, err error) {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// sendHalf sends the head and half of the body, then ends the connection. Of an
// answer without a body nothing is sent.
func (k *keptAnswer) sendHalf(w http.ResponseWriter) {
	if k.body.Len() > 0 {
		k.head(w)
		must(w.Write(k.body.Bytes()[:k.body.Len()/2]))
		must(0, http.NewResponseController(w).Flush())
	}
	panic(http.ErrAbortHandler)
}

// pieces is in how many pieces a dripping answer arrives at most.
const pieces = 16

func (k *keptAnswer) drip(ctx context.Context, w http.ResponseWriter, between time.Duration) {
	k.head(w)
	for piece := range slices.Chunk(k.body.Bytes(), 1+k.body.Len()/pieces) {
		if !pause(ctx, between) {
			panic(http.ErrAbortHandler)
		}
		must(w.Write(piece))
		must(0, http.NewResponseController(w).Flush())
	}
}
