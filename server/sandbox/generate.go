package sandbox

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// mostMade is how many leads are made in one go at most.
const mostMade = 100_000

// Make says which leads to make.
type Make struct {
	Count      int    `json:"count"`
	Dealer     string `json:"dealer"`     // "": that of the first client
	DaysAgo    int    `json:"daysAgo"`    // when the newest was made
	SpreadDays int    `json:"spreadDays"` // over how many days before that the others are spread
	// Untidy makes leads as the samples show them: padded text, numbers as text,
	// values outside the lists, null for what is missing (R26, R48, R50).
	Untidy bool `json:"untidy"`
}

// MakeLeads makes leads of fictional people that wait to be handed out, the
// oldest first, and returns their ids. An error wraps ErrInvalid.
func (s *Sandbox) MakeLeads(m Make) ([]string, error) {
	if m.Count < 1 || m.Count > mostMade || m.DaysAgo < 0 || m.SpreadDays < 0 {
		return nil, fmt.Errorf("%w: count is 1 to %d, days are not below 0", ErrInvalid, mostMade)
	}
	if m.Dealer == "" {
		m.Dealer = s.options.Clients[0].Dealer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.make(m), nil
}

// fill sees to it that enough leads of a dealer wait. The lock is held.
func (s *Sandbox) fill(dealer string, enough int) {
	for _, l := range s.waiting {
		if l.dealer == dealer {
			enough--
		}
	}
	if enough > 0 {
		s.make(Make{Count: enough, Dealer: dealer})
	}
}

// make makes and admits leads. The lock is held.
func (s *Sandbox) make(m Make) []string {
	newest := s.options.Now().UTC().AddDate(0, 0, -m.DaysAgo).Truncate(time.Second)
	step := time.Duration(m.SpreadDays) * 24 * time.Hour / time.Duration(max(1, m.Count-1))
	leads := make([]*lead, 0, m.Count)
	for i := range m.Count {
		s.made++
		for s.leads[leadID(s.seed, s.made)] != nil { // a test gave this id to a lead of its own
			s.made++
		}
		created := newest.Add(-step * time.Duration(m.Count-1-i)).Truncate(time.Second)
		l := &lead{id: leadID(s.seed, s.made), dealer: m.Dealer, waits: true, members: fiction(s.seed, s.made, created)}
		if m.Untidy {
			untidy(l.members, s.seed, s.made)
		}
		s.complete(l)
		leads = append(leads, l)
	}
	return s.admit(leads)
}

// leadID is the id of the n-th lead.
func leadID(seed uint64, n int) string {
	return fmt.Sprintf("SB-%07d-%s", n, pick(seed, n, "id", letters))
}

var letters = []string{"A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M"}

// pick chooses by seed, number and purpose, so that a lead does not depend on
// what was made before it.
func pick[T any](seed uint64, n int, purpose string, from []T) T {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d/%s", seed, n, purpose)
	sum := h.Sum64()
	return from[(sum^sum>>32)%uint64(len(from))]
}

var (
	firstNames = []string{"Ada", "Bruno", "Carla", "Dario", "Edda", "Faris", "Greta", "Hana", "Ivo", "Jule", "Kofi", "Lena"}
	lastNames  = []string{"Fernwood", "Ashdown", "Birkner", "Coldwater", "Dunmore", "Eastlake", "Marlowe", "Nygaard", "Öberg", "Quillon"}
	trades     = []string{"Groundworks", "Paving", "Demolition", "Landscapes", "Quarries", "Pipelines"}
	towns      = []string{"Quillford", "Maplestead", "Harrow Bend", "Stonebridge", "Tallgrass"}
	machines   = []string{"Mini excavator", "Skid steer loader", "Dozer", "Wheel loader", "Telehandler", "Plate compactor"}
	wants      = []string{"New", "Used", "Rental"}
	frames     = []string{"Less Than A Week", "One Month or Less", "1-3 Months", "4-6 Months"}
	languages  = []string{"es_US", "fr_FR", "pl_PL", "pt_BR"}
	remarks    = []string{
		"Two weeks of trenching beside a live road.", "Please call after four.", "Needs it on site by Monday; narrow gate.",
		"Compares three offers.", "Änderung möglich, 現場は狭い.", "Replaces a machine that is fifteen years old.",
	}
)

// fiction makes up the members of the n-th lead.
func fiction(seed uint64, n int, created time.Time) map[string]json.RawMessage {
	text := func(purpose string, from []string) string { return pick(seed, n, purpose, from) }
	first, last := text("first", firstNames), text("last", lastNames)
	company := last + " " + text("trade", trades)
	want := text("want", wants)
	members := map[string]any{
		"dateCreated": moment(created), "firstName": first, "lastName": last, "name": first + " " + last, "company": company,
		"emailAddress": fmt.Sprintf("contact-%d@sandbox.example", n), "businessPhone": fmt.Sprintf("+1 555-01%02d", n%100),
		"address1": fmt.Sprintf("%d Cooper Lane", 1+n%90), "city": text("town", towns), "stateOrProvince": "IA", "country": "United States",
		"countryCode": "US", "zipOrPostal": fmt.Sprintf("%05d", 50000+n%900), "businessUnit": "Cat Rental", "bcpNewUsedRental": want,
		"productOfInterest": text("machine", machines), "productOfInterestQuantity": 1 + n%4,
		"purchaseTimeframe": text("frame", frames), "systemLanguage": text("language", languages), "industry": "Construction",
		"leadSourceMostRecent": "Web form", "contactSourceOriginal": "Form Submission", "commentsMaster": text("remark", remarks),
		"systemScore": text("letter", letters[:5]) + text("digit", []string{"1", "2", "3", "4", "5"}), "catPrequalificationStatus": nil,
	}
	if want == "Rental" {
		begin := created.AddDate(0, 0, 7+n%30)
		members["rentalStartDate"] = begin.Format(time.DateOnly)
		members["rentalEndDate"] = begin.AddDate(0, 0, 5+n%20).Format(time.DateOnly)
	}
	return encoded(members)
}

// untidy turns members into what the samples show beside their own table.
func untidy(members map[string]json.RawMessage, seed uint64, n int) {
	for name, value := range encoded(map[string]any{
		"emailAddress": fmt.Sprintf("  contact-%d@sandbox.example ", n), "productOfInterestQuantity": pick(seed, n, "many", []string{"100", "1", " 3"}),
		"systemLanguage": "en_US", "contactSourceOriginal": "Open day list", "purchaseTimeframe": "1-3 months",
		"stateOrProvince": "UNKNOWN", "businessPhone": fmt.Sprintf("+1+1 555-01%02d", n%100), "callCenterComments": nil, "address2": nil,
		"partShoppingCart": `<tr><td>Filter & seal</td><td>2</td></tr>`, "memberOfTomorrow": map[string]any{"since": 2031},
	}) {
		members[name] = value
	}
}

// encoded writes each value as JSON; values made up here cannot fail to be written.
func encoded(members map[string]any) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(members))
	for name, value := range members {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		out[name] = text
	}
	return out
}

