package sqlrms

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// refused is the fault of a statement that the server does not accept. It lies
// in the mapping's own SQL where what the server names is found there, else at
// the endpoint that the statement serves.
func (v *version) refused(s plan.Prepared, why string) mapfile.Fault {
	own, others := v.sqlNear(s.Name)
	written := append(own, others...)
	texts := make([]string, len(written))
	for i, t := range written {
		texts[i] = t.Value
	}
	if found := sqltext.Blame(why, s.Text, texts, sqltext.Dialect(v.plan.Dialect())); found != nil {
		t := written[found.Text]
		// One place serves several statements. It is told once, in the same words.
		return mapfile.Fault{
			File: v.file.Path, Pos: v.file.At(t, found.Offset), Path: sectionOf(s.Name),
			Message: "the database does not accept this SQL: " + found.Words(why, t.Value),
		}
	}
	return mapfile.Fault{
		File: v.file.Path, Pos: v.placeOf(s.Name), Path: s.Name,
		Message: "the database does not accept the statement made of this: " + why,
	}
}

// unknownName is how servers say which column they do not know.
var unknownName = regexp.MustCompile(`(?i)unknown column '([^']+)'|no such column: "?([^"\s]+)`)

// columnMeant is the column that was probably meant where the server knows none
// of the name, with the alias that was written: one of the alias's table, or of
// any table where the statement does not tell. "" where none is near.
func columnMeant(why, statement string, schema plan.Schema) string {
	found := unknownName.FindStringSubmatch(why)
	if found == nil {
		return ""
	}
	alias, name := "", found[1]+found[2]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		alias, name = name[:dot+1], name[dot+1:]
	}
	var known []string
	table := tableUnder(statement, strings.TrimSuffix(alias, "."))
	for ref, t := range schema {
		if table != "" && ref.Table != table {
			continue
		}
		for _, c := range t.Columns {
			known = append(known, c.Name)
		}
	}
	slices.Sort(known)
	if near := mapfile.Nearest(name, slices.Compact(known)); near != "" {
		return alias + near
	}
	return ""
}

// tableUnder is the table that stands under an alias in a statement of ours; ""
// where there is none.
func tableUnder(statement, alias string) string {
	before, _, found := strings.Cut(statement, "` as `"+alias+"`")
	if !found {
		return ""
	}
	return before[strings.LastIndexByte(before, '`')+1:]
}

// sqlNear is the mapping's own SQL: what stands in the section of a statement,
// and what stands elsewhere and can be shared.
func (v *version) sqlNear(statement string) (own, others []mapfile.Text) {
	from := v.placeOf(statement)
	until := 0 // line of the section behind it; 0: none
	for _, e := range v.file.Endpoints {
		if line := e.Name.Pos.Line; line > from.Line && (until == 0 || line < until) {
			until = line
		}
	}
	for _, t := range mapfile.SQLOf(v.file) {
		if t.Pos.Line >= from.Line && (until == 0 || t.Pos.Line < until) {
			own = append(own, t)
		} else {
			others = append(others, t)
		}
	}
	return own, others
}

// sectionOf is the section of a mapping that a statement was made for; its name
// begins with it.
func sectionOf(statement string) string {
	if end := strings.IndexAny(statement, " ."); end >= 0 {
		return statement[:end]
	}
	return statement
}

// placeOf is where the section of a statement stands.
func (v *version) placeOf(statement string) mapfile.Pos {
	name := sectionOf(statement)
	for _, e := range v.file.Endpoints {
		if e.Name.Value == name {
			return e.Name.Pos
		}
	}
	return v.file.Pos
}
