package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// mostMessage is how many bytes of a message are read.
const mostMessage = 64 << 20

// envelope is a message of a dealer.
type envelope struct {
	DealerCode         word            `json:"dealerCode"`
	CustomerNumber     word            `json:"customerNumber"`
	SubmittedMessageID word            `json:"submittedMessageId"`
	SubmittedTime      word            `json:"submittedTime"`
	MessageType        word            `json:"messageType"`
	Payload            json.RawMessage `json:"payload"`
}

type payload struct {
	ErrorCode               word            `json:"errorCode"`
	ErrorSubmittedMessageID word            `json:"errorSubmittedMessageId"`
	Request                 json.RawMessage `json:"request"`
	RequestUpdate           json.RawMessage `json:"requestUpdate"`
	Message                 json.RawMessage `json:"message"`
}

// word takes a text, a number or null (R217).
type word string

// UnmarshalJSON is part of json.Unmarshaler.
func (w *word) UnmarshalJSON(b []byte) error {
	var plain string
	switch {
	case string(b) == "null":
		return nil
	case json.Unmarshal(b, &plain) == nil:
		*w = word(plain)
		return nil
	case b[0] == '{' || b[0] == '[':
		return errors.New("neither text nor number")
	}
	*w = word(b)
	return nil
}

// message is a message that was understood.
type message struct {
	envelope
	payload
	raw []byte
}

// takeMessage is POST /api/v1/message of the Cat Rental Store.
func (s *Sandbox) takeMessage(c *gin.Context) {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, mostMessage))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		c.AbortWithStatusJSON(http.StatusRequestEntityTooLarge, problem("the message is too large"))
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	client := caller(c.Request.Context())
	m, faults := readMessage(raw)
	switch {
	case m.DealerCode != "" && string(m.DealerCode) != client.Dealer: // R192
		c.AbortWithStatusJSON(http.StatusForbidden, problem("the dealer is not this client's"))
		return
	case len(faults) > 0: // R193
		c.AbortWithStatusJSON(http.StatusPaymentRequired, problem(strings.Join(faults, "; ")))
		return
	}
	c.Data(http.StatusOK, "application/json", s.take(client, m, happening(c.Request.Context(), Duplicate)))
}

// readMessage understands a body and lists what is wrong with it.
func readMessage(raw []byte) (m message, faults []string) {
	m.raw = bytes.TrimSpace(raw)
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if !json.Valid(raw) || len(m.raw) == 0 || m.raw[0] != '{' {
		return m, []string{"the body is no JSON object"}
	}
	if err := json.Unmarshal(raw, &m.envelope); err != nil {
		return m, []string{"a member of the envelope is neither text nor number"}
	}
	for name, value := range map[string]word{
		"dealerCode": m.DealerCode, "submittedMessageId": m.SubmittedMessageID, "submittedTime": m.SubmittedTime, "messageType": m.MessageType,
	} {
		if value == "" {
			fault("%s is missing", name) // R198
		}
	}
	if _, err := time.Parse(time.RFC3339, string(m.SubmittedTime)); m.SubmittedTime != "" && err != nil {
		fault("submittedTime is no moment")
	}
	none := len(m.Payload) == 0 || string(m.Payload) == "null"
	if !none && json.Unmarshal(m.Payload, &m.payload) != nil {
		fault("payload is no object of that kind")
	}
	switch m.MessageType {
	case "contract", "invoice", "catalog", "document":
		if !none {
			fault("a %s message has no payload", m.MessageType) // R203
		}
		if m.CustomerNumber == "" {
			fault("a %s message names its customer", m.MessageType) // R199
		}
	case "request", "message":
		if none {
			fault("a %s message has a payload", m.MessageType)
		}
	case "":
	default:
		fault("messageType is unknown") // R202
	}
	slices.Sort(faults)
	return m, faults
}

