package crmfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// sets reads a map from columns to what they get. rests are the rows that what
// is cut off may go to; nil where nothing may be cut off.
func (d *decoder) sets(n *mapfile.Node, path string, rests []string) []*Set {
	if n.Kind != mapfile.MapNode || len(n.Pairs) == 0 {
		d.Wrong(n, path, "a map from columns to values, such as {NAME: lead.name},")
		return nil
	}
	var all []*Set
	for _, p := range n.Pairs {
		if w := d.write(p.Value, path+"."+p.Key.Value, rests); w != nil {
			all = append(all, &Set{Column: p.Key, Value: w})
		}
	}
	return all
}

// writeKeys are the keys of a value that are this package's; the others are
// those of any value.
func writeKeys(n *mapfile.Node) []string {
	keys := []string{"as", "zone", "cut", "rest", "instead"}
	if n.Get("territory") != nil {
		keys = append(keys, "territory", "by", "take", "else")
	}
	return keys
}

// apart parts the keys that are this package's from those of any value.
func apart(n *mapfile.Node) (own, others *mapfile.Node) {
	own = &mapfile.Node{Kind: mapfile.MapNode, Pos: n.Pos}
	if n.Kind != mapfile.MapNode {
		return own, n
	}
	others = &mapfile.Node{Kind: mapfile.MapNode, Pos: n.Pos}
	for _, p := range n.Pairs {
		if slices.Contains(writeKeys(n), p.Key.Value) {
			own.Pairs = append(own.Pairs, p)
		} else {
			others.Pairs = append(others.Pairs, p)
		}
	}
	// {from: lead.name} is lead.name.
	if from := others.Get("from"); from != nil && len(others.Pairs) == 1 && from.Kind == mapfile.ScalarNode && len(own.Pairs) > 0 {
		others = from
	}
	return own, others
}

// write reads what a column gets.
func (d *decoder) write(n *mapfile.Node, path string, rests []string) *Write {
	w := &Write{Pos: n.Pos}
	rest := n
	switch n.Kind {
	case mapfile.ListNode:
		// What is said of one item of a list goes for whichever is written.
		rest = &mapfile.Node{Kind: mapfile.ListNode, Pos: n.Pos}
		for _, item := range n.Items {
			own, others := apart(item)
			if k := d.Keys(own, path, writeContext); k != nil {
				d.writeOptions(w, k, rests)
			}
			rest.Items = append(rest.Items, others)
		}
	case mapfile.MapNode:
		own, others := apart(n)
		rest = others
		if k := d.Keys(own, path, writeContext); k != nil {
			d.writeOptions(w, k, rests)
			if v := k.Get("territory"); v != nil {
				w.Territory = d.territory(k)
				for _, p := range others.Pairs {
					d.Unknown(p.Key, path, "key", []string{"territory", "by", "take", "else", "as", "zone", "cut", "rest", "instead"})
				}
				for _, by := range w.Territory.By {
					w.Columns = append(w.Columns, columnsOf(by.Value)...)
				}
				return w
			}
		}
	}
	w.Value = d.Value(rest, path, d.order)
	if w.Value == nil {
		return nil
	}
	d.fitsHere(w.Value, path)
	w.Columns = columnsOf(w.Value)
	for _, ref := range w.Columns {
		d.columnKnown(ref, path)
	}
	return w
}

func (d *decoder) writeOptions(w *Write, k *mapfile.Keys, rests []string) {
	if v := k.Get("as"); v != nil {
		if t := d.Text(v, k.At("as")); t.Value != "" {
			w.As = &t
		}
	}
	if v := k.Get("zone"); v != nil {
		if t := d.Text(v, k.At("zone")); t.Value != "" {
			w.Zone = &t
		}
	}
	if v := k.Get("instead"); v != nil {
		w.Instead = d.Word(v, k.At("instead"))
	}
	if v := k.Get("cut"); v != nil {
		switch {
		case v.Kind == mapfile.ScalarNode && (v.Text.Value == "true" || v.Text.Value == "false"):
			w.Cut = v.Text.Value == "true"
		default:
			w.Length = d.Whole(v, k.At("cut"), 1)
			w.Cut = w.Length != nil
		}
	}
	v := k.Get("rest")
	switch {
	case v == nil:
	case rests == nil:
		d.Fault(v.Pos, k.At("rest"), "`rest` stands under `insert`")
	case !w.Cut:
		d.Fault(v.Pos, k.At("rest"), "`rest` needs a `cut` beside it")
	default:
		ref, ok := d.Column(v, k.At("rest"), rests)
		if ok && !slices.Contains(rests, ref.Alias) {
			d.Unknown(mapfile.Text{Value: ref.Alias, Pos: ref.Pos}, k.At("rest"), "row", rests)
		} else if ok {
			w.Rest = &RowColumn{Row: ref.Alias, Column: ref.Name, Pos: ref.Pos}
		}
	}
}

