package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoDesk says that the portal has no such request or conversation.
var ErrNoDesk = errors.New("there is no such request or conversation")

// mostStarted is how many requests are started in one go at most.
const mostStarted = 100_000

// Start says which requests customers begin.
type Start struct {
	Type     string `json:"type"`
	Dealer   string `json:"dealer"`   // "": that of the first client
	Customer string `json:"customer"` // ignored for leads, which have none (R272)
	Count    int    `json:"count"`    // 0: 1
	// QuoteRequired is for quotes: false lets the dealer close without one.
	QuoteRequired bool `json:"quoteRequired"`
	// PhotoBytes is how long the photo of a service request is; 0: there is none.
	PhotoBytes int    `json:"photoBytes"`
	Text       string `json:"text"`
	Contract   string `json:"contract"` // "": one that is made up
	Serial     string `json:"serial"`
}

// StartRequests begins requests, each of them one message to the dealer, and
// returns their ids. An error wraps ErrInvalid.
func (s *Sandbox) StartRequests(st Start) ([]string, error) {
	if st.Count == 0 {
		st.Count = 1
	}
	switch {
	case !slices.Contains(kinds, st.Type):
		return nil, fmt.Errorf("%w: type is one of %s", ErrInvalid, strings.Join(kinds, ", "))
	case st.Count < 0 || st.Count > mostStarted:
		return nil, fmt.Errorf("%w: count is 1 to %d", ErrInvalid, mostStarted)
	case st.PhotoBytes < 0 || st.PhotoBytes > 20<<20:
		return nil, fmt.Errorf("%w: a photo has up to 20 MiB", ErrInvalid)
	}
	if st.Dealer == "" {
		st.Dealer = s.options.Clients[0].Dealer
	}
	if st.Customer == "" {
		st.Customer = "0001007"
	}
	if st.Type == crsLead {
		st.Customer = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, 0, st.Count)
	for range st.Count {
		d := &Desk{ID: s.id("rq"), Dealer: st.Dealer, Customer: st.Customer, Type: st.Type, Status: isSubmitted, QuoteRequired: st.QuoteRequired}
		first := s.firstRequest(st, d.ID)
		d.Request = jsonOf(first)
		payload := object{"request": first}
		if st.Type == crsLead { // R271
			d.Updates = []json.RawMessage{
				jsonOf(s.update("lead_screening", "crs-server", "Lead Held for Screening", "")),
				jsonOf(s.update(isSubmitted, "crs-server", "Lead Completed Screening", "")),
			}
			payload["requestUpdates"] = d.Updates
		}
		s.crs.desks[d.ID] = d
		s.send(d.Dealer, d.Customer, "request", d.ID, payload)
		ids = append(ids, d.ID)
	}
	return ids, nil
}

var requestTitles = map[string]string{
	orderNumber: "Purchase Order Request", siteChange: "Create Jobsite Request", transfer: "Transfer Request", extend: "Extend Request",
	callOff: "Call-off Request", serviceCall: "Service Request", quote: "Rental Request", crsLead: "Lead Request",
}

