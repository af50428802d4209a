package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Finding is one thing wrong with an update. Its text holds no value of the
// update.
type Finding struct {
	Element int    `json:"element"` // from 0, in the list that was posted
	Member  string `json:"member"`
	Rule    string `json:"rule"` // its number in openapi/RULES.md
	Text    string `json:"text"`
	// Sample marks what Caterpillar's own samples do; a lenient sandbox takes it.
	Sample bool `json:"sample,omitempty"`
}

// String is the finding in one line.
func (f Finding) String() string {
	where := fmt.Sprintf("[%d]", f.Element)
	if f.Member != "" {
		where += "." + f.Member
	}
	return fmt.Sprintf("%s: %s (%s)", where, f.Text, f.Rule)
}

// kind reads one sort of value: what it is worth, and what is wrong with it.
// A value without worth counts as missing.
type kind func(raw json.RawMessage) (worth string, wrong []Finding)

// members are the members of an update with what each may hold (R90, R91).
var members = map[string]kind{
	"leadId":                          text(80),
	"dealerLeadId":                    text(80),
	"leadStatus":                      oneOf("R65", statuses, nil),
	"dealerSalesRep":                  text(50),
	"dealerSalesRepNumber":            text(100),
	"currencyIsoCode":                 currency,
	"rejectedReasonWhy":               oneOf("R66", rejections, oldRejections),
	"rejectedReasonComments":          text(1000),
	"disqualifiedReasonWhy":           oneOf("R70", disqualifications, nil),
	"disqualifiedReasonComments":      text(255),
	"customerPreviouslyKnown":         yesNo,
	"customerContacted":               yesNo,
	"dateContacted":                   day,
	"dealerCustomerNumber":            text(40),
	"dealerOpportunityId":             text(80),
	"opportunityAmount":               amount,
	"probabilityOfClosurePercentage":  percentage,
	"targetDate":                      day,
	"closedNoDeal":                    noDeal,
	"primaryClosedReason":             oneOf("R83", closedReasons, nil),
	"secondaryClosedReason":           text(2500),
	"closedReasonComments":            text(255),
	"quoteId":                         text(255),
	"quoteSentDate":                   day,
	"rating":                          rating,
	"comments":                        text(1000),
	"currentProductOfInterestDetails": text(255),
}

// Names that samples use for members (R91), and names that are gone (R93).
var (
	sampleNames = map[string]string{"secondayClosedReason": "secondaryClosedReason", "opportunityId": "leadId", "Rating": "rating"}
	goneNames   = []string{
		"primaryClosedLostReason", "primaryClosedWonReason", "PrimaryClosedWonReasonComments", "closedDisqualified", "isoCurrencyCode",
		"customerAlreadyKnown", "opportunityAlreadyKnown", "leadAlreadyKnown", "dealerContactDateTime", "quoteDateTime",
	}
)

// numeric are the members that are JSON numbers.
var numeric = []string{"opportunityAmount", "probabilityOfClosurePercentage", "closedNoDeal"}

// The lists, in Caterpillar's spelling.
var (
	statuses   = []string{accepted, rejected, disqualified}
	rejections = []string{
		"Bad Contact Information", "For Another Dealer", "Product/Service Not Offered at Dealership",
		"End-user, end-use or end-destination may be restricted", "Duplicate Lead Received", "Spam/Inappropriate Lead Submission",
	}
	// oldRejections are former spellings of a reason (R68).
	oldRejections = map[string]string{
		"Product / Service not offered at dealership": "Product/Service Not Offered at Dealership",
		"Product/Service Not offered":                 "Product/Service Not Offered at Dealership",
	}
	disqualifications = []string{
		"Cannot reach/no response from customer", "Purchase time frame changed", "No budget", "No longer a product need/want",
		"Customer already purchased", "End-user, end-use or end-destination may be restricted", "Dealer not interested in pursuing",
		"Lead Already Known", "Other",
	}
	closedReasons = []string{
		"Products/Parts Not in Cat Network", "Products/Parts Not in Dealer's Network", "Inconvenient Service Location",
		"Dealer Operating hours", "Dealer Service Capability", "Sales Capability (Expertise/ Coverage / Participation / SFM)",
		"Quote Processing Time", "Competitive Financial (Term/Rates/Scope)", "Warranty Term (Term/Rate/Scope)", "Product Durability",
		"Product Family Quality", "Application Fit", "Product Serviceability (access, ease of maintenance)", "Product Specification",
		"Mixed/Full Fleet Solution Not Available", "Used Parts/Equipment not Available", "Cat Price too High",
		"Cat Value story not Convincing", "Cat Value story - Not available", "Competition lifetime value superior",
	}
)

func wrong(rule, format string, args ...any) []Finding {
	return []Finding{{Rule: rule, Text: fmt.Sprintf(format, args...)}}
}

func asInSamples(rule, format string, args ...any) []Finding {
	return []Finding{{Rule: rule, Text: fmt.Sprintf(format, args...), Sample: true}}
}

// trimmed reads text; blanks at its ends are what samples have (R92).
func trimmed(raw json.RawMessage) (value string, isText bool, found []Finding) {
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return "", false, nil
	}
	short := strings.TrimSpace(value)
	if short != value {
		found = asInSamples("R92", "begins or ends with a blank")
	}
	return short, true, found
}

// text takes text of at most so many characters (R24, R90).
func text(most int) kind {
	return func(raw json.RawMessage) (string, []Finding) {
		value, isText, found := trimmed(raw)
		switch {
		case !isText:
			return "", wrong("R90", "is no text")
		case utf8.RuneCountInString(value) > most:
			return value, append(found, wrong("R90", "is longer than %d characters", most)...)
		}
		return value, found
	}
}

