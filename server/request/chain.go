package request

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Clocks is how far two sides' times of the same message of a chain may be
// apart (R284).
const Clocks = 5 * time.Minute

// Chain is a conversation about one asset on one contract of one customer,
// outside any request (R280).
type Chain struct {
	ID        string          `json:"id"`                  // ours (R289)
	PartnerID string          `json:"partnerId,omitempty"` // theirs; "" until they told it
	Dealer    string          `json:"dealer"`
	Customer  string          `json:"customer,omitempty"`
	Contract  string          `json:"contract,omitempty"`        // contractId
	Asset     Asset           `json:"asset"`                     //
	Active    bool            `json:"active"`                    // R287
	Location  string          `json:"location,omitempty"`        // the dealer's location it concerns, where that is known
	Head      json.RawMessage `json:"head"`                      // messageChain as it was told, without ids; unknown members kept
	Lines     []Line          `json:"lines"`                     // oldest first
	Handled   []string        `json:"handled,omitempty"`         // the last inbound messages that were merged
	Created   time.Time       `json:"created"`                   //
	Changed   time.Time       `json:"changed"`                   //
	Unknown   bool            `json:"customerUnknown,omitempty"` // R201
}

// Asset names an asset as contracts do.
type Asset struct {
	RentedAssetID    string `json:"rentedAssetId,omitempty"`
	EquipmentAssetID string `json:"equipmentAssetId,omitempty"`
	SerialNumber     string `json:"serialNumber,omitempty"`
}

// Same says that two names mean the same asset: an id both have is equal.
func (a Asset) Same(b Asset) bool {
	return a.RentedAssetID != "" && a.RentedAssetID == b.RentedAssetID ||
		a.EquipmentAssetID != "" && a.EquipmentAssetID == b.EquipmentAssetID ||
		a.SerialNumber != "" && a.SerialNumber == b.SerialNumber
}

// Line is one message of a chain.
type Line struct {
	Side Side `json:"side"`
	// At is when it was written; the partner's time once that is known (R285).
	At        time.Time `json:"at"`
	Confirmed bool      `json:"confirmed,omitempty"` // the partner showed it
	CreatedBy string    `json:"createdBy"`
	UserName  string    `json:"userName,omitempty"`
	Text      string    `json:"text"`
	Source    string    `json:"source,omitempty"`    // of the dealer's wish
	MessageID string    `json:"messageId,omitempty"` // submittedMessageId it travelled with
	Refused   string    `json:"refused,omitempty"`   // the partner's error code
}

// FoundChain is what the caller's records hold for a message of a chain.
type FoundChain struct {
	ByOwn     *Chain // whose ID is Incoming.RemoteID
	ByPartner *Chain // whose PartnerID is Incoming.LocalID
	ByPlace   *Chain // about the same Where (R280)
	ByMessage *Chain // with a message of ours named Incoming.ErrorOf
}

// Where names the contract and asset of a chain, to find one both sides began
// at the same time; "" where they are not told.
func (c *Chain) Where() string { return Where(c.Customer, c.Contract, c.Asset) }

// Where is as Chain.Where, for an inbound message.
func (in *Incoming) Where() string { return Where(in.Customer, in.contract(), in.asset()) }

// Where is as Chain.Where, for a chain that is to be begun.
func Where(customer, contract string, a Asset) string {
	if contract == "" || a == (Asset{}) {
		return ""
	}
	id := a.RentedAssetID
	if id == "" {
		id = a.EquipmentAssetID + "\x1f" + a.SerialNumber
	}
	return customer + "\x1f" + contract + "\x1f" + id
}

func (in *Incoming) contract() string { return in.chain.get("contract", "contractId").text() }

func (in *Incoming) asset() Asset { return asset(in.chain.get("asset")) }

func asset(a *node) Asset {
	return Asset{a.get("rentedAssetId").text(), a.get("equipmentAssetId").text(), a.get("serialNumber").text()}
}

// maxHandled bounds how many inbound messages a chain remembers; older repeats
// are recognised by their lines.
const maxHandled = 50