// take handles a message once and gives the echo, the first one for a repeat
// (R208).
func (s *Sandbox) take(client Client, m message, twice bool) []byte {
	sum := sha256.Sum256(m.raw)
	key := string(m.DealerCode) + "\x00" + client.ID + "\x00" + string(m.SubmittedMessageID) + "\x00" + hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	note := Note{MessageID: string(m.SubmittedMessageID), Dealer: string(m.DealerCode), Type: string(m.MessageType), Body: m.raw}
	defer s.wake()
	if echo, known := s.crs.seen[key]; known && !twice {
		note.Verdict = "repeat"
		s.crs.notes = append(s.crs.notes, note)
		return echo
	}
	added := jsonOf(object{"enqueuedTime": s.stamp(), "enqueuedClientId": client.ID})
	echo := append(append([]byte{}, added[:len(added)-1]...), ',')
	echo = append(echo, m.raw[1:]...)
	s.crs.seen[key] = echo
	s.handle(&m, &note)
	s.crs.notes = append(s.crs.notes, note)
	return echo
}

// handle does what a message asks for. The lock is held.
func (s *Sandbox) handle(m *message, n *Note) {
	switch {
	case m.ErrorCode != "": // never answered (R236)
		n.Verdict, n.Why, n.About = "error", string(m.ErrorCode), string(m.ErrorSubmittedMessageID)
	case m.MessageType == "request":
		s.handleRequest(m, n)
	case m.MessageType == "message":
		s.handleTalk(m, n)
	default: // R204
		n.Verdict = "refresh"
		s.refresh(string(m.DealerCode), string(m.MessageType), string(m.CustomerNumber))
	}
}

// told is what a dealer says of a request.
type told struct {
	LocalID  word `json:"localId"`
	RemoteID word `json:"remoteId"`
	Type     word `json:"requestType"`
	Status   word `json:"status"`
}

func (s *Sandbox) handleRequest(m *message, n *Note) {
	var r told
	if json.Unmarshal(m.Request, &r) != nil || r.LocalID == "" && r.RemoteID == "" {
		s.unknown(m, n, "no request in it")
		return
	}
	d := s.desk(string(m.DealerCode), r)
	update := len(m.RequestUpdate) > 0 && string(m.RequestUpdate) != "null"
	switch {
	case d == nil && update:
		s.unknown(m, n, "nothing is known by these ids")
		return
	case d == nil:
		s.fromDealer(m, n, r)
		return
	case string(r.Type) != "" && string(r.Type) != d.Type:
		s.unknown(m, n, "it is a request of another type") // R234
		return
	case !update:
		n.About, n.Status, n.Verdict, n.Why = d.ID, d.Status, "accepted", "nothing new in it"
		return
	}
	var u struct {
		Status     word `json:"status"`
		Title      word `json:"title"`
		Properties struct {
			Disposition word `json:"disposition"`
		} `json:"properties"`
	}
	wrong := json.Unmarshal(m.RequestUpdate, &u) != nil
	status := orElse(u.Status, r.Status) // R214
	what := dealerUpdate{string(status), string(u.Title), string(u.Properties.Disposition)}
	n.About, n.Status = d.ID, d.Status
	if r.LocalID != "" {
		d.DealerID = string(r.LocalID) // R215
	}
	if wrong || !mayDealer(d, what) {
		n.Verdict, n.Why = "refused", fmt.Sprintf("a %s request that is %s cannot become %s", d.Type, d.Status, what.Status)
		s.send(d.Dealer, d.Customer, "request", d.ID, object{ // R232
			"errorCode": "402 Incorrect Update Submitted", "errorSubmittedMessageId": string(m.SubmittedMessageID),
			"request": d.whole(), "requestUpdates": slices.Clone(d.Updates),
		})
		return
	}
	d.Status = what.Status
	d.Away = what.Disposition == wrongTerritory && d.Type == crsLead && what.Status == isSubmitted
	d.Disposition = orElse(what.Disposition, d.Disposition)
	d.Updates = append(d.Updates, m.RequestUpdate)
	n.Status, n.Verdict = d.Status, "accepted"
}

