package request

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// maxFaults bounds how many faults of one body are told.
const maxFaults = 100

// The number of messages of a chain one message may carry (R282).
const (
	minChain = 1
	maxChain = 10
)

// Fault is one thing that is wrong with a body. It holds no value of the body.
type Fault struct {
	Path   string // payload.request.assets[0].serialNumber; "" for the whole body
	Reason string
}

func (f Fault) String() string {
	if f.Path == "" {
		return f.Reason
	}
	return f.Path + ": " + f.Reason
}

// Check lists everything for which a body is refused (R193): what is missing
// (R198, R199, R203), what has another type than the specification says, what
// stands twice, and what its message or request type needs (R202, R218, R238,
// R282). Members nobody knows are no fault (R210), nor are states a type does
// not know; those are answered by a message (R219). nil means that Read
// understands the body.
func Check(body []byte) []Fault {
	_, faults := checked(body)
	return faults
}

func checked(body []byte) (*node, []Fault) {
	root, err := parse(body)
	if err != nil {
		return nil, []Fault{{"", err.Error()}}
	}
	c := &checker{}
	if root.kind() != '{' {
		return nil, []Fault{{"", "must be one object, one message per call"}}
	}
	if doubled(root) {
		c.doubles(root, "")
	}
	c.types(root, layout(), &spot{})
	c.envelope(root)
	return root, c.faults
}

type checker struct{ faults []Fault }

// fault notes one fault of a place; of what stands inside a faulty place nothing
// more is said.
func (c *checker) fault(path, format string, args ...any) {
	for _, f := range c.faults {
		if rest, inside := strings.CutPrefix(path, f.Path); inside && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return
		}
	}
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, Fault{path, fmt.Sprintf(format, args...)})
	}
}

func below(path, name string) string {
	// A name comes from outside: it is shown only as far as it is one.
	if len(name) > 60 {
		name = name[:60]
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune("<>&\"'`\uFFFD", r) {
			return '_'
		}
		return r
	}, name)
	if path == "" {
		return name
	}
	return path + "." + name
}