// ReceiveChain handles one message of the kind message. The chain returned is
// to be kept; nil where nothing is. Handling it again changes nothing.
func ReceiveChain(found FoundChain, in Incoming, env Env) (*Chain, []Effect) {
	if in.ErrorCode != "" {
		return chainError(found.ByMessage, in, env)
	}
	var c *Chain
	switch {
	case found.ByPartner != nil:
		c = found.ByPartner.copied()
	case found.ByOwn != nil && found.ByOwn.PartnerID == "":
		c = found.ByOwn.copied()
	case found.ByPlace != nil && found.ByPlace.PartnerID == "":
		c = found.ByPlace.copied()
	}
	var effects []Effect
	switch {
	case c == nil:
		c = &Chain{
			ID: env.NewID(), Dealer: in.Dealer, Customer: in.Customer, Active: true, Created: env.Now, Changed: env.Now, Unknown: in.CustomerUnknown,
			Location: in.Location,
		}
	case slices.Contains(c.Handled, in.Source):
		return nil, []Effect{{Kind: Note, Reason: RepeatedMessage, Why: "the message was handled before"}}
	}
	head := in.chain.get("messageChain")
	if kind := head.get("chainType").text(); kind != "" && kind != "asset" {
		effects = append(effects, Effect{Kind: Note, Reason: OtherChainType, Why: "the chain is about something else than an asset"})
	}
	c.PartnerID = in.LocalID
	c.Head = merged(read(c.Head), head, "localId", "remoteId", "active")
	if c.Contract == "" {
		c.Contract = in.contract()
	}
	if c.Asset == (Asset{}) {
		c.Asset = in.asset()
	}
	was := c.Active
	switch head.get("active").kind() {
	case 'f':
		c.Active = false
	case 't':
		c.Active = true
	}
	added := c.merge(in)
	c.Handled = append(c.Handled, in.Source)
	c.Handled = c.Handled[max(0, len(c.Handled)-maxHandled):]
	switch {
	case added == 0 && was == c.Active:
		return c, append(effects, Effect{Kind: Note, Reason: RepeatedMessage, Why: "nothing of it is new"})
	case added == 0:
		effects = append(effects, Effect{Kind: HandOver, Why: "the conversation was ended or taken up again"})
	default:
		effects = append(effects, Effect{Kind: HandOver, Why: "a new message about an asset"})
	}
	if in.CustomerUnknown && in.Customer != "" {
		effects = append(effects, Effect{Kind: Alert, Reason: CustomerUnknown, Why: "the customer number of the conversation is not known here"})
	}
	c.Changed = env.Now
	return c, effects
}

// merge adds the lines that are missing and takes over the partner's times
// (R284, R285). It says how many were added.
func (c *Chain) merge(in Incoming) int {
	added, used := 0, map[int]bool{}
	items := in.chain.get("messages").items
	for i := len(items) - 1; i >= 0; i-- { // they come newest first (R283)
		n := items[i]
		at, _ := moment(n.get("createdDate").text())
		line := Line{
			Side: Partner, At: at, Confirmed: true, CreatedBy: n.get("createdBy").text(),
			UserName: n.get("properties", "userName").text(), Text: n.get("messageText").text(),
		}
		if k := c.knows(line, used); k >= 0 {
			used[k] = true
			c.Lines[k].At, c.Lines[k].Confirmed, c.Lines[k].Refused = at, true, ""
			continue
		}
		used[len(c.Lines)] = true
		c.Lines = append(c.Lines, line)
		added++
	}
	slices.SortStableFunc(c.Lines, func(a, b Line) int { return a.At.Compare(b.At) })
	return added
}

// knows finds a line by author, text and time. A line of ours that the partner
// has not shown yet may have arrived there much later than it was written.
func (c *Chain) knows(line Line, used map[int]bool) int {
	best, apart := -1, time.Duration(-1)
	for i, l := range c.Lines {
		if used[i] || author(l.CreatedBy) != author(line.CreatedBy) || strings.TrimSpace(l.Text) != strings.TrimSpace(line.Text) {
			continue
		}
		by := line.At.Sub(l.At)
		waiting := l.Side == Own && !l.Confirmed && by >= -Clocks
		if by.Abs() > Clocks && !waiting {
			continue
		}
		if best < 0 || by.Abs() < apart {
			best, apart = i, by.Abs()
		}
	}
	return best
}