// desk finds a request: by the id that is the portal's, then by the dealer's
// (R215, R216).
func (s *Sandbox) desk(dealer string, r told) *Desk {
	if d := s.crs.desks[string(r.RemoteID)]; d != nil && d.Dealer == dealer {
		return d
	}
	if r.RemoteID != "" || r.LocalID == "" {
		return nil
	}
	for _, d := range s.crs.desks {
		if d.Dealer == dealer && d.DealerID == string(r.LocalID) {
			return d
		}
	}
	return nil
}

// fromDealer takes a request that the dealer started (R237). The dealer learns
// its id with the first thing that comes back.
func (s *Sandbox) fromDealer(m *message, n *Note, r told) {
	if !slices.Contains(kinds, string(r.Type)) {
		s.unknown(m, n, "a request of no known type")
		return
	}
	d := &Desk{
		ID: s.id("rq"), DealerID: string(r.LocalID), Dealer: string(m.DealerCode), Customer: string(m.CustomerNumber), Type: string(r.Type),
		Status: orElse(string(r.Status), isSubmitted), FromDealer: true, Request: m.Request,
	}
	var q struct {
		Properties struct {
			QuoteRequired word `json:"quoteRequired"`
		} `json:"properties"`
	}
	d.QuoteRequired = json.Unmarshal(m.Request, &q) == nil && strings.EqualFold(string(q.Properties.QuoteRequired), "true")
	s.crs.desks[d.ID] = d
	n.About, n.Status, n.Verdict = d.ID, d.Status, "accepted"
}

// unknown answers that there is no such request (R234).
func (s *Sandbox) unknown(m *message, n *Note, why string) {
	n.Verdict, n.Why = "unknown", why
	s.send(string(m.DealerCode), string(m.CustomerNumber), "request", "", object{
		"errorCode": "404 Request Not Found", "errorSubmittedMessageId": string(m.SubmittedMessageID),
	})
}

// handleTalk adds what is new of a conversation (R284).
func (s *Sandbox) handleTalk(m *message, n *Note) {
	var c struct {
		Chain    told `json:"messageChain"`
		Messages []struct {
			By   word `json:"createdBy"`
			Text word `json:"messageText"`
		} `json:"messages"`
		Asset struct {
			Serial word `json:"serialNumber"`
		} `json:"asset"`
		Contract struct {
			ID word `json:"contractId"`
		} `json:"contract"`
	}
	if json.Unmarshal(m.Message, &c) != nil || len(c.Messages) == 0 || len(c.Messages) > mostTold {
		n.Verdict, n.Why = "unknown", "a conversation has one to ten messages" // R282
		return
	}
	t := s.crs.talks[string(c.Chain.RemoteID)]
	if t != nil && t.Dealer != string(m.DealerCode) {
		t = nil
	}
	for _, other := range s.crs.talks {
		if t == nil && other.Dealer == string(m.DealerCode) && other.DealerID != "" && other.DealerID == string(c.Chain.LocalID) {
			t = other
		}
	}
	if t == nil { // R286
		t = &Talk{
			ID: s.id("ch"), Dealer: string(m.DealerCode), Customer: string(m.CustomerNumber), Active: true,
			Contract: string(c.Contract.ID), Serial: string(c.Asset.Serial),
		}
		s.crs.talks[t.ID] = t
	}
	t.DealerID = orElse(string(c.Chain.LocalID), t.DealerID)
	for i := len(c.Messages) - 1; i >= 0; i-- { // they come newest first
		one := c.Messages[i]
		known := slices.ContainsFunc(t.Messages, func(k TalkMessage) bool { return k.By == string(one.By) && k.Text == string(one.Text) })
		if !known {
			t.Messages = append(t.Messages, TalkMessage{s.options.Now().UTC(), string(one.By), string(one.Text)}) // R285
		}
	}
	n.About, n.Verdict = t.ID, "accepted"
}
