package sqlcrm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// mostCodes is how many different codes of a column are looked at, and
// mostNamed how many without an entry are named.
const (
	mostCodes = 500
	mostNamed = 10
)

// codes finds what the CRM holds, or can hold, that no map has an entry for.
func (c *CRM) codes(ctx context.Context, v *version) (mapfile.Faults, error) {
	var faults mapfile.Faults
	add := func(pos mapfile.Pos, path, format string, args ...any) {
		faults = append(faults, mapfile.Fault{File: v.file.Path, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if v.plan == nil {
		return nil, nil
	}
	section := v.file.Update.Section
	shared := v.conditional(section)
	for _, field := range section.Fields {
		for _, use := range mapUses(field.Value) {
			m := v.mapNamed(use.Convert.Map.Value)
			source, ok := sourceOf(section, use.Items[0].Column.Alias)
			if m == nil || !ok || use.Convert.Split != nil || use.Convert.Match != nil || use.Convert.Line != nil || use.Convert.Case != nil || use.Convert.Strip != nil || use.Convert.Replace != nil || use.Convert.Pad != nil || use.Convert.Plain {
				continue
			}
			column := use.Items[0].Column.Name
			held, err := c.held(ctx, plan.TableRef{Database: source.Database.Value, Table: source.Table.Value}, column)
			if err != nil {
				return nil, err
			}
			missing := without(m, held)
			if others := shared[columnName(use)]; slices.Contains(others, m) {
				// Which of the maps a code goes through is decided row by row.
				for _, other := range others {
					missing = without(other, missing)
				}
			}
			if len(missing) > 0 {
				add(use.Convert.Map.Pos, "update.fields."+memberOf(field.Path.Value), "%s.%s can hold %s, which the map %s has no entry for; leads with it are held",
					source.Table.Value, column, named(missing), m.Name.Value)
			}
		}
	}
	for _, list := range v.file.PickLists {
		m := v.mapNamed(list.Map.Value)
		if m == nil {
			faults = append(faults, mapfile.Fault{File: v.file.Path, Pos: list.Map.Pos, Path: "pickLists", Message: fmt.Sprintf("unknown map %q", list.Map.Value)})
			continue
		}
		held, err := c.listedCodes(ctx, list)
		if err != nil {
			if why, ok := database.Refusal(err); ok {
				add(list.Map.Pos, "pickLists."+list.Map.Value, "the pick list cannot be read: %s", why)
				continue
			}
			return nil, err
		}
		if missing := without(m, held); len(missing) > 0 {
			add(list.Map.Pos, "pickLists."+list.Map.Value, "the CRM offers %s, which the map %s has no entry for; leads with it would be held", named(missing), list.Map.Value)
		}
	}
	return faults, nil
}

// conditional are, for each column, the maps it goes through under conditions.
func (v *version) conditional(section *mapfile.Endpoint) map[string][]*mapfile.CodeMap {
	found := map[string][]*mapfile.CodeMap{}
	for _, field := range section.Fields {
		if field.Value == nil || field.Value.When == nil {
			continue
		}
		for _, use := range mapUses(field.Value) {
			if m := v.mapNamed(use.Convert.Map.Value); m != nil {
				found[columnName(use)] = append(found[columnName(use)], m)
			}
		}
	}
	return found
}

// columnName names the column a map is used on.
func columnName(use *mapfile.Value) string {
	return use.Items[0].Column.Alias + "." + use.Items[0].Column.Name
}

// mapUses are the plain columns that go through a map.
func mapUses(v *mapfile.Value) []*mapfile.Value {
	if v == nil {
		return nil
	}
	if v.Kind == mapfile.FromValue && v.Convert != nil && v.Convert.Map != nil && len(v.Items) == 1 && v.Items[0].Kind == mapfile.ColumnValue {
		return []*mapfile.Value{v}
	}
	var all []*mapfile.Value
	for _, item := range v.Items {
		all = append(all, mapUses(item)...)
	}
	if v.When != nil {
		all = append(all, mapUses(v.When.Then)...)
		all = append(all, mapUses(v.When.Else)...)
	}
	return all
}

func (v *version) mapNamed(name string) *mapfile.CodeMap {
	at := slices.IndexFunc(v.file.Shared.Maps, func(m *mapfile.CodeMap) bool { return m.Name.Value == name })
	if at < 0 {
		return nil
	}
	return v.file.Shared.Maps[at]
}

// sourceOf is the table behind an alias.
func sourceOf(section *mapfile.Endpoint, alias string) (mapfile.Source, bool) {
	if section.Source.Alias.Value == alias {
		return section.Source, section.Source.Select == nil
	}
	for _, j := range section.Join {
		if j.Name.Value == alias {
			return j.Source, j.Source.Select == nil
		}
	}
	return mapfile.Source{}, false
}

// held are the codes that stand in a column, and those its type allows.
func (c *CRM) held(ctx context.Context, ref plan.TableRef, name string) ([]string, error) {
	known, err := c.pool.inspect(ctx, []plan.TableRef{ref})
	if err != nil {
		return nil, err
	}
	t := known.Tables[ref]
	if t == nil || t.Column(name) == nil {
		return nil, nil // its own fault
	}
	col := t.Column(name)
	codes := slices.Clone(col.Members)
	rows, err := c.pool.anywhere().texts(ctx, fmt.Sprintf("select distinct %s from %s where %s is not null limit %d", database.Quoted(col.Name), t.SQL(), database.Quoted(col.Name), mostCodes), nil, 1)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		codes = append(codes, *row[0])
	}
	return codes, nil
}

func (c *CRM) listedCodes(ctx context.Context, list *crmfile.PickList) ([]string, error) {
	text := "select distinct " + database.Quoted(list.Column.Value) + " from " + database.TableSQL(plan.TableRef{Database: list.Source.Database.Value, Table: list.Source.Table.Value})
	var parts []string
	var args []any
	for _, l := range list.Where {
		parts = append(parts, database.Quoted(l.Column.Value)+" = ?")
		args = append(args, l.Text.Value)
	}
	if len(parts) > 0 {
		text += " where " + strings.Join(parts, " and ")
	}
	rows, err := c.pool.anywhere().texts(ctx, text+fmt.Sprintf(" limit %d", mostCodes), args, 1)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, row := range rows {
		if row[0] != nil {
			codes = append(codes, *row[0])
		}
	}
	return codes, nil
}

// without are the codes a map has no entry for.
func without(m *mapfile.CodeMap, codes []string) []string {
	if m.Else != nil || m.ElseNull {
		return nil
	}
	known := map[string]bool{}
	key := func(code string) string {
		code = convert.Clean(code)
		if m.IgnoreCase {
			code = strings.ToLower(code)
		}
		return code
	}
	for _, e := range m.Entries {
		known[key(e.Code.Value)] = true
	}
	var missing []string
	for _, code := range codes {
		if key(code) != "" && !known[key(code)] {
			missing = append(missing, convert.Clean(code))
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

func named(codes []string) string {
	var quotes []string
	for _, code := range codes[:min(len(codes), mostNamed)] {
		quotes = append(quotes, fmt.Sprintf("%q", code))
	}
	text := strings.Join(quotes, ", ")
	if len(codes) > mostNamed {
		text += fmt.Sprintf(" and %d more", len(codes)-mostNamed)
	}
	return text
}