func chainError(known *Chain, in Incoming, env Env) (*Chain, []Effect) {
	if known == nil {
		return nil, []Effect{{Kind: Alert, Reason: ErrorUnexplain, Why: "the partner refused a message that is none of this gateway's"}}
	}
	c := known.copied()
	for i := range c.Lines {
		if l := &c.Lines[i]; l.MessageID == in.ErrorOf && l.Refused == "" && !l.Confirmed {
			l.Refused, c.Changed = code(in), env.Now
			return c, []Effect{
				{Kind: Alert, Reason: UpdateRefused, User: l.CreatedBy, Why: fmt.Sprintf("the partner did not take a message about an asset (%s)", code(in))},
				{Kind: HandOver, Why: "the partner refused a message"},
			}
		}
	}
	return nil, []Effect{{Kind: Note, Reason: RepeatedMessage, Why: "the error was told before"}}
}

func (c *Chain) copied() *Chain {
	d := *c
	d.Lines, d.Handled = slices.Clone(c.Lines), slices.Clone(c.Handled)
	return &d
}

// Say is something the dealer's side wants to say in a chain.
type Say struct {
	ID       string // a repeat of it is no second message
	User     string // dealer user name, sent as local:<name>
	CWSUser  string // Cat CWS user name; wins over User
	UserName string
	Text     string
}

// Said is what saying something led to; Message is nil where it was said before.
type Said struct {
	Chain   *Chain
	Message *Outgoing
}

// StartChain begins a conversation (R286).
func StartChain(dealer, customer, contract string, asset Asset, say Say, env Env) (Said, error) {
	if strings.TrimSpace(customer) == "" || contract == "" || asset == (Asset{}) {
		return Said{}, &Refusal{What: "a conversation is about one asset on one contract of one customer, and all three must be named"}
	}
	m := Move{User: say.User, CWSUser: say.CWSUser}
	c := &Chain{
		ID: env.NewID(), Dealer: dealer, Customer: customer, Contract: contract, Asset: asset, Active: true, Created: env.Now, Changed: env.Now,
		Head: plain(map[string]any{
			"chainType": "asset", "createdDate": stamp(env.Now), "createdBy": m.createdBy(), "properties": map[string]string{"userName": say.UserName},
		}),
	}
	return c.Say(say, env)
}

// Say adds something to a chain. The error is a *Refusal. The chain it is
// called on is not changed.
func (c *Chain) Say(say Say, env Env) (Said, error) {
	switch {
	case say.ID != "" && slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Side == Own && l.Source == say.ID }):
		return Said{Chain: c}, nil
	case !c.Active:
		return Said{}, &Refusal{What: "the conversation is over: the asset is no longer on rent with this customer"}
	case strings.TrimSpace(say.Text) == "":
		return Said{}, &Refusal{What: "there is no text"}
	}
	d := c.copied()
	id := "m-" + env.NewID()
	// A moment with what the partner will read of it: whole seconds.
	d.Lines = append(d.Lines, Line{
		Side: Own, At: env.Now.UTC().Truncate(time.Second), CreatedBy: Move{User: say.User, CWSUser: say.CWSUser}.createdBy(),
		UserName: say.UserName, Text: say.Text, Source: say.ID, MessageID: id,
	})
	d.Changed = env.Now
	message := envelope{
		DealerCode: d.Dealer, CustomerNumber: some(d.Customer), SubmittedPriority: defaultPriority, SubmittedMessageID: id,
		SubmittedTime: stamp(env.Now), MessageType: "message", Payload: map[string]json.RawMessage{"message": d.told()},
	}.outgoing(d.ID)
	return Said{Chain: d, Message: message}, nil
}

// told is the chain with its newest lines, as it is sent (R281 to R283). The
// line just said goes first whatever its clock says.
func (c *Chain) told() json.RawMessage {
	head := map[string]json.RawMessage{}
	if n := read(c.Head); n != nil {
		for _, m := range n.members {
			head[m.name] = m.value.compact()
		}
	}
	head["localId"], head["remoteId"], head["active"] = plain(c.ID), plain(some(c.PartnerID)), plain(c.Active)
	messages := []map[string]any{}
	for i := len(c.Lines) - 1; i >= 0 && len(messages) < maxChain; i-- {
		l := c.Lines[i]
		if l.Refused != "" {
			continue
		}
		messages = append(messages, map[string]any{
			"createdDate": stamp(l.At), "createdBy": l.CreatedBy, "messageText": l.Text,
			"properties": map[string]string{"userName": l.UserName},
		})
	}
	return plain(map[string]any{
		"messageChain": plain(head), "messages": messages, "asset": c.Asset, "contract": map[string]string{"contractId": c.Contract},
	})
}
