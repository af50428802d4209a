package request

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// automatic is createdBy of what no person of the dealer's did.
const automatic = "local:dealerbridge"

// defaultPriority is that of everything people wait for (R186).
const defaultPriority = 1

// envelope is what stands around every message of ours (R198).
type envelope struct {
	DealerCode         string                     `json:"dealerCode"`
	CustomerNumber     *string                    `json:"customerNumber"`
	SubmittedPriority  int64                      `json:"submittedPriority"`
	SubmittedMessageID string                     `json:"submittedMessageId"`
	SubmittedTime      string                     `json:"submittedTime"`
	MessageType        string                     `json:"messageType"`
	Payload            map[string]json.RawMessage `json:"payload"`
}

func (e envelope) outgoing(order string) *Outgoing {
	out := &Outgoing{ID: e.SubmittedMessageID, Order: order, Type: e.MessageType, Priority: e.SubmittedPriority, Body: plain(e)}
	if e.CustomerNumber != nil {
		out.Customer = *e.CustomerNumber
	}
	return out
}

func (r *Record) message(id string, payload map[string]json.RawMessage, env Env) *Outgoing {
	return envelope{
		DealerCode: r.Dealer, CustomerNumber: some(r.Customer), SubmittedPriority: defaultPriority, SubmittedMessageID: id,
		SubmittedTime: stamp(env.Now), MessageType: "request", Payload: payload,
	}.outgoing(r.ID)
}

// short is the request reduced to its frame (R213); a purchase order repeats
// its numbers and the contract (R241).
func (r *Record) short() json.RawMessage {
	out := map[string]any{"localId": r.ID, "remoteId": some(r.PartnerID), "requestType": r.Type, "status": r.Status}
	if r.Type == PurchaseOrder {
		request := read(r.Request)
		numbers := map[string]json.RawMessage{}
		for _, name := range []string{"currentPoNumber", "poNumber"} {
			if n := request.get("properties", name); n != nil {
				numbers[name] = n.compact()
			}
		}
		out["properties"] = numbers
		if c := request.get("contract"); c != nil {
			out["contract"] = c.compact()
		}
	}
	return plain(out)
}

// full is the whole request, as the partner is told of it.
func (r *Record) full() json.RawMessage {
	out := map[string]any{}
	request := read(r.Request)
	if request != nil {
		for _, m := range request.members {
			out[m.name] = m.value.compact()
		}
	}
	out["localId"], out["remoteId"], out["requestType"], out["status"] = r.ID, some(r.PartnerID), r.Type, r.Status
	if by := request.get("createdBy").text(); by != "" {
		out["createdBy"] = r.userThere(by)
	}
	return plain(out)
}

// userThere spells the user who made the request for the partner: somebody of
// theirs is remote to us, somebody of ours is not (R227).
func (r *Record) userThere(by string) string {
	switch {
	case r.Origin == Own || strings.HasPrefix(by, "local:"):
		return by
	case strings.HasPrefix(by, "remote:"):
		return strings.TrimPrefix(by, "remote:")
	}
	return "remote:" + by
}

// New is a request the dealer makes for a customer (R237).
type New struct {
	ID            string // of the wish; Record.StartedBy is made of it, so that the caller recognises a repeat
	Dealer        string
	Customer      string
	Type          Type
	User          string // dealer user name
	CWSUser       string // Cat CWS user name; wins over User
	UserName      string
	Title         string // "" for the type's own; jobsite requests say with it what they want (R243)
	Text          string
	RequestedDate *time.Time
	Properties    json.RawMessage // an object; userName is added
	Contract      json.RawMessage // purchase orders
	Jobsite       json.RawMessage // jobsites: the present values (R244)
	Assets        json.RawMessage // a list
}

// Title is the fixed text of a type; "" for jobsite requests, whose text says
// what is wished (R243).
func Title(t Type) string {
	return map[Type]string{
		PurchaseOrder: "Purchase Order Request", Transfer: "Transfer Request", Extend: "Extend Request", CallOff: "Call-off Request",
		Service: "Service Request", Quote: "Rental Request", Lead: "Lead Request",
	}[t]
}

// StartID is the id of the message that starts the request of a wish.
func StartID(wish string) string { return "m-" + wish }

// Start makes a request of the dealer's. What is missing comes back as faults
// in a *Unfit, which matches ErrRefused.
func Start(n New, env Env) (Moved, error) {
	if n.Title == "" {
		n.Title = Title(n.Type)
	}
	m := Move{User: n.User, CWSUser: n.CWSUser}
	members := map[string]any{
		"createdDate": stamp(env.Now), "createdBy": strings.TrimPrefix(m.createdBy(), "local:"), "title": some(n.Title), "text": some(n.Text),
		"requestedDate": stampOf(n.RequestedDate),
		"properties":    merged(read(n.Properties), read(plain(map[string]string{"userName": n.UserName}))),
	}
	for name, value := range map[string]json.RawMessage{"contract": n.Contract, "jobsite": n.Jobsite, "assets": n.Assets} {
		if len(value) > 0 {
			members[name] = value
		}
	}
	id := StartID(n.ID)
	if n.ID == "" {
		id = StartID(env.NewID())
	}
	r := &Record{
		ID: env.NewID(), Dealer: n.Dealer, Customer: n.Customer, Type: n.Type, Status: Submitted, Origin: Own,
		Request: plain(members), StartedBy: id, Created: env.Now, Changed: env.Now,
	}
	message := r.message(id, map[string]json.RawMessage{"request": r.full()}, env)
	if faults := Check(message.Body); len(faults) > 0 {
		return Moved{}, &Unfit{faults}
	}
	if n.Type == Jobsite && n.Title == "" {
		return Moved{}, &Unfit{[]Fault{{"payload.request.title", "must say whether the jobsite is to be created, updated or deactivated"}}}
	}
	return Moved{Record: r, Message: message}, nil
}

// Unfit is a request or message of ours that the partner would refuse. It
// matches ErrRefused.
type Unfit struct{ Faults []Fault }

// Error lists the faults.
func (u *Unfit) Error() string {
	parts := make([]string, len(u.Faults))
	for i, f := range u.Faults {
		parts[i] = f.String()
	}
	return fmt.Sprintf("%s: %s", ErrRefused, strings.Join(parts, "; "))
}

// Unwrap gives the kind of error.
func (u *Unfit) Unwrap() error { return ErrRefused }