// fitsHere reports forms of values that only make sense where rows are read.
func (d *decoder) fitsHere(v *mapfile.Value, path string) {
	switch v.Kind {
	case mapfile.SQLValue, mapfile.AggregateValue, mapfile.DocumentValue, mapfile.NameValue:
		d.Fault(v.Pos, path, "nothing is read from a database here; a value is made of lead.…, gateway.… and keys of earlier rows")
	}
	if v.OnBad != nil || v.Fallback != nil {
		d.Fault(v.Pos, path, "onBad: and placeholder: are for answers; a lead that does not fit is held")
	}
	for _, item := range v.Items {
		d.fitsHere(item, path)
	}
	if v.When != nil {
		for _, branch := range []*mapfile.Value{v.When.Then, v.When.Else} {
			if branch != nil {
				d.fitsHere(branch, path)
			}
		}
	}
}

// columnsOf are the names a value is made of.
func columnsOf(v *mapfile.Value) []mapfile.ColumnRef {
	if v == nil {
		return nil
	}
	var all []mapfile.ColumnRef
	if v.Kind == mapfile.ColumnValue {
		all = append(all, v.Column)
	}
	for _, item := range v.Items {
		all = append(all, columnsOf(item)...)
	}
	for _, part := range v.Parts {
		if part.Column != nil {
			all = append(all, *part.Column)
		}
	}
	if v.Convert != nil && v.Convert.Hash != nil {
		for _, item := range v.Convert.Hash.Over {
			all = append(all, columnsOf(item)...)
		}
	}
	if v.When != nil {
		all = append(all, comparedIn(v.When.If)...)
		all = append(all, columnsOf(v.When.Then)...)
		all = append(all, columnsOf(v.When.Else)...)
	}
	return all
}

func comparedIn(all []*mapfile.Condition) []mapfile.ColumnRef {
	var refs []mapfile.ColumnRef
	for _, c := range all {
		refs = append(refs, comparedIn(c.Any)...)
		refs = append(refs, comparedIn(c.Not)...)
		for _, cmp := range c.Compare {
			alias, name, _ := strings.Cut(cmp.Name.Value, ".")
			refs = append(refs, mapfile.ColumnRef{Alias: alias, Name: name, Pos: cmp.Name.Pos})
		}
	}
	return refs
}

// keys reads how the columns of a key come into being.
func (d *decoder) keys(n *mapfile.Node, path string) []*Key {
	if n.Kind != mapfile.MapNode || len(n.Pairs) == 0 {
		d.Wrong(n, path, "a map from columns to how they come into being, such as {NO: auto},")
		return nil
	}
	var all []*Key
	for _, p := range n.Pairs {
		at := path + "." + p.Key.Value
		key := &Key{Column: p.Key}
		switch {
		case p.Value.Kind == mapfile.ScalarNode && p.Value.Text.Value == "auto":
			key.Auto = true
		case p.Value.Kind == mapfile.ScalarNode && p.Value.Text.Value == "uuid":
			key.UUID = true
		case p.Value.Kind == mapfile.ScalarNode && !strings.Contains(p.Value.Text.Value, "."):
			d.Unknown(p.Value.Text, at, "way a key comes into being", []string{"auto", "uuid"})
			continue
		case p.Value.Get("counter") != nil:
			if k := d.Keys(p.Value, at, keyContext); k != nil {
				key.Counter = d.counter(k.Get("counter"), k.At("counter"))
			}
			if key.Counter == nil {
				continue
			}
		case p.Value.Get("format") != nil:
			if k := d.Keys(p.Value, at, keyContext); k != nil {
				key.Format = d.format(k.Get("format"), k.At("format"))
			}
			if key.Format == nil {
				continue
			}
		default:
			if d.misspeltKey(p.Value, at) {
				continue
			}
			if key.Value = d.write(p.Value, at, nil); key.Value == nil {
				continue
			}
		}
		all = append(all, key)
	}
	return all
}

// misspeltKey reports a key that is most like `counter` or `format`.
func (d *decoder) misspeltKey(n *mapfile.Node, path string) bool {
	if n.Kind != mapfile.MapNode || len(n.Pairs) != 1 || n.Pairs[0].Value.Kind == mapfile.ScalarNode && n.Pairs[0].Key.Value == "count" {
		return false
	}
	known := namesOf(keyContext)
	if mapfile.Nearest(n.Pairs[0].Key.Value, known) == "" {
		return false
	}
	d.Unknown(n.Pairs[0].Key, path, "key", known)
	return true
}

