package main_test

import (
	"fmt"
	"slices"
	"testing"
)

// The rule book (openapi/RULES.md, R1 to R104) about codes and leads as tests.
// Each proof has the built gateway, or its clients, talk over HTTP with a far side
// that is written from the rules alone, and looks at what went over the wire, into
// the CRM, and to people.

// lastLeadRule is the last rule about codes on machines and leads.
const lastLeadRule = 104

// leadRule is one proof of one rule.
type leadRule struct {
	number int
	says   string
	prove  func(*testing.T)
}

// leadInforms are the rules that ask nothing of the gateway, each with the reason.
var leadInforms = map[int]string{
	28: "is about how long credentials take to come; that the two sets are configured apart is R23",
}

// heldByNothing are the rules about what an update holds for which no update is
// held, each with the reason.
var heldByNothing = map[int]string{
	77: "the stage has no member of its own: the percentage is made from the dealer's, within its range",
	79: "is about the dealer's maps, which are refused as files",
	85: "says that nothing is demanded",
	86: "says that nothing is demanded",
	91: "what an update is made of has no other names; faults of samples are read",
	92: "blanks are taken off",
	93: "a mapping that names such a member is refused as a file",
	94: "has its own maps, so it is proved with a desk of its own",
}

func leadRules() []leadRule {
	return slices.Concat(codeRules, serviceRules, fetchRules, historicRules, postRules, failureRules)
}

func TestLeadRules(t *testing.T) {
	for _, r := range leadRules() {
		t.Run(fmt.Sprintf("R%d/%s", r.number, r.says), r.prove)
	}
}

func TestEveryRuleAboutCodesAndLeadsIsProvedOrInforms(t *testing.T) {
	proved, names := map[int]bool{}, map[string]bool{}
	note := func(number int, says string, proves bool) {
		name := fmt.Sprintf("R%d/%s", number, says)
		if names[name] {
			t.Errorf("%s stands twice", name)
		}
		names[name], proved[number] = true, true
		if number < 1 || number > lastLeadRule || !proves || says == "" {
			t.Errorf("%s proves no rule of this book", name)
		}
	}
	for _, r := range leadRules() {
		note(r.number, r.says, r.prove != nil)
	}
	for _, c := range updateCases {
		note(c.number, c.says, c.sent != nil || c.held != nil)
	}
	for n := 64; n <= 95; n++ {
		sent := slices.ContainsFunc(updateCases, func(c updateCase) bool { return c.number == n && c.sent != nil })
		held := slices.ContainsFunc(updateCases, func(c updateCase) bool { return c.number == n && c.held != nil })
		if _, apart := heldByNothing[n]; apart == (sent && held) {
			t.Errorf("R%d: sent %v, held %v, nothing can be held for it %v", n, sent, held, apart)
		}
	}
	for n := 1; n <= lastLeadRule; n++ {
		if _, told := leadInforms[n]; told == proved[n] {
			t.Errorf("R%d: proved %v, only informs %v; exactly one must hold", n, proved[n], told)
		}
	}
}
