package request

import (
	"encoding/json"
	"fmt"
	"strings"
)

// AnswerID is the id of the error message that answers an inbound message: the
// same one however often it is handled.
func AnswerID(source string) string { return "e-" + source }

// incorrect answers an update that is not allowed now: the whole request and
// every update so far, without the faulty one (R232, R233).
func (r *Record) incorrect(in Incoming, env Env) *Outgoing {
	updates := []json.RawMessage{}
	for _, u := range r.Updates {
		if u.Refused == "" {
			updates = append(updates, u.Body)
		}
	}
	return r.message(AnswerID(in.Source), map[string]json.RawMessage{
		"errorCode": plain(IncorrectUpdate), "errorSubmittedMessageId": plain(in.MessageID),
		"request": r.full(), "requestUpdates": plain(updates),
	}, env)
}

// notFound answers a message that fits no request (R234).
func notFound(in Incoming, env Env) []Effect {
	const why = "the message fits no request known here"
	message := envelope{
		DealerCode: in.Dealer, CustomerNumber: some(in.Customer), SubmittedPriority: defaultPriority, SubmittedMessageID: AnswerID(in.Source),
		SubmittedTime: stamp(env.Now), MessageType: "request",
		Payload: map[string]json.RawMessage{"errorCode": plain(NotFound), "errorSubmittedMessageId": plain(in.MessageID)},
	}.outgoing(in.Order())
	return []Effect{
		{Kind: Answer, Reason: NothingMatches, Why: why, Message: message},
		{Kind: Note, Reason: NothingMatches, Why: why},
	}
}

// receiveError handles an error message of the partner: the update it points at
// counts no more, and whoever caused it is told. It is never answered (R236).
func receiveError(found Found, in Incoming, env Env) (*Record, []Effect) {
	known := found.ByMessage
	if known == nil {
		known, _, _ = found.match(in)
	}
	if known == nil {
		return nil, []Effect{{Kind: Alert, Reason: ErrorUnexplain, Why: "the partner refused a message that is none of this gateway's"}}
	}
	r := known.copied()
	at := -1
	for i, u := range r.Updates {
		if u.Side == Own && in.ErrorOf != "" && u.MessageID == in.ErrorOf {
			at = i
		}
	}
	switch {
	case at >= 0 && in.tells(r.Updates[at]):
		// It stands in their history: a repeat was refused, the update was not.
		return nil, []Effect{{Kind: Note, Reason: RepeatedMessage, Why: "the partner has the update; it refused a repeat of it"}}
	case at >= 0 && r.Updates[at].Refused != "", at < 0 && r.Ended == NeverTaken:
		return nil, []Effect{{Kind: Note, Reason: RepeatedMessage, Why: "the error was told before"}}
	case at >= 0:
		return r.refused(at, in, env)
	case r.Origin == Own && r.StartedBy == in.ErrorOf && r.PartnerID == "":
		r.Ended, r.Changed = NeverTaken, env.Now
		by := read(r.Request).get("createdBy").text()
		return r, []Effect{
			{Kind: Alert, Reason: UpdateRefused, Why: fmt.Sprintf("the partner did not take a new %s request (%s)", r.Type, code(in)), User: by},
			{Kind: HandOver, Why: "the partner did not take the request"},
		}
	}
	return nil, []Effect{{
		Kind: Alert, Reason: ErrorUnexplain,
		Why: fmt.Sprintf("the partner refused something about %s that was not sent from here", r.Type.named()),
	}}
}

// tells says that an update stands in the history a message carries.
func (in *Incoming) tells(u Update) bool {
	body := read(u.Body)
	for _, n := range in.updates {
		if n.kind() == '{' && sameUpdate(body, n) {
			return true
		}
	}
	return false
}

// code is an error code as it may be shown: number and text come from outside.
func code(in Incoming) string {
	for _, known := range []string{IncorrectUpdate, NotFound} {
		if sameWords(known, in.ErrorCode) {
			return known
		}
	}
	return "another error"
}

// refused takes back an update of ours the partner did not take.
func (r *Record) refused(at int, in Incoming, env Env) (*Record, []Effect) {
	u := &r.Updates[at]
	u.Refused = code(in)
	r.Changed = env.Now
	there := status(in.request.get("status"))
	r.replay()
	if there == Closed && r.Status != Closed {
		// Nothing moves a request that is closed there; so it is closed here too.
		r.Updates = append(r.Updates, r.closedThere(in, env))
		r.replay()
		if r.Type == CallOff && u.Status == Closed {
			return r, []Effect{{Kind: Note, Reason: ClosedAlready, Why: "CRS had closed the call-off by itself"}}
		}
	}
	if r.Type == CallOff && u.Status == Closed && there == Closed {
		return r, []Effect{{Kind: Note, Reason: ClosedAlready, Why: "CRS had closed the call-off by itself"}}
	}
	effects := []Effect{}
	reason := UpdateRefused
	if code(in) == NotFound {
		reason = RequestUnknown
	}
	effects = append(effects, Effect{
		Kind: Alert, Reason: reason, User: u.CreatedBy(),
		Why: fmt.Sprintf("the partner refused that %s becomes %s (%s); it is %s now", r.Type.named(), u.Status, code(in), r.Status),
	})
	if there != "" && there != r.Status && !r.ownAfter(at) {
		effects = append(effects, Effect{
			Kind: Alert, Reason: StatesDiffer, User: u.CreatedBy(),
			Why: fmt.Sprintf("%s is %s here and something else at the partner", r.Type.named(), r.Status),
		})
	}
	return r, append(effects, Effect{Kind: HandOver, Why: "the partner refused an update"})
}

// ownAfter says whether something of ours is still to be judged by the partner
// after the update at an index.
func (r *Record) ownAfter(at int) bool {
	for _, u := range r.Updates[at+1:] {
		if u.Side == Own && u.Refused == "" {
			return true
		}
	}
	return false
}

// closedThere is the closing as the partner tells it, or one made from its
// state.
func (r *Record) closedThere(in Incoming, env Env) Update {
	u := Update{Side: Partner, Status: Closed, Told: true, Source: in.Source, MessageID: in.MessageID, At: env.Now}
	for _, n := range in.updates {
		if status(n.get("status")) == Closed {
			u.Body = n.compact()
		}
	}
	if u.Body == nil {
		u.Body = plain(map[string]any{
			"status": Closed, "createdDate": stamp(env.Now), "createdBy": internalUser, "title": nil, "text": nil,
			"properties": map[string]string{"userName": ""},
		})
	}
	return u
}

// Error says whether a message is an error message and which message of ours it
// is about.
func (in *Incoming) Error() (of string, is bool) {
	return in.ErrorOf, strings.TrimSpace(in.ErrorCode) != ""
}
