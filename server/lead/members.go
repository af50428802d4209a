package lead

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// member is one member of an update. value gives what it holds as text, "" for
// nothing; tidy brings it into the form it is sent in.
type member struct {
	name  string
	value func(*model.LeadUpdate) string
	tidy  func(*model.LeadUpdate)
	forms []form
}

// form finds what is wrong with a value by itself; rule is "" where nothing is.
type form func(value string) (rule, reason string)

// members are all members of an update, in the order of the specification, each
// with what it may hold (R90). leadId takes 80 characters here although leads come
// with up to 255.
var members = []member{
	required("leadId", func(u *model.LeadUpdate) *string { return &u.LeadID }, clean, length(80)),
	required("dealerLeadId", func(u *model.LeadUpdate) *string { return &u.DealerLeadID }, clean, length(80)),
	required(status, func(u *model.LeadUpdate) *model.LeadStatus { return &u.LeadStatus }, word(statuses), oneOf("R65", statuses)),
	required("dealerSalesRep", func(u *model.LeadUpdate) *string { return &u.DealerSalesRep }, clean, length(50)),
	required("dealerSalesRepNumber", func(u *model.LeadUpdate) *string { return &u.DealerSalesRepNumber }, clean, length(100)),
	required("currencyIsoCode", func(u *model.LeadUpdate) *string { return &u.CurrencyIsoCode }, strings.ToUpper, currency),
	optional(noDeal, func(u *model.LeadUpdate) **model.ClosedNoDeal { return &u.ClosedNoDeal }, zeroOrOne),
	optionalText("closedReasonComments", func(u *model.LeadUpdate) **string { return &u.ClosedReasonComments }, clean, length(255)),
	optionalText("comments", func(u *model.LeadUpdate) **string { return &u.Comments }, clean, length(1000)),
	optionalText("currentProductOfInterestDetails", func(u *model.LeadUpdate) **string { return &u.CurrentProductOfInterestDetails }, clean, length(255)),
	optionalText("customerPreviouslyKnown", func(u *model.LeadUpdate) **model.YesNo { return &u.CustomerPreviouslyKnown }, word(yesNo), oneOf("R74", yesNo)),
	optionalText(contacted, func(u *model.LeadUpdate) **model.YesNo { return &u.CustomerContacted }, word(yesNo), oneOf("R74", yesNo)),
	optionalText("dateContacted", func(u *model.LeadUpdate) **string { return &u.DateContacted }, clean, day),
	optionalText(customer, func(u *model.LeadUpdate) **string { return &u.DealerCustomerNumber }, clean, length(40)),
	optionalText(opportunity, func(u *model.LeadUpdate) **string { return &u.DealerOpportunityID }, clean, length(80)),
	optionalText(disqualSay, func(u *model.LeadUpdate) **string { return &u.DisqualifiedReasonComments }, clean, length(255)),
	optionalText(disqualWhy, func(u *model.LeadUpdate) **model.DisqualifiedReason { return &u.DisqualifiedReasonWhy }, word(disqualifications), oneOf("R70", disqualifications)),
	optionalText(amount, func(u *model.LeadUpdate) **json.Number { return &u.OpportunityAmount }, shortest, money),
	optionalText(closedReason, func(u *model.LeadUpdate) **model.PrimaryClosedReason { return &u.PrimaryClosedReason }, word(closedReasons), oneOf("R83", closedReasons)),
	optional(probability, func(u *model.LeadUpdate) **int64 { return &u.ProbabilityOfClosurePercentage }, percent),
	optionalText("quoteSentDate", func(u *model.LeadUpdate) **string { return &u.QuoteSentDate }, clean, day),
	optionalText("quoteId", func(u *model.LeadUpdate) **string { return &u.QuoteID }, clean, length(255)),
	optionalText("rating", func(u *model.LeadUpdate) **model.Rating { return &u.Rating }, word(ratings), oneOf("R88", ratings)),
	optionalText(rejectedSay, func(u *model.LeadUpdate) **string { return &u.RejectedReasonComments }, clean, length(1000)),
	optionalText(rejectedWhy, func(u *model.LeadUpdate) **model.RejectedReason { return &u.RejectedReasonWhy }, word(rejections), oneOf("R66", rejections)),
	optionalText("secondaryClosedReason", func(u *model.LeadUpdate) **string { return &u.SecondaryClosedReason }, clean, length(2500)),
	optionalText(target, func(u *model.LeadUpdate) **string { return &u.TargetDate }, clean, day),
}