// oneOf takes text out of a list, or a former spelling of a value.
func oneOf(rule string, list []string, former map[string]string) kind {
	return func(raw json.RawMessage) (string, []Finding) {
		value, isText, found := trimmed(raw)
		now, old := former[value]
		switch {
		case !isText:
			return "", wrong(rule, "is no text")
		case value == "" || slices.Contains(list, value):
			return value, found
		case old:
			return now, append(found, asInSamples("R68", "is a former spelling")...)
		case rule == "R66" && value == "Other":
			return value, append(found, wrong("R67", "this reason is none any more")...)
		}
		return value, append(found, wrong(rule, "is none of Caterpillar's values")...)
	}
}

func day(raw json.RawMessage) (string, []Finding) {
	value, isText, found := trimmed(raw)
	if !isText {
		return "", wrong("R25", "is no text")
	}
	if _, err := time.Parse(time.DateOnly, value); err != nil && value != "" {
		found = append(found, wrong("R25", "is no day as YYYY-MM-DD")...)
	}
	return value, found
}

var threeLetters = regexp.MustCompile(`^[A-Z]{3}$`)

func currency(raw json.RawMessage) (string, []Finding) {
	value, isText, found := trimmed(raw)
	switch {
	case !isText:
		return "", wrong("R87", "is no text")
	case value != "" && !threeLetters.MatchString(value):
		found = append(found, wrong("R87", "is no code of three letters")...)
	}
	return value, found
}

func yesNo(raw json.RawMessage) (string, []Finding) {
	switch string(raw) {
	case "true":
		return "Yes", asInSamples("R74", "is a Boolean, not Yes or No")
	case "false":
		return "No", asInSamples("R74", "is a Boolean, not Yes or No")
	}
	return oneOf("R74", []string{"Yes", "No"}, nil)(raw)
}

func rating(raw json.RawMessage) (string, []Finding) {
	value, isText, found := trimmed(raw)
	if !isText {
		return "", wrong("R88", "is no text")
	}
	for _, known := range []string{"High", "Medium", "Low"} {
		if value != known && strings.EqualFold(value, known) {
			return known, append(found, asInSamples("R88", "is not capitalised")...)
		}
	}
	return oneOf("R88", []string{"High", "Medium", "Low"}, nil)(raw)
}

// number reads a JSON number as it is written, or, as in samples, text that
// holds one.
func number(rule string, raw json.RawMessage) (value string, found []Finding) {
	if value, isText, _ := trimmed(raw); isText {
		return value, asInSamples(rule, "is text, not a number")
	}
	return string(raw), nil
}

var (
	wholePercent = regexp.MustCompile(`^(?:100|[1-9]?[0-9])$`)
	positions    = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,13})(?:\.[0-9]{1,2})?$`)
)

func percentage(raw json.RawMessage) (string, []Finding) {
	value, found := number("R80", raw)
	if !wholePercent.MatchString(value) {
		return "", wrong("R80", "is no whole number from 0 to 100")
	}
	return value, found
}

func amount(raw json.RawMessage) (string, []Finding) {
	value, found := number("R89", raw)
	if !positions.MatchString(value) {
		return "", wrong("R89", "is no number with at most 14 digits before the point and 2 behind")
	}
	return value, found
}

func noDeal(raw json.RawMessage) (string, []Finding) {
	if value := string(raw); value == "0" || value == "1" {
		return value, nil
	}
	return "", wrong("R81", "is neither 0 nor 1")
}

// update is one element of a list of updates, understood: members with a worth.
type update map[string]string

// readUpdate reads one element. Null says the same as a missing member (R26).
// unread are the members that are there and hold nothing that can be understood.
func readUpdate(raw json.RawMessage) (out update, unread map[string]bool, found []Finding) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return nil, nil, wrong("R59", "is no object")
	}
	out, unread = update{}, map[string]bool{}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		known, wrongName := memberName(name)
		found = append(found, wrongName...)
		if known == "" || string(object[name]) == "null" {
			continue
		}
		if seen[known] {
			found = append(found, Finding{Member: known, Rule: "R91", Text: "stands there twice"})
			continue
		}
		seen[known] = true
		worth, about := members[known](object[name])
		for _, f := range about {
			f.Member = known
			found = append(found, f)
			unread[known] = unread[known] || worth == "" && !f.Sample
		}
		if worth != "" {
			out[known] = worth
		}
	}
	return out, unread, found
}

// memberName tells which member a name means, "" for none.
func memberName(name string) (known string, found []Finding) {
	if _, ok := members[name]; ok {
		return name, nil
	}
	short := strings.TrimSpace(name)
	if slices.Contains(goneNames, short) {
		return "", []Finding{{Member: short, Rule: "R93", Text: "is a name that is gone"}}
	}
	meant := short
	if m, ok := sampleNames[short]; ok {
		meant = m
	}
	if _, ok := members[meant]; ok {
		return meant, []Finding{{Member: meant, Rule: "R91", Text: "is spelt otherwise", Sample: true}}
	}
	return "", []Finding{{Member: short, Rule: "R91", Text: "is no member of an update"}}
}

// tidy writes the update as the specification has it.
func (u update) tidy() json.RawMessage {
	out := map[string]any{}
	for name, worth := range u {
		if slices.Contains(numeric, name) {
			out[name] = json.RawMessage(worth)
			continue
		}
		out[name] = worth
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err) // numbers were read before, all else is text
	}
	return text
}
