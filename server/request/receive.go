package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Found is what the caller's records hold for a message; nil where nothing.
// Requests of other dealers are never in it.
type Found struct {
	ByOwn     *Record // the record whose ID is Incoming.RemoteID
	ByPartner *Record // the record whose PartnerID is Incoming.LocalID
	ByMessage *Record // the record with a message of ours named Incoming.ErrorOf
}

// match pairs a message with a record (R215, R216). ok is false where the ids
// contradict what is known of them.
func (f Found) match(in Incoming) (r *Record, odd, ok bool) {
	switch {
	case f.ByOwn != nil:
		fits := f.ByOwn.PartnerID == in.LocalID || f.ByOwn.PartnerID == "" && f.ByPartner == nil
		return f.ByOwn, false, fits
	case f.ByPartner != nil:
		return f.ByPartner, in.RemoteID != "", true
	}
	return nil, false, true
}

// fits says whether what a message tells of a request beside its ids is what
// is known (R234).
func (r *Record) fits(in Incoming) bool {
	return (in.RequestType == "" || in.RequestType == r.Type) &&
		(in.Customer == "" || r.Customer == "" || in.Customer == r.Customer)
}

// Receive handles one message of the kind request. The record returned is to be
// kept in place of the one found, or as a new one; nil where nothing is to be
// kept. Handling the same message again changes nothing. The records handed in
// are not changed.
func Receive(found Found, in Incoming, env Env) (*Record, []Effect) {
	if in.ErrorCode != "" {
		return receiveError(found, in, env)
	}
	known, odd, ok := found.match(in)
	if !ok || known != nil && !known.fits(in) {
		return nil, notFound(in, env)
	}
	if known == nil {
		if !in.Begins() {
			return nil, notFound(in, env)
		}
		return begin(in, env)
	}
	r := known.copied()
	if r.StartedBy == in.Source || slices.ContainsFunc(r.Updates, func(u Update) bool { return u.Source == in.Source && u.Side == Partner }) {
		return nil, []Effect{{Kind: Note, Reason: RepeatedMessage, Why: "the message was handled before"}}
	}
	var effects []Effect
	if odd {
		effects = append(effects, Effect{Kind: Note, Reason: OddPairing, Why: "the partner names another id of ours than the one it was given"})
	}
	if in.Clash {
		effects = append(effects, Effect{Kind: Note, Reason: StatusClash, Why: "request and update name different states; the update's is taken"})
	}
	r.PartnerID = in.LocalID
	if in.update.null() {
		return r.retold(in, env, effects)
	}
	return r.updated(in, env, effects)
}

// members of a request that are kept beside it.
var frame = []string{"localId", "remoteId", "status", "requestType"}

func begin(in Incoming, env Env) (*Record, []Effect) {
	r := &Record{
		ID: env.NewID(), PartnerID: in.LocalID, Dealer: in.Dealer, Customer: in.Customer, Type: in.RequestType,
		Status: Submitted, Origin: Partner, Request: merged(nil, in.request, frame...), StartedBy: in.Source,
		CustomerUnknown: in.CustomerUnknown, Location: in.Location, Created: env.Now, Changed: env.Now,
	}
	r.hear(in, env)
	return r, r.handed(in, nil, "a new request")
}

// handed are the effects of everything that people must see (R231).
func (r *Record) handed(in Incoming, effects []Effect, what string) []Effect {
	if in.CustomerUnknown && in.Customer != "" {
		effects = append(effects, Effect{Kind: Alert, Reason: CustomerUnknown, Why: "the customer number of the request is not known here"})
	}
	return append(effects, Effect{Kind: HandOver, Why: what})
}

// hear takes a history the partner sends: entries that are not known are added
// in its order (R271, R278). It says how many.
func (r *Record) hear(in Incoming, env Env) int {
	added, used := 0, map[int]bool{}
	for _, n := range in.updates {
		if n.kind() != '{' {
			continue
		}
		if i := r.knows(n, used); i >= 0 {
			used[i] = true
			continue
		}
		used[len(r.Updates)] = true
		r.Updates = append(r.Updates, Update{
			Side: Partner, Status: status(n.get("status")), Told: true, Keeps: true,
			At: env.Now, Body: n.compact(),
		})
		added++
	}
	return added
}

// knows finds an update by its author, moment, state and text.
func (r *Record) knows(n *node, used map[int]bool) int {
	for i := range r.Updates {
		if !used[i] && sameUpdate(read(r.Updates[i].Body), n) {
			return i
		}
	}
	return -1
}