// textual forms are those every text has to have.
var textual = []form{utf8Only, trimmed}

// required is a text that is always there.
func required[S ~string](name string, at func(*model.LeadUpdate) *S, tidy func(string) string, forms ...form) member {
	return member{
		name:  name,
		value: func(u *model.LeadUpdate) string { return content(string(*at(u))) },
		tidy:  func(u *model.LeadUpdate) { *at(u) = S(tidy(strings.TrimSpace(string(*at(u))))) },
		forms: append(append([]form{}, textual...), forms...),
	}
}

// optionalText is a text, or a number kept as one, that may be missing.
func optionalText[S ~string](name string, at func(*model.LeadUpdate) **S, tidy func(string) string, forms ...form) member {
	return member{
		name: name,
		value: func(u *model.LeadUpdate) string {
			if p := *at(u); p != nil {
				return content(string(*p))
			}
			return ""
		},
		tidy: func(u *model.LeadUpdate) {
			p := *at(u)
			if p == nil {
				return
			}
			tidied := S(tidy(strings.TrimSpace(string(*p))))
			if *at(u) = &tidied; tidied == "" {
				*at(u) = nil
			}
		},
		forms: append(append([]form{}, textual...), forms...),
	}
}

// optional is a whole number that may be missing.
func optional[N ~int64](name string, at func(*model.LeadUpdate) **N, forms ...form) member {
	return member{
		name: name,
		value: func(u *model.LeadUpdate) string {
			if p := *at(u); p != nil {
				return strconv.FormatInt(int64(*p), 10)
			}
			return ""
		},
		tidy:  func(*model.LeadUpdate) {},
		forms: forms,
	}
}

// content: a text of blanks alone holds nothing.
func content(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

func clean(s string) string { return s }

// The lists of words, in Caterpillar's spelling.
var (
	statuses   = texts(model.LeadStatusAccepted, model.LeadStatusRejected, model.LeadStatusDisqualified)
	yesNo      = texts(model.YesNoYes, model.YesNoNo)
	ratings    = texts(model.RatingHigh, model.RatingMedium, model.RatingLow)
	rejections = texts(
		model.RejectedReasonBadContactInformation, model.RejectedReasonForAnotherDealer, model.RejectedReasonProductServiceNotOfferedAtDealership,
		model.RejectedReasonEndUserEndUseOrEndDestinationMayBeRestricted, model.RejectedReasonDuplicateLeadReceived,
		model.RejectedReasonSpamInappropriateLeadSubmission,
	)
	disqualifications = texts(
		model.DisqualifiedReasonCannotReachNoResponseFromCustomer, model.DisqualifiedReasonPurchaseTimeFrameChanged,
		model.DisqualifiedReasonNoBudget, model.DisqualifiedReasonNoLongerAProductNeedWant, model.DisqualifiedReasonCustomerAlreadyPurchased,
		model.DisqualifiedReasonEndUserEndUseOrEndDestinationMayBeRestricted, model.DisqualifiedReasonDealerNotInterestedInPursuing,
		model.DisqualifiedReasonLeadAlreadyKnown, model.DisqualifiedReasonOther,
	)
	closedReasons = texts(
		model.PrimaryClosedReasonProductsPartsNotInCatNetwork, model.PrimaryClosedReasonProductsPartsNotInDealerSNetwork,
		model.PrimaryClosedReasonInconvenientServiceLocation, model.PrimaryClosedReasonDealerOperatingHours,
		model.PrimaryClosedReasonDealerServiceCapability, model.PrimaryClosedReasonSalesCapabilityExpertiseCoverageParticipationSFM,
		model.PrimaryClosedReasonQuoteProcessingTime, model.PrimaryClosedReasonCompetitiveFinancialTermRatesScope,
		model.PrimaryClosedReasonWarrantyTermTermRateScope, model.PrimaryClosedReasonProductDurability,
		model.PrimaryClosedReasonProductFamilyQuality, model.PrimaryClosedReasonApplicationFit,
		model.PrimaryClosedReasonProductServiceabilityAccessEaseOfMaintenance, model.PrimaryClosedReasonProductSpecification,
		model.PrimaryClosedReasonMixedFullFleetSolutionNotAvailable, model.PrimaryClosedReasonUsedPartsEquipmentNotAvailable,
		model.PrimaryClosedReasonCatPriceTooHigh, model.PrimaryClosedReasonCatValueStoryNotConvincing,
		model.PrimaryClosedReasonCatValueStoryNotAvailable, model.PrimaryClosedReasonCompetitionLifetimeValueSuperior,
	)
)

// formerly are former spellings of a reason to reject (R68), in small letters.
var formerly = map[string]string{
	"product / service not offered at dealership": string(model.RejectedReasonProductServiceNotOfferedAtDealership),
	"product/service not offered":                 string(model.RejectedReasonProductServiceNotOfferedAtDealership),
}

func texts[S ~string](words ...S) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return all
}