// makeAssociations makes the machines whose codes are known from the beginning:
// SBXCODE1 with everything, SBXCODE2 with a few members missing or empty (R10).
func makeAssociations(seed uint64) map[string]json.RawMessage {
	machine := map[string]any{
		"serialNumber": fmt.Sprintf("SBX%05d", 100+seed%900), "make": "CAT", "smcsCode": "70K1", "catrecid": "", "associationOriginator": "D100",
		"createTime": "2026-01-14T08:20:31.004112Z", "assetMetadataUpdateStatus": "PENDING",
		"principalWork": map[string]any{
			"code": "310", "description": "TRENCHING", "codeType": "Machine", "codeAssignmentTime": "2026-01-14 08:20:31:004", // R11
		},
		"marketSegment": map[string]any{
			"code": "UT", "description": "UTILITIES", "subSegmentCode": "UTWA", "subSegmentDescription": "WATER MAINS",
		},
	}
	bare := map[string]any{"serialNumber": fmt.Sprintf("SBX%05d", 1000+seed%900), "smcsCode": "1408", "principalWork": nil}
	out := map[string]json.RawMessage{}
	for code, members := range map[string]map[string]any{"SBXCODE1": machine, "SBXCODE2": bare} {
		text, err := json.Marshal(members)
		if err != nil {
			panic(err)
		}
		out[code] = text
	}
	return out
}

// AddAssociation makes a code known, or known anew: a JSON object with members
// as the QR service names them. An error wraps ErrInvalid.
func (s *Sandbox) AddAssociation(code string, members json.RawMessage) error {
	var object map[string]json.RawMessage
	if code == "" || json.Unmarshal(members, &object) != nil || object == nil {
		return fmt.Errorf("%w: an association is a code and a JSON object", ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.associations[code] = append(json.RawMessage(nil), members...)
	return nil
}