// doubles finds names that stand twice in one object, also in another case:
// readers differ in which one they take.
func (c *checker) doubles(n *node, path string) {
	seen := make(map[string]bool, len(n.members))
	for _, m := range n.members {
		if key := folded(m.name); seen[key] {
			c.fault(below(path, m.name), "stands there more than once")
		} else {
			seen[key] = true
		}
		c.doubles(m.value, below(path, m.name))
	}
	for i, item := range n.items {
		c.doubles(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

// folded goes up and down again, so that letters meet that only fold together.
func folded(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// doubled says whether there is such a name anywhere; it needs no paths for that,
// and bodies without one are the rule.
func doubled(n *node) bool {
	const few = 16 // names that are compared faster than remembered
	var seen map[string]bool
	if len(n.members) > few {
		seen = make(map[string]bool, len(n.members))
	}
	for i, m := range n.members {
		if seen != nil {
			key := folded(m.name)
			if seen[key] {
				return true
			}
			seen[key] = true
		} else {
			for _, before := range n.members[:i] {
				if m.alike(before) {
					return true
				}
			}
		}
		if doubled(m.value) {
			return true
		}
	}
	return slices.ContainsFunc(n.items, doubled)
}

// alike says whether the names of two members are the same when folded.
func (m member) alike(o member) bool {
	if m.ascii && o.ascii {
		return len(m.name) == len(o.name) && strings.EqualFold(m.name, o.name)
	}
	return strings.EqualFold(m.name, o.name) || folded(m.name) == folded(o.name)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// types holds a value against the layout of the specification. null is a legal
// value everywhere; what must be there is asked for later.
func (c *checker) types(n *node, s *shape, at *spot) {
	kind := n.kind()
	if kind == 'n' {
		return
	}
	switch s.what {
	case anything:
	case aScalar:
		c.must(kind != '{' && kind != '[', at, "text, number or true or false")
	case anObject:
		if !c.must(kind == '{', at, "an object") {
			return
		}
		for i := range n.members {
			m := &n.members[i]
			if field := s.fields[m.name]; field != nil {
				c.types(m.value, field, &spot{in: at, name: m.name})
			}
		}
	case aMap:
		if !c.must(kind == '{', at, "an object") || s.each.what == anything {
			return
		}
		for _, m := range n.members {
			c.types(m.value, s.each, &spot{in: at, name: m.name})
		}
	case aList:
		if !c.must(kind == '[', at, "a list") || s.each.what == anything {
			return
		}
		for i, item := range n.items {
			c.types(item, s.each, &spot{in: at, item: true, index: i})
		}
	case aRequestType:
		if c.must(kind == '"', at, "text") && !slices.Contains(Types(), Type(n.text())) {
			c.fault(at.path(), "unknown; there are %s", join(Types()))
		}
	case aMessageType:
		if c.must(kind == '"', at, "text") && !model.MessageType(n.text()).Valid() {
			c.fault(at.path(), "unknown; there are request, contract, invoice, message, catalog and document")
		}
	case aNumber:
		c.must(kind == '0', at, "a number")
	case aText:
		if c.must(kind == '"', at, "text") && isMoment(at.name) {
			c.moment(n, at)
		}
	case aFlag:
		// Refusing is for good (R193): a flag that is spelled as text, as others
		// are (R263), must not cost a customer the whole request.
		c.must(kind == 't' || kind == 'f' || kind == '"' && spelledFlag(n), at, "true or false")
	case aWhole:
		_, err := n.integer()
		c.must(kind == '0' && err == nil, at, "a whole number")
	}
}

func spelledFlag(n *node) bool {
	spelled := strings.ToLower(strings.TrimSpace(n.text()))
	return spelled == "true" || spelled == "false"
}

// must notes a fault where a value is not what it must be.
func (c *checker) must(ok bool, at *spot, what string) bool {
	if !ok {
		c.fault(at.path(), "must be %s", what)
	}
	return ok
}

// spot is where a value stands; its path is written when there is a fault.
type spot struct {
	in    *spot // nil for the body
	name  string
	item  bool // of a list, which has an index instead
	index int
}

func (p *spot) path() string {
	switch {
	case p.in == nil:
		return ""
	case p.item:
		return fmt.Sprintf("%s[%d]", p.in.path(), p.index)
	}
	// A copy, so that places need not outlive their values.
	return strings.Clone(below(p.in.path(), p.name))
}

// isMoment tells members that hold a moment by their name, as the
// specification names all of them; jobsites and carts have none.
func isMoment(name string) bool {
	return strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "Time")
}

func (c *checker) moment(n *node, at *spot) {
	text := n.text()
	if strings.TrimSpace(text) == "" && (at.name != "submittedTime" || at.in.in != nil) {
		return
	}
	if _, ok := moment(text); !ok {
		c.fault(at.path(), "must be a moment with its offset, such as 2026-03-02T08:15:00Z")
	}
}

// moment reads an ISO 8601 moment with an offset.
func moment(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// need asks for a member that is more than null and blank text.
func (c *checker) need(root *node, why string, names ...string) bool {
	n := root.get(names...)
	if n.null() || n.kind() == '"' && strings.TrimSpace(n.text()) == "" {
		c.fault(strings.Join(names, "."), "%s", why)
		return false
	}
	return true
}

func (c *checker) envelope(root *node) {
	for _, name := range []string{"dealerCode", "submittedMessageId", "submittedTime", "messageType"} {
		c.need(root, "is required", name)
	}
	payload := root.get("payload")
	switch kind := root.get("messageType").text(); kind {
	case "contract", "invoice", "catalog", "document":
		c.need(root, "is required for the message type "+kind, "customerNumber")
		if !payload.null() {
			c.fault("payload", "must be null for the message type %s", kind)
		}
	case "request":
		if c.need(root, "is required for the message type request", "payload") {
			c.request(root)
		}
	case "message":
		if c.need(root, "is required for the message type message", "payload") {
			c.conversation(root)
		}
	}
}

func (c *checker) request(root *node) {
	payload := root.get("payload")
	if payload.get("errorCode").text() != "" {
		return // whatever an error message holds, it is better read than refused
	}
	if !c.need(root, "is required for the message type request", "payload", "request") {
		return
	}
	c.need(root, "is required", "payload", "request", "localId")
	c.need(root, "is required", "payload", "request", "requestType")
	request := payload.get("request")
	status := request.get("status").text()
	first := payload.get("requestUpdate").null() && request.get("remoteId").text() == "" && (status == "" || status == string(Submitted))
	if first {
		c.first(root, request, Type(request.get("requestType").text()))
	}
}

// first asks for what a dealer cannot do without when a request begins (R238).
func (c *checker) first(root, request *node, t Type) {
	at := func(names ...string) []string { return append([]string{"payload", "request"}, names...) }
	assets := request.get("assets")
	switch t {
	case PurchaseOrder:
		c.need(root, "is required for a purchase order request", at("properties", "poNumber")...)
		if request.get("contract", "contractId").text() == "" && request.get("contract", "contractNumber").text() == "" {
			c.fault("payload.request.contract", "must name the contract")
		}
	case Jobsite:
		properties := request.get("properties")
		if properties.get("jobsiteId").text() == "" && properties.get("name").text() == "" {
			c.fault("payload.request.properties", "must name the jobsite")
		}
	case Extend:
		c.need(root, "is required for an extend request", at("requestedDate")...)
		c.assets(assets, t)
	case Transfer, CallOff:
		c.assets(assets, t)
	case Service:
		if c.assets(assets, t) && len(assets.items) != 1 {
			c.fault("payload.request.assets", "a service request is about exactly one asset")
		}
	case Quote, Lead:
		c.need(root, "are required for a "+string(t)+" request", at("properties")...)
	}
}

func (c *checker) assets(list *node, t Type) bool {
	if list == nil || len(list.items) == 0 {
		c.fault("payload.request.assets", "%s names at least one asset", t.named())
		return false
	}
	for i, a := range list.items {
		if a.get("rentedAssetId").text() == "" && a.get("equipmentAssetId").text() == "" && a.get("serialNumber").text() == "" {
			c.fault(fmt.Sprintf("payload.request.assets[%d]", i), "must name the asset")
		}
	}
	return true
}

func (c *checker) conversation(root *node) {
	payload := root.get("payload")
	if payload.get("errorCode").text() != "" {
		return
	}
	if !c.need(root, "is required for the message type message", "payload", "message") {
		return
	}
	if c.need(root, "is required", "payload", "message", "messageChain") {
		c.need(root, "is required", "payload", "message", "messageChain", "localId")
	}
	messages := payload.get("message", "messages")
	if messages == nil || len(messages.items) < minChain || len(messages.items) > maxChain {
		c.fault("payload.message.messages", "must hold %d to %d messages", minChain, maxChain)
		return
	}
	for i, m := range messages.items {
		path := fmt.Sprintf("payload.message.messages[%d]", i)
		if m.kind() != '{' {
			c.fault(path, "must be an object")
			continue
		}
		if _, ok := moment(m.get("createdDate").text()); !ok {
			c.fault(path+".createdDate", "is required")
		}
		if m.get("messageText").null() {
			c.fault(path+".messageText", "is required")
		}
	}
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