// word gives a word as its list spells it; others stay as they are.
func word(list []string) func(string) string {
	return func(s string) string {
		for _, w := range list {
			if strings.EqualFold(w, s) {
				return w
			}
		}
		if now, ok := formerly[strings.ToLower(s)]; ok && list[0] == rejections[0] {
			return now
		}
		return s
	}
}

func utf8Only(s string) (rule, reason string) {
	if !utf8.ValidString(s) {
		return "R24", "it holds bytes that are no text; declare the character set of its column"
	}
	return "", ""
}

func trimmed(s string) (rule, reason string) {
	if s != strings.TrimSpace(s) {
		return "R92", "it begins or ends with a blank"
	}
	return "", ""
}

func length(most int) form {
	return func(s string) (rule, reason string) {
		if utf8.RuneCountInString(s) > most {
			return "R90", "it is longer than " + strconv.Itoa(most) + " characters; shorten it in the CRM, or declare a cut in the mapping"
		}
		return "", ""
	}
}

func oneOf(id string, list []string) form {
	return func(s string) (rule, reason string) {
		for _, w := range list {
			if s == w {
				return "", ""
			}
		}
		if id == "R66" && strings.EqualFold(strings.TrimSpace(s), "Other") {
			return "R67", "Other is no reason to reject any more; map it to one of the six"
		}
		return id, "it is none of Caterpillar's own values; map it to one of them"
	}
}

func day(s string) (rule, reason string) {
	if _, err := time.Parse(time.DateOnly, strings.TrimSpace(s)); err != nil {
		return "R25", "it is no day in the form YYYY-MM-DD; declare the spelling of its column"
	}
	return "", ""
}

var capitals = regexp.MustCompile(`^[A-Z]{3}$`)

func currency(s string) (rule, reason string) {
	if !capitals.MatchString(strings.TrimSpace(s)) {
		return "R87", "it is no currency code of three capital letters; map it to one"
	}
	return "", ""
}

func zeroOrOne(s string) (rule, reason string) {
	if s != "0" && s != "1" {
		return "R81", "it is neither 0 nor 1; map it to one of them"
	}
	return "", ""
}

func percent(s string) (rule, reason string) {
	if n, err := strconv.ParseInt(s, 10, 64); err != nil || n < 0 || n > 100 {
		return "R80", "it is no whole number from 0 to 100; map the stage to one"
	}
	return "", ""
}

var (
	inPlaces = regexp.MustCompile(`^(0|[1-9][0-9]{0,13})(\.[0-9]{1,2})?$`)
	plainly  = regexp.MustCompile(`^\+?0*([0-9]+)(?:\.([0-9]*?)0*)?$`)
)

func money(s string) (rule, reason string) {
	if !inPlaces.MatchString(strings.TrimSpace(s)) {
		return "R89", "it is no amount with at most 14 digits before the point and 2 behind it, and not below zero; correct it in the CRM"
	}
	return "", ""
}

// shortest writes a number without a plus, without zeros in front and behind.
func shortest(s string) string {
	parts := plainly.FindStringSubmatch(s)
	switch {
	case parts == nil:
		return s
	case parts[2] == "":
		return parts[1]
	}
	return parts[1] + "." + parts[2]
}

// isZero tells whether a number is missing or zero, however many digits say so.
func isZero(s string) bool { return strings.Trim(s, "0. ") == "" }
