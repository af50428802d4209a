// Package lead owns what an update of a lead must look like before it may be
// sent: the conditional rules R64 to R96 as one table, the tidying of values, and
// the ranges of the stages.
//
// It is pure. It knows no CRM, no queue and no HTTP: who asks, and what becomes of
// an update that is refused, is not its affair.
//
// Lengths count characters, not bytes (R24). Nothing is shortened here: how much of
// a text may go is for the dealer's mapping to say, so a text that is too long is a
// fault. What no update can hold because its type has no place for it needs no
// rule: names that are gone (R93) and names in odd spellings (R91).
package lead
