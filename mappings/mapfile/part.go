package mapfile

import (
	"reflect"
	"slices"
)

// Incremental is what the answer made of `changes:` is called where endpoints
// are named.
const Incremental = "incremental"

// Part gives what one endpoint of the file is made of (or the changes, by the
// name Incremental): all other endpoints are none, filters of tables that are
// not read any more and definitions nobody uses are gone. The file itself stays
// as it is.
func (f *File) Part(endpoint string) *File {
	part := *f
	kept := []string{endpoint}
	if endpoint == "dealer-category" {
		// Rates of one customer are found by the number, so something has to say how it is made.
		kept = append(kept, f.withCustomers())
	}
	part.Endpoints = nil
	for _, ep := range f.Endpoints {
		if !slices.Contains(kept, ep.Name.Value) {
			ep = &Endpoint{Name: ep.Name, None: true}
		}
		part.Endpoints = append(part.Endpoints, ep)
	}
	if endpoint != Incremental {
		part.Changes = &Changes{Pos: f.Pos}
	}
	part.Joins = nil // every use holds its own
	part.Define, part.Documents, part.Owner, part.State = nil, nil, nil, nil
	part.keepUsed(f)
	return &part
}

// withCustomers names an endpoint whose rows lead to a customer number.
func (f *File) withCustomers() string {
	for _, name := range []string{"customer", "contract", "jobsite", "invoice"} {
		for _, ep := range f.Endpoints {
			if ep.Name.Value == name && !ep.None && ep.Fixed == nil && len(SQLOf(ep)) == 0 {
				return name
			}
		}
	}
	return ""
}

// keepUsed takes over what the part refers to, until nothing new turns up.
func (f *File) keepUsed(whole *File) {
	for {
		u := usesOf(f)
		before := len(f.Define) + len(f.Documents)
		f.Define, f.Documents = nil, nil
		for _, d := range whole.Define {
			if u.names[d.Name.Value] {
				f.Define = append(f.Define, d)
			}
		}
		for _, d := range whole.Documents {
			if u.documents[d.Kind.Value] {
				f.Documents = append(f.Documents, d)
			}
		}
		if len(f.Define)+len(f.Documents) == before {
			f.Owner, f.State = u.filters(whole.Owner), u.filters(whole.State)
			return
		}
	}
}

// SQLOf lists the SQL texts in a tree: a file, an endpoint, a part of one.
func SQLOf(tree any) []Text {
	var found []Text
	walk(reflect.ValueOf(tree), func(at any) {
		v := reflect.ValueOf(at).Elem()
		for _, name := range []string{"SQL", "On", "Select"} {
			if member := v.FieldByName(name); member.IsValid() {
				if t, ok := member.Interface().(*Text); ok && t != nil {
					found = append(found, *t)
				}
			}
		}
	})
	return found
}

// OneDatabase moves tables of other databases into the connection's own, under
// names like `archive.LINE`, for those who have a single database to put all
// tables into. Filters go along, and so do the tables in beside, which are
// pointers to what belongs to the same dealer.
func (f *File) OneDatabase(beside ...any) {
	moved := map[string][]string{}
	walk(reflect.ValueOf(append([]any{f}, beside...)), func(at any) {
		s, ok := at.(*Source)
		if !ok || s.Database.Value == "" {
			return
		}
		was := s.Table.Value
		s.Table.Value = s.Database.Value + "." + was
		s.Database = Text{}
		if !slices.Contains(moved[was], s.Table.Value) {
			moved[was] = append(moved[was], s.Table.Value)
		}
	})
	for _, filters := range []*[]TableFilter{&f.Owner, &f.State} {
		for _, filter := range slices.Clone(*filters) {
			for _, name := range moved[filter.Table.Value] {
				again := filter
				again.Table.Value = name
				*filters = append(*filters, again)
			}
		}
	}
}

// uses is what a tree refers to by name.
type uses struct {
	tables, names, documents map[string]bool
}

func usesOf(f *File) uses {
	u := uses{tables: map[string]bool{}, names: map[string]bool{}, documents: map[string]bool{}}
	walk(reflect.ValueOf(f), func(at any) {
		switch at := at.(type) {
		case *Source:
			u.tables[at.Table.Value] = true
			u.tables[at.Database.Value+"."+at.Table.Value] = true
		case *Value:
			switch at.Kind {
			case RefValue:
				u.names[at.Ref.Value] = true
			case DocumentValue:
				u.documents[at.Ref.Value] = true
			}
			for _, p := range at.Parts {
				u.names[p.Ref] = true
			}
		case *Endpoint:
			u.use(at.Use)
		case *ListSource:
			u.use(at.Use)
		}
	})
	return u
}

func (u uses) use(groups []Text) {
	for _, g := range groups {
		u.names[g.Value] = true
	}
}

func (u uses) filters(all []TableFilter) []TableFilter {
	return slices.DeleteFunc(slices.Clone(all), func(f TableFilter) bool { return !u.tables[f.Table.Value] })
}

// walk visits every struct of a tree, as a pointer to it.
func walk(v reflect.Value, visit func(any)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.CanAddr() {
			visit(v.Addr().Interface())
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(v.Field(i), visit)
			}
		}
	default:
	}
}