// firstRequest is a request as it is first sent (R212). The lock is held.
func (s *Sandbox) firstRequest(st Start, id string) object {
	contract, serial := orElse(st.Contract, "K-"+id), orElse(st.Serial, "SN"+id)
	asset := object{"rentedAssetId": contract + "-1", "equipmentAssetId": "U-" + id, "serialNumber": serial}
	r := object{
		"localId": id, "remoteId": nil, "requestType": st.Type, "status": isSubmitted, "createdDate": s.stamp(),
		"createdBy": "ines.marlow@brookline.example", "title": requestTitles[st.Type], "text": nil,
	}
	site := object{
		"jobsiteId": "J-" + id, "name": "Brookline bridge", "firstName": "Ines", "lastName": "Marlow", "address1": "4 Ferry Lane", "address2": "",
		"city": "Brookline", "state": "KS", "postCode": "67901", "country": "", "latitude": "", "longitude": "", "phoneNumber": "555-0142",
	}
	cart := []any{object{
		"image": object{"imageUrl": "https://shop.example/img/7.png"}, "quantity": 1, "path": "/rent/excavators/7", "name": "Mini excavator",
		"attachments": "<ul><li>Bucket 40 cm</li></ul>", "categoryGroup": object{"rmsId": "EX-MINI", "title": "Mini excavators"}, "properties": object{},
	}}
	soon := s.options.Now().UTC().AddDate(0, 0, 7).Format("2006-01-02T15:04:05Z")
	switch st.Type {
	case orderNumber:
		r["properties"] = object{"currentPoNumber": "PENDING", "poNumber": "PO-" + id, "userName": "Ines Marlow"}
		r["contract"] = object{"contractNumber": contract, "contractId": contract}
	case siteChange:
		r["properties"] = site
	case transfer:
		site["transportationNeeded"], site["poNumber"] = true, ""
		r["requestedDate"], r["properties"], r["assets"] = soon, site, []any{asset}
	case extend:
		r["requestedDate"], r["properties"], r["assets"], r["text"] = soon, object{"userName": "Ines Marlow"}, []any{asset}, orElse(st.Text, "Two weeks more, please.")
	case callOff:
		r["requestedDate"], r["properties"], r["assets"] = soon, object{"transportationNeeded": true, "userName": "Ines Marlow"}, []any{asset}
	case serviceCall:
		images := []any{}
		if st.PhotoBytes > 0 {
			images = append(images, object{"filename": "track.jpg", "mimetype": "image/jpeg", "contents": s.photo(st.PhotoBytes)})
		}
		r["text"], r["requestedDate"], r["assets"] = orElse(st.Text, "It does not start."), nil, []any{asset}
		r["properties"] = object{"userName": "Ines Marlow", "isWorking": false, "images": images}
	case quote:
		r["text"], r["createdBy"], r["requestedDate"] = orElse(st.Text, "For ten weeks."), nil, soon
		needed := "false"
		if st.QuoteRequired {
			needed = "true"
		}
		r["properties"] = object{
			"language": "en_US", "name-first": "Ines", "name-last": "Marlow", "quoteRequired": needed, "delivery": "true", "new-jobsite": "",
			"rental-start": "05/04/2026", "rental-end": "07/10/2026", "comments": orElse(st.Text, "For ten weeks."), "catalogItems": cart,
		}
	case crsLead:
		r["text"], r["createdBy"] = "", nil
		r["properties"] = object{
			"language": "en_US", "name-first": "Bram", "name-last": "Holt", "name-company": "Holt Paving", "email": "bram@holt.example",
			"phone-business": "555-0177", "subscription": "false", "googleGeocode": object{"lat": 38.01, "lng": -97.2},
			"comments": orElse(st.Text, "What does a roller cost?"), "catalogItems": []any{},
		}
	}
	return r
}

