package sqlcrm

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// sentence puts reasons of a plan into words. maps are the code maps the value
// goes through, see mapsOf.
func sentence(reason plan.Reason, maps []string) string {
	switch reason {
	case plan.Missing:
		return "nothing is there and the interface needs it"
	case plan.Unmapped:
		if len(maps) == 0 {
			return "the text is none of the interface's words; a `map:` gives it one"
		}
		return "the code has no entry in " + strings.Join(maps, " or in ") + ", or not one of the interface's words; add it there, and what is held goes out by itself"
	case plan.Unreadable:
		return "the value cannot be read as what it should be"
	case plan.TooLong:
		return "the text is longer than the interface allows; `cut: true` would cut it"
	}
	return strings.ReplaceAll(string(reason), "-", " ")
}

// whyNoText puts into words why nothing could be made of a lead's member.
func whyNoText(reason plan.Reason, maps []string) string {
	if reason == plan.Unmapped && len(maps) > 0 {
		return "the code has no entry in " + strings.Join(maps, " or in ") + "; add it there, or an `else`, and the lead is written by itself"
	}
	return sentence(reason, maps)
}

// mapsOf names the code maps a value goes through, each with the file it stands
// in, in their order.
func mapsOf(file *mapfile.File, v *mapfile.Value) []string {
	var all []string
	var walk func(v *mapfile.Value, deep int)
	walk = func(v *mapfile.Value, deep int) {
		if v == nil || deep > 20 { // shared definitions may name each other; that is its own fault
			return
		}
		if v.Convert != nil && v.Convert.Map != nil {
			if name := homeOf(file, v.Convert.Map.Value); !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		for _, item := range v.Items {
			walk(item, deep+1)
		}
		if v.When != nil {
			walk(v.When.Then, deep+1)
			walk(v.When.Else, deep+1)
		}
		for _, d := range file.Define {
			if v.Kind == mapfile.RefValue && d.Name.Value == v.Ref.Value {
				walk(d.Value, deep+1)
			}
		}
	}
	walk(v, 0)
	return all
}

// homeOf names a code map and the file it stands in.
func homeOf(file *mapfile.File, name string) string {
	switch name {
	case crmfile.RejectedReasons, crmfile.DisqualifiedReasons, crmfile.ClosedReasons, crmfile.SalesStages:
		return name + ".yaml"
	}
	home := crmfile.FileName
	at := slices.IndexFunc(file.Maps, func(m *mapfile.CodeMap) bool { return m.Name.Value == name })
	if at >= 0 && file.Maps[at].File != nil {
		home = file.Maps[at].File.Value
	}
	return "the map `" + name + "` of " + home
}

// fieldMaps are the code maps a field of a section goes through. A percentage is
// made of a stage, so the stage's maps are its own.
func fieldMaps(file *mapfile.File, section *mapfile.Endpoint, field string) []string {
	var all []string
	for _, f := range section.Fields {
		if memberOf(f.Path.Value) == memberOf(field) {
			for _, name := range mapsOf(file, f.Value) {
				if !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
		}
	}
	return all
}