func sameUpdate(a, b *node) bool {
	at, okA := moment(a.get("createdDate").text())
	bt, okB := moment(b.get("createdDate").text())
	return okA == okB && at.Truncate(time.Second).Equal(bt.Truncate(time.Second)) &&
		status(a.get("status")) == status(b.get("status")) &&
		author(a.get("createdBy").text()) == author(b.get("createdBy").text()) &&
		a.get("text").text() == b.get("text").text() &&
		sameWords(a.get("properties", "disposition").text(), b.get("properties", "disposition").text())
}

// sameJSON compares compact JSON, whether or not letters were escaped when it
// was kept.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	json.HTMLEscape(&x, a)
	json.HTMLEscape(&y, b)
	return bytes.Equal(x.Bytes(), y.Bytes())
}

// author is a user without the prefix that says whose user it is.
func author(by string) string {
	by = strings.TrimSpace(by)
	for _, prefix := range []string{"local:", "remote:"} {
		by = strings.TrimPrefix(by, prefix)
	}
	return strings.ToLower(by)
}

// retold handles a known request that comes without an update: told again, come
// back, or moved without saying more.
func (r *Record) retold(in Incoming, env Env, effects []Effect) (*Record, []Effect) {
	if in.Status != "" && in.Status != Submitted && in.Status != r.Status {
		// It reports progress without an update: the request's own words stand in.
		in.update = read(plain(map[string]any{
			"status": in.Status, "createdDate": env.Now.UTC().Format(time.RFC3339), "createdBy": internalUser, "properties": map[string]any{},
		}))
		return r.updated(in, env, effects)
	}
	before := r.Request
	r.Request = merged(read(r.Request), in.request, frame...)
	back := r.Type == Lead && r.Over() && len(in.updates) > 0 && (in.Status == Submitted || in.Status == "")
	heard := r.hear(in, env)
	switch {
	case back && heard > 0: // with the same history it would be a late repeat
		r.Base = len(r.Updates)
		r.Ended, r.Status, r.StartedBy, r.Changed = "", Submitted, in.Source, env.Now
		r.CustomerUnknown = in.CustomerUnknown
		effects = append(effects, Effect{Kind: Note, Reason: LeadReturned, Why: "a lead came back"})
		return r, r.handed(in, effects, "a lead that came back")
	case heard == 0 && sameJSON(before, r.Request):
		return r, append(effects, Effect{Kind: Note, Reason: RepeatedMessage, Why: "nothing of it is new"})
	}
	r.Changed = env.Now
	return r, r.handed(in, effects, "the request was told again with changes")
}

// updated handles an update of a known request.
func (r *Record) updated(in Incoming, env Env, effects []Effect) (*Record, []Effect) {
	if i := r.knows(in.update, map[int]bool{}); i >= 0 && r.Updates[i].Side == Partner && sameJSON(r.Updates[i].Body, in.update.compact()) {
		return r, append(effects, Effect{Kind: Note, Reason: RepeatedMessage, Why: "the update is known already"})
	}
	step, allowed := fromPartner(r, in.Status)
	if !allowed || r.Ended != "" {
		return r, append(effects,
			Effect{Kind: Answer, Reason: UpdateIllegal, Why: r.whyNot(in.Status), Message: r.incorrect(in, env)},
			Effect{Kind: Note, Reason: UpdateIllegal, Why: r.whyNot(in.Status)})
	}
	r.Request = merged(read(r.Request), in.request, frame...)
	r.Updates = append(r.Updates, Update{
		Side: Partner, Status: in.Status, Keeps: step.To == keeps, Source: in.Source, MessageID: in.MessageID,
		At: env.Now, Body: in.update.compact(),
	})
	if in.CustomerChecked { // it may have become known meanwhile
		r.CustomerUnknown = in.CustomerUnknown
	}
	r.replay()
	r.Changed = env.Now
	return r, r.handed(in, effects, fmt.Sprintf("an update: %s", step.What))
}

func (r *Record) whyNot(to Status) string {
	switch {
	case r.Ended != "":
		return fmt.Sprintf("the %s request is over and cannot become %s", r.Type, to)
	case !slices.Contains(Statuses(r.Type), to):
		return fmt.Sprintf("%s has no state of that name", r.Type.named())
	}
	return fmt.Sprintf("%s that is %s cannot become %s by the customer's side", r.Type.named(), r.Status, to)
}
