package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Where Caterpillar's services are, below their hosts (R3, R15).
const (
	farToken  = "/as/token.oauth2"
	farLeads  = "/marketing/ecrm/leadManagement/v2/leads"
	farBefore = farLeads + "/historic"
	farCodes  = "/catDigital/qrCodeAssociations/external/v1/qrCodeAssociations/"
)

// The operations of the far side.
const (
	askToken    = "token"
	askLeads    = "leads"
	askHistoric = "historic"
	askUpdates  = "updates"
	askCode     = "code"
)

// far is Caterpillar's side, written from the rule book (openapi/RULES.md, R1 to
// R104) for these tests alone: it shares no code with the gateway or the
// sandbox, so a mistake there is none here. It hands out each lead once,
// answers as scripted where something is scripted, and keeps every call.
type far struct {
	*httptest.Server
	t       testing.TB
	mu      sync.Mutex
	calls   []farCall
	script  map[string][]farAnswer
	changed chan struct{}
	issued  map[string]bool // tokens that are good
	tokens  int
	life    int // seconds a token is said to live
	waiting []record
	handed  []record // leads handed out, in the order of their first time
	codes   map[string]string
	now     func() time.Time
}

// farCall is one call as it arrived.
type farCall struct {
	op, method, host, path, query string
	header                        http.Header
	body                          string
	from                          string // the caller's address: another for each connection
	closes                        bool   // the connection ends with the call
	at                            time.Time
}

// farAnswer is what is answered instead of the usual.
type farAnswer struct {
	status int // 0: the connection ends without an answer
	body   string
	header map[string]string
	acts   bool   // the call is acted on all the same
	then   func() // what happens before the answer
}

// fars says something with a status.
func fars(status int, body string) farAnswer { return farAnswer{status: status, body: body} }

func newFar(t testing.TB) *far {
	f := &far{t: t, script: map[string][]farAnswer{}, changed: make(chan struct{}), issued: map[string]bool{}, life: 3599, codes: map[string]string{}, now: time.Now}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// says scripts the answers to the next calls of an operation.
func (f *far) says(op string, answers ...farAnswer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script[op] = append(f.script[op], answers...)
}

// unsaid is how many scripted answers were not asked for.
func (f *far) unsaid(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.script[op])
}

// expire ends all tokens.
func (f *far) expire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.issued)
}

// add has leads wait, each a JSON object. A lead that is known already waits as a
// changed one.
func (f *far) add(leads ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range leads {
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			f.t.Errorf("%v: %s", err, text)
			return
		}
		lead := record{}
		for name, value := range o {
			lead[name] = string(value)
		}
		f.waiting = append(f.waiting, lead)
	}
}

// called are the calls of an operation so far.
func (f *far) called(op string) []farCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.calls), func(c farCall) bool { return c.op != op })
}

// everyCall are all calls so far, in their order.
func (f *far) everyCall() []farCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// forget drops the calls so far.
func (f *far) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

// updates are the bodies that were posted, parsed: a list of updates for each call.
func (f *far) updates() [][]object {
	f.t.Helper()
	var all [][]object
	for _, c := range f.called(askUpdates) {
		d := json.NewDecoder(strings.NewReader(c.body))
		d.UseNumber()
		var one []object
		if err := d.Decode(&one); err != nil {
			f.t.Errorf("an update is no JSON array: %v: %s", err, c.body)
		}
		all = append(all, one)
	}
	return all
}

// reported are the updates of one lead.
func (f *far) reported(lead string) []object {
	f.t.Helper()
	var all []object
	for _, posted := range f.updates() {
		for _, u := range posted {
			if u["leadId"] == lead {
				all = append(all, u)
			}
		}
	}
	return all
}

// ServeHTTP answers a call.
func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c := farCall{
		method: r.Method, host: r.Host, path: r.URL.EscapedPath(), query: r.URL.RawQuery, header: r.Header, body: string(body), from: r.RemoteAddr, closes: r.Close, at: f.now(),
	}
	switch path := r.URL.Path; {
	case path == farToken && r.Method == http.MethodPost:
		c.op = askToken
	case path == farLeads && r.Method == http.MethodGet:
		c.op = askLeads
	case path == farLeads && r.Method == http.MethodPost:
		c.op = askUpdates
	case path == farBefore && r.Method == http.MethodGet:
		c.op = askHistoric
	case strings.HasPrefix(path, farCodes) && r.Method == http.MethodGet:
		c.op = askCode
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c)
	close(f.changed)
	f.changed = make(chan struct{})
	if planned := f.script[c.op]; len(planned) > 0 {
		f.script[c.op] = planned[1:]
		if planned[0].acts {
			f.usual(httptest.NewRecorder(), r, c)
		}
		if planned[0].then != nil {
			planned[0].then()
		}
		if planned[0].status == 0 {
			panic(http.ErrAbortHandler)
		}
		for name, value := range planned[0].header {
			w.Header().Set(name, value)
		}
		farWrite(w, planned[0].status, planned[0].body)
		return
	}
	f.usual(w, r, c)
}