func (d *decoder) counter(n *mapfile.Node, path string) *Counter {
	if n == nil {
		return nil
	}
	k := d.Keys(n, path, counterContext)
	if k == nil {
		return nil
	}
	c := &Counter{Pos: n.Pos, Source: d.table(k)}
	if v := k.Get("column"); v != nil {
		c.Column = d.Text(v, k.At("column"))
	} else if k.Missing("column") {
		d.Fault(n.Pos, path, "`column` is missing: the column with the number")
	}
	if v := k.Get("where"); v != nil {
		c.Where = d.literals(v, k.At("where"))
	}
	if v := k.Get("habit"); v != nil {
		t := d.OneOf(v, k.At("habit"), "incrementThenRead", "readThenIncrement")
		c.ReadThenIncrement = t != nil && t.Value == "readThenIncrement"
	}
	return c
}

func (d *decoder) literals(n *mapfile.Node, path string) []*Literal {
	if n.Kind != mapfile.MapNode || len(n.Pairs) == 0 {
		d.Wrong(n, path, "a map from columns to texts")
		return nil
	}
	var all []*Literal
	for _, p := range n.Pairs {
		if t := d.Word(p.Value, path+"."+p.Key.Value); t != nil {
			all = append(all, &Literal{Column: p.Key, Text: *t})
		}
	}
	return all
}

var dateParts = []string{"yyyy", "yy", "mm", "dd"}

// format reads a number with a shape.
func (d *decoder) format(n *mapfile.Node, path string) *Format {
	t := d.Text(n, path)
	if t.Value == "" {
		return nil
	}
	f := &Format{Text: t}
	rest, next, ok := t.Value, 0, true
	for rest != "" {
		open := strings.IndexByte(rest, '{')
		if open != 0 {
			if open < 0 {
				open = len(rest)
			}
			f.Parts = append(f.Parts, FormatPart{Fixed: rest[:open]})
			rest = rest[open:]
			continue
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			d.Fault(t.Pos, path, "a brace is never closed")
			return nil
		}
		part, good := formatPart(rest[1:end])
		if !good {
			d.Unknown(mapfile.Text{Value: rest[1:end], Pos: t.Pos}, path, "part of a number", append(slices.Clone(dateParts), "next:4"))
			ok = false
		}
		if part.Next {
			next++
		}
		f.Parts = append(f.Parts, part)
		rest = rest[end+1:]
	}
	switch {
	case !ok:
		return nil
	case next != 1:
		d.Fault(t.Pos, path, "exactly one part is the next free number, such as {next:4}")
		return nil
	case !f.Parts[len(f.Parts)-1].Next:
		d.Fault(t.Pos, path, "the next free number has to come last")
		return nil
	}
	return f
}

func formatPart(text string) (FormatPart, bool) {
	if slices.Contains(dateParts, text) {
		return FormatPart{Date: text}, true
	}
	name, digits, _ := strings.Cut(text, ":")
	if name != "next" {
		return FormatPart{}, false
	}
	if digits == "" {
		return FormatPart{Next: true, Digits: 1}, true
	}
	n, err := strconv.Atoi(digits)
	return FormatPart{Next: true, Digits: n}, err == nil && n > 0 && n <= 18
}

// territory reads a value out of a CSV; the file itself is read by Load.
func (d *decoder) territory(k *mapfile.Keys) *Territory {
	t := &Territory{Pos: k.Node.Pos, File: d.Text(k.Get("territory"), k.At("territory"))}
	if v := k.Get("take"); v != nil {
		t.Take = d.Text(v, k.At("take"))
	} else if k.Missing("take") {
		d.Fault(t.Pos, k.Path, "`take` is missing: the column of the file that is written")
	}
	if v := k.Get("else"); v != nil {
		t.Else = d.Word(v, k.At("else"))
	}
	by := k.Get("by")
	switch {
	case by == nil && k.Missing("by"):
		d.Fault(t.Pos, k.Path, "`by` is missing: columns of the file and what they are compared with, such as by: {county: lead.county}")
	case by == nil:
	case by.Kind != mapfile.MapNode || len(by.Pairs) == 0:
		d.Wrong(by, k.At("by"), "a map from columns of the file to values, such as {county: lead.county},")
	default:
		for _, p := range by.Pairs {
			at := k.At("by") + "." + p.Key.Value
			v := d.Value(p.Value, at, d.order)
			if v == nil {
				continue
			}
			d.fitsHere(v, at)
			for _, ref := range columnsOf(v) {
				d.columnKnown(ref, at)
			}
			t.By = append(t.By, &By{Column: p.Key, Value: v})
		}
	}
	return t
}
