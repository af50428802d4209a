package sqlcrm

import (
	"fmt"
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// companion is a member of an update that others need beside them. Without it
// every such update would be held, so it is said before the first one.
type companion struct {
	member string
	by     string // what needs it
	rule   string
}

// companions warns of members that nobody mapped although what is mapped needs
// them: the reasons of leads that are turned down, and what goes with an
// opportunity.
func companions(file *crmfile.File) mapfile.Faults {
	section := file.Update.Section
	mapped := map[string]mapfile.Text{}
	note := func(fields []*mapfile.Field) {
		for _, f := range fields {
			mapped[f.Path.Value] = f.Path
		}
	}
	note(section.Fields)
	for _, d := range file.Shared.Define {
		if slices.ContainsFunc(section.Use, func(u mapfile.Text) bool { return u.Value == d.Name.Value }) {
			note(d.Fields)
		}
	}
	var needed []companion
	words := wordsOf(file, section.Fields, "leadStatus")
	if slices.Contains(words, "Rejected") {
		needed = append(needed, companion{"rejectedReasonWhy", "a lead that is Rejected", "R66"})
	}
	if slices.Contains(words, "Disqualified") {
		needed = append(needed, companion{"disqualifiedReasonWhy", "a lead that is Disqualified", "R70"})
	}
	if slices.Contains(wordsOf(file, section.Fields, "customerContacted"), "Yes") {
		needed = append(needed, companion{"dateContacted", "a customer who was contacted", "R73"})
	}
	for _, opportunity := range []string{crmfile.StageField, "probabilityOfClosurePercentage", "dealerOpportunityId", "targetDate"} {
		if _, ok := mapped[opportunity]; ok {
			const by = "an opportunity"
			needed = append(needed, companion{"dealerOpportunityId", by, "R76"}, companion{"opportunityAmount", by, "R75"}, companion{"targetDate", by, "R75"})
			break
		}
	}
	var found mapfile.Faults
	for _, n := range needed {
		if _, ok := mapped[n.member]; !ok {
			found = append(found, mapfile.Fault{
				File: file.Path, Pos: section.Name.Pos, Path: "update.fields", About: n.member, Warning: true,
				Message: fmt.Sprintf("%s needs %s, which is not mapped; updates without it are held (%s)", n.by, n.member, n.rule),
			})
		}
	}
	return found
}

// wordsOf are the fixed words that a member can come to have: those of its maps
// and those that stand there as they are sent.
func wordsOf(file *crmfile.File, fields []*mapfile.Field, member string) []string {
	var words []string
	var gather func(v *mapfile.Value)
	gather = func(v *mapfile.Value) {
		if v == nil {
			return
		}
		if v.Literal != nil {
			words = append(words, v.Literal.Value)
		}
		if v.Convert != nil && v.Convert.Map != nil {
			for _, m := range file.Shared.Maps {
				if m.Name.Value != v.Convert.Map.Value {
					continue
				}
				for _, e := range m.Entries {
					words = append(words, e.Word.Value)
				}
			}
		}
		for _, item := range v.Items {
			gather(item)
		}
		if v.When != nil {
			gather(v.When.Then)
			gather(v.When.Else)
		}
	}
	for _, f := range fields {
		if f.Path.Value == member {
			gather(f.Value)
		}
	}
	return words
}