// photo is base64 of so many bytes that no two photos share. The lock is held.
func (s *Sandbox) photo(size int) string {
	raw := make([]byte, size)
	x := s.seed*2654435761 + uint64(s.crs.made) + 1
	for i := range raw {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		raw[i] = byte(x)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// update is one update as the portal writes it.
func (s *Sandbox) update(status, by, title, text string) object {
	return object{
		"status": status, "createdDate": s.stamp(), "createdBy": by, "titleToken": nil, "titleContent": object{}, "title": orNull(title),
		"text": orNull(text), "updateDate": nil, "properties": object{"userName": "Ines Marlow"},
	}
}

// Acted tells what a customer does.
type Acted struct {
	ID   string `json:"id"`
	Act  Act    `json:"act"`
	Text string `json:"text"`
}

// Do has a customer do something, which is a message to the dealer. Errors wrap
// ErrNoDesk or ErrInvalid.
func (s *Sandbox) Do(a Acted) (Desk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.crs.desks[a.ID]
	if d == nil {
		return Desk{}, ErrNoDesk
	}
	to := mayPortal(d, a.Act)
	if to == "" {
		return Desk{}, fmt.Errorf("%w: a %s request that is %s allows no %s", ErrInvalid, d.Type, d.Status, a.Act)
	}
	by, title := "ines.marlow@brookline.example", "More information"
	switch a.Act {
	case Cancel:
		title = "Asked to cancel"
	case Approve:
		title = "Quote approved"
	case End:
		by, title = "crs-server", "Contract ended"
	case Return:
		by, title = "crs-server", "Assigned again"
		d.Away = false
	case MoreInfo:
	}
	u := jsonOf(s.update(to, by, title, a.Text))
	d.Status = to
	d.Updates = append(d.Updates, u)
	payload := object{"request": d.shortened(), "requestUpdate": u}
	if a.Act == Return { // it comes as it came first, with all that happened (R278)
		payload = object{"request": d.whole(), "requestUpdates": slices.Clone(d.Updates)}
	}
	s.send(d.Dealer, d.Customer, "request", d.ID, payload)
	return *d, nil
}

// shortened is a request in updates (R213). The purchase order's repeats what it
// is about (R241).
func (d *Desk) shortened() object {
	out := object{"localId": d.ID, "remoteId": orNull(d.DealerID), "requestType": d.Type, "status": d.Status}
	if d.Type == orderNumber {
		first := objectOf(d.Request)
		out["properties"], out["contract"] = first["properties"], first["contract"]
	}
	return out
}

// whole is a request with everything that is known of it.
func (d *Desk) whole() object {
	out := object{}
	for name, value := range objectOf(d.Request) {
		out[name] = value
	}
	out["localId"], out["remoteId"], out["status"] = d.ID, orNull(d.DealerID), d.Status
	return out
}

// objectOf reads what is known to be an object.
func objectOf(raw json.RawMessage) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	if json.Unmarshal(raw, &out) != nil {
		return map[string]json.RawMessage{}
	}
	return out
}

// Say is a word of a customer about a machine.
type Say struct {
	ID       string `json:"id"`     // of the conversation; "" begins one
	Dealer   string `json:"dealer"` // "": that of the first client
	Customer string `json:"customer"`
	Contract string `json:"contract"`
	Serial   string `json:"serial"`
	Text     string `json:"text"`
	// Over ends the conversation: the machine is not on rent any more (R287).
	Over bool `json:"over"`
}

// Tell has a customer say something, and returns the conversation. Errors wrap
// ErrNoDesk.
func (s *Sandbox) Tell(say Say) (Talk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.crs.talks[say.ID]
	switch {
	case say.ID == "":
		id := s.id("ch")
		t = &Talk{
			ID: id, Dealer: orElse(say.Dealer, s.options.Clients[0].Dealer), Customer: orElse(say.Customer, "0001007"), Active: true,
			Contract: orElse(say.Contract, "K-"+id), Serial: orElse(say.Serial, "SN"+id),
		}
		s.crs.talks[id] = t
	case t == nil:
		return Talk{}, ErrNoDesk
	}
	t.Active = !say.Over
	t.Messages = append(t.Messages, TalkMessage{s.options.Now().UTC(), "ines.marlow@brookline.example", orElse(say.Text, "When does it arrive?")})
	s.send(t.Dealer, t.Customer, "message", t.ID, object{"message": t.told()})
	return *t, nil
}

// mostTold is how many messages of a conversation are sent (R282).
const mostTold = 10

// told is a conversation as it is sent, newest message first (R283).
func (t *Talk) told() object {
	var list []any
	for i := len(t.Messages) - 1; i >= 0 && len(list) < mostTold; i-- {
		m := t.Messages[i]
		list = append(list, object{"createdDate": m.At.Format("2006-01-02T15:04:05Z"), "createdBy": m.By, "messageText": m.Text, "properties": object{"userName": m.By}})
	}
	return object{
		"messageChain": object{
			"localId": t.ID, "remoteId": orNull(t.DealerID), "chainType": "asset", "createdDate": t.Messages[0].At.Format("2006-01-02T15:04:05Z"),
			"createdBy": t.Messages[0].By, "active": t.Active, "properties": object{"userName": t.Messages[0].By},
		},
		"messages": list,
		"asset":    object{"rentedAssetId": t.Contract + "-1", "equipmentAssetId": "U-" + t.ID, "serialNumber": t.Serial},
		"contract": object{"contractId": t.Contract},
	}
}
