package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The errors of this package. Test with errors.Is.
var (
	// ErrBody: the body has faults; Check lists them.
	ErrBody = errors.New("the message has faults")
	// ErrRefused: a move is not allowed as things stand; it comes as a *Refusal.
	ErrRefused = errors.New("not allowed now")
)

// Error codes the partner knows (R232, R234).
const (
	IncorrectUpdate = "402 Incorrect Update Submitted"
	NotFound        = "404 Request Not Found"
)

// Incoming is one message of the partner, as it was understood.
type Incoming struct {
	// Source is the gateway's own id of the message, the same whenever it is
	// handled again.
	Source    string
	Dealer    string
	Customer  string
	MessageID string // submittedMessageId (R207)
	Submitted time.Time
	Kind      string // messageType (R202)
	Priority  *int64 // submittedPriority; nil where it does not say (R186)

	Preset bool // members stand in it that its receiver sets (R189)

	ErrorCode string // "" where it is no error message
	ErrorOf   string // the message of ours that failed

	LocalID     string // the partner's id of the request or chain (R215)
	RemoteID    string // what the partner takes for ours, "" before our first answer (R216)
	RequestType Type
	Status      Status // of the request; the update's where they differ (R214)
	Clash       bool   // they differed

	// CustomerChecked and CustomerUnknown are set by the caller, who can look the
	// customer up (R200): whether that was done, and whether there was none.
	CustomerChecked, CustomerUnknown bool
	// Location is set by the caller, who can look the assets up.
	Location string

	request *node
	update  *node
	updates []*node
	chain   *node // payload.message
}

// Preset says whether a member of the envelope is set by whoever receives a message;
// what a sender puts there is ignored (R189).
func Preset(name string) bool {
	switch name {
	case "enqueuedTime", "enqueuedClientId", "attemptTime", "attemptCount", "deliveredTime", "active":
		return true
	}
	return false
}

// Read understands a body that Check finds no fault in; otherwise ErrBody.
// source is the gateway's own id of the message.
func Read(source string, body []byte) (Incoming, error) {
	root, faults := checked(body)
	if len(faults) > 0 {
		return Incoming{}, fmt.Errorf("reading a message: %w: %s", ErrBody, faults[0])
	}
	in := Incoming{
		Source: source, Dealer: root.get("dealerCode").text(), Customer: root.get("customerNumber").text(),
		MessageID: root.get("submittedMessageId").text(), Kind: root.get("messageType").text(),
	}
	in.Submitted, _ = moment(root.get("submittedTime").text())
	if p := root.get("submittedPriority"); !p.null() {
		if whole, err := p.integer(); err == nil {
			in.Priority = &whole
		}
	}
	in.Preset = slices.ContainsFunc(root.members, func(m member) bool { return Preset(m.name) })
	payload := root.get("payload")
	in.ErrorCode, in.ErrorOf = strings.TrimSpace(payload.get("errorCode").text()), payload.get("errorSubmittedMessageId").text()
	in.request, in.update, in.chain = payload.get("request"), payload.get("requestUpdate"), payload.get("message")
	if updates := payload.get("requestUpdates"); updates != nil {
		in.updates = updates.items
	}
	switch in.Kind {
	case "request":
		in.LocalID, in.RemoteID = in.request.get("localId").text(), in.request.get("remoteId").text()
		in.RequestType, in.Status = Type(in.request.get("requestType").text()), status(in.request.get("status"))
		if s := status(in.update.get("status")); s != "" && s != in.Status {
			in.Clash = in.Status != ""
			in.Status = s
		}
	case "message":
		head := in.chain.get("messageChain")
		in.LocalID, in.RemoteID = head.get("localId").text(), head.get("remoteId").text()
	}
	return in, nil
}

func status(n *node) Status { return Status(strings.ToLower(strings.TrimSpace(n.text()))) }

// Order is what this message must not be overtaken within: the same for all
// messages of one request or chain, "" for others. Both ids may name it, so the
// caller asks Keys where it must be exact.
func (in *Incoming) Order() string {
	if in.LocalID == "" {
		return ""
	}
	return in.Kind + ":" + in.LocalID
}

// Begins says that a message makes a request or conversation where it is not
// known yet: there is no update, and the state is the first one (R212).
func (in *Incoming) Begins() bool {
	if in.Kind == "message" {
		return in.ErrorCode == ""
	}
	return in.ErrorCode == "" && in.update.null() && (in.Status == Submitted || in.Status == "") && in.RemoteID == ""
}

// About names the contract and the assets a message is about, as far as it says.
func (in *Incoming) About() (contract string, assets []Asset) {
	if in.Kind == "message" {
		return in.contract(), []Asset{in.asset()}
	}
	contract = in.request.get("contract", "contractId").text()
	return contract, assetsOf(in.request.get("assets"))
}

// merged lays what was told over what is known: members that are missing, null
// or an empty list erase nothing (R213); objects are laid over each other member
// by member. skip names members that are kept elsewhere.
func merged(known, told *node, skip ...string) json.RawMessage {
	if told.kind() != '{' {
		if told.null() || told.kind() == '[' && len(told.items) == 0 && known != nil {
			return known.compact()
		}
		return told.compact()
	}
	out := map[string]json.RawMessage{}
	if known.kind() == '{' {
		for _, m := range known.members {
			out[m.name] = m.value.compact()
		}
	}
	for _, m := range told.members {
		had := known.get(m.name)
		if m.value.null() && had != nil {
			continue
		}
		out[m.name] = merged(had, m.value)
	}
	for _, name := range skip {
		delete(out, name)
	}
	return plain(out)
}

// plain is JSON as the partner writes it, without letters taken for markup.
func plain(v any) json.RawMessage {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(out.Bytes())
}