func farWrite(w http.ResponseWriter, status int, body string) {
	if w.Header().Get("Content-Type") == "" && body != "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	if body != "" {
		if _, err := io.WriteString(w, body); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// usual is how each operation is answered by the rule book. The lock is held.
func (f *far) usual(w http.ResponseWriter, r *http.Request, c farCall) {
	if c.op == askToken {
		f.tokens++
		token := "made-up-" + strconv.Itoa(f.tokens)
		f.issued[token] = true
		farWrite(w, 200, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, token, f.life)) // R18
		return
	}
	switch bearer, is := strings.CutPrefix(c.header.Get("Authorization"), "Bearer "); {
	case c.op == "":
		farWrite(w, 404, `{"message":"Endpoint Not Found"}`)
		return
	case !is || !f.issued[bearer]:
		farWrite(w, 401, `{"message":"Invalid access token."}`) // R98
		return
	}
	q := r.URL.Query()
	switch c.op {
	case askLeads:
		f.handOut(w, q.Get("limit"))
	case askHistoric:
		f.before(w, q.Get("startdate"), q.Get("enddate"), q.Get("offset"), q.Get("limit"))
	case askUpdates:
		farWrite(w, 200, "")
	case askCode:
		if found, ok := f.codes[strings.TrimPrefix(r.URL.Path, farCodes)]; ok {
			farWrite(w, 200, found)
			return
		}
		farWrite(w, 404, "")
	}
}

// handOut answers a call for leads: each comes once (R29), at most so many (R34).
func (f *far) handOut(w http.ResponseWriter, limit string) {
	n, err := strconv.Atoi(limit)
	if err != nil || n < 1 || n > 100 {
		farWrite(w, 400, `{"message":"Invalid request header."}`)
		return
	}
	n = min(n, len(f.waiting))
	out := make([]record, n)
	for i, lead := range f.waiting[:n] {
		state := "NEW"
		at := slices.IndexFunc(f.handed, func(r record) bool { return r["leadId"] == lead["leadId"] })
		if at >= 0 {
			state, f.handed[at] = "UPDATED", lead // R30
		} else {
			f.handed = append(f.handed, lead)
		}
		out[i] = stated(lead, state)
	}
	f.waiting = f.waiting[n:]
	farWrite(w, 200, farList(out))
}

// before answers a historic call (R51 to R57).
func (f *far) before(w http.ResponseWriter, start, end, offset, limit string) {
	first, err := time.Parse(time.DateOnly, start)
	last, err2 := time.Parse(time.DateOnly, end)
	if err != nil || err2 != nil {
		farWrite(w, 400, `{"message":"Invalid request header."}`) // R54
		return
	}
	skip, most := 0, 100
	if offset != "" {
		skip, err = strconv.Atoi(offset)
	}
	if limit != "" {
		most, err2 = strconv.Atoi(limit)
	}
	if err != nil || err2 != nil || most > 100 {
		farWrite(w, 400, `{"message":"Invalid request header."}`)
		return
	}
	var found []record
	for _, lead := range f.handed {
		var made string
		if err := json.Unmarshal([]byte(lead["dateCreated"]), &made); err != nil {
			continue
		}
		at, err := time.Parse(time.RFC3339, made)
		if err == nil && !at.Before(first) && at.Before(last.AddDate(0, 0, 1)) {
			found = append(found, stated(lead, "SENT"))
		}
	}
	found = found[min(skip, len(found)):]
	farWrite(w, 200, farList(found[:min(most, len(found))]))
}

func stated(lead record, state string) record {
	out := record{}
	for name, value := range lead {
		out[name] = value
	}
	if _, own := out["leadState"]; !own {
		out["leadState"] = strconv.Quote(state)
	}
	return out
}

// farList writes leads as a JSON array.
func farList(leads []record) string {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, lead := range leads {
		if i > 0 {
			b.WriteByte(',')
		}
		sep := byte('{')
		for name, value := range lead {
			b.WriteByte(sep)
			b.WriteString(strconv.Quote(name) + ":" + value)
			sep = ','
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return b.String()
}

// until waits until something holds of the far side, which is looked at with
// every call.
func (f *far) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		f.mu.Lock()
		changed := f.changed
		f.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			t.Fatalf("%s: it never came to that; calls: %v", what, f.everyCall())
		}
	}
}
