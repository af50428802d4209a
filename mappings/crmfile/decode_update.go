package crmfile

import (
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// ownUpdateKeys are the keys of `update:` that sections of rms.yaml do not have.
var ownUpdateKeys = []string{"leadId", "changed", "open", "gone"}

// refusedUpdateKeys are keys of sections that make no sense here.
var refusedUpdateKeys = []string{"sources", "list", "distinct", "order", "onBadRow", "leaveOutAtMost"}

const updatePath = "update"

func (d *decoder) update(n *mapfile.Node) {
	k := d.Keys(n, updatePath, updateContext)
	if k == nil {
		return
	}
	if k.Get("from") == nil && k.Missing("from") {
		d.Fault(n.Pos, updatePath, "a `from` is missing: the table with one row for each lead, such as from: CARD c")
	}
	if n.Get("from") == nil {
		return
	}
	u := &Update{Pos: n.Pos}
	d.file.Update = u
	for _, p := range n.Pairs {
		if slices.Contains(refusedUpdateKeys, p.Key.Value) {
			d.Fault(p.Key.Pos, k.At(p.Key.Value), "%s makes no sense for updates: there is one for each row of one table, and whatever is wrong with it holds it", p.Key.Value)
		}
	}
	fields := d.stages(n)
	without := append(slices.Clone(ownUpdateKeys), refusedUpdateKeys...)
	without = append(without, d.misspelt(k, updatePath, updateContext, ownUpdateKeys)...)
	u.Section = d.Section(mapfile.Text{Value: "update", Pos: n.Pos}, fields, updatePath, without...)
	aliases := u.aliases()
	if v := k.Get("leadId"); v != nil {
		u.LeadID = d.Value(v, k.At("leadId"), aliases)
	}
	if v := k.Get("open"); v != nil {
		u.Open = d.When(v, k.At("open"), aliases)
	}
	if v := k.Get("changed"); v != nil {
		for _, item := range listOf(v) {
			if c := d.changed(item, k.At("changed"), u); c != nil {
				u.Changed = append(u.Changed, c)
			}
		}
	}
	if v := k.Get("gone"); v != nil {
		u.Gone = d.gone(v, k.At("gone"), aliases)
	}
}

// misspelt are keys that are most like one of this package's own.
func (d *decoder) misspelt(k *mapfile.Keys, path string, c *mapfile.Context, own []string) []string {
	var all []string
	for _, p := range k.Rest {
		if slices.Contains(refusedUpdateKeys, p.Key.Value) {
			continue
		}
		near := mapfile.Nearest(p.Key.Value, namesOf(c))
		if slices.Contains(own, near) && p.Value.Get("table") == nil {
			d.Unknown(p.Key, path, "key", namesOf(c))
			all = append(all, p.Key.Value)
		}
	}
	return all
}

func (u *Update) aliases() []string {
	if u.Section == nil || u.Section.Source.Alias.Value == "" {
		return nil
	}
	names := []string{u.Section.Source.Alias.Value}
	for _, j := range u.Section.Join {
		names = append(names, j.Name.Value)
	}
	return names
}

// stages takes `probabilityOfClosurePercentage: {stage: ..., percentage: ...}`
// apart into two fields that any section can have.
func (d *decoder) stages(n *mapfile.Node) *mapfile.Node {
	out := &mapfile.Node{Kind: n.Kind, Pos: n.Pos}
	for _, p := range n.Pairs {
		if p.Key.Value == "fields" && p.Value.Kind == mapfile.MapNode {
			p.Value = d.stageFields(p.Value)
		}
		out.Pairs = append(out.Pairs, p)
	}
	return out
}

const probability = "probabilityOfClosurePercentage"

func (d *decoder) stageFields(fields *mapfile.Node) *mapfile.Node {
	out := &mapfile.Node{Kind: fields.Kind, Pos: fields.Pos}
	for _, p := range fields.Pairs {
		if p.Key.Value == StageField || p.Key.Value == PercentageField {
			d.Unknown(p.Key, "update.fields", "field", d.names.Update)
			continue
		}
		stage := p.Value.Get("stage")
		if p.Key.Value != probability || stage == nil {
			out.Pairs = append(out.Pairs, p)
			continue
		}
		for _, one := range p.Value.Pairs {
			key := mapfile.Text{Pos: one.Key.Pos}
			switch one.Key.Value {
			case "stage":
				key.Value = StageField
				out.Pairs = append(out.Pairs, mapfile.Pair{Key: key, Value: mappedStage(one.Value)})
			case "percentage":
				key.Value = PercentageField
				out.Pairs = append(out.Pairs, mapfile.Pair{Key: key, Value: one.Value})
			default:
				d.Unknown(one.Key, "update.fields."+probability, "key", []string{"stage", "percentage"})
			}
		}
	}
	return out
}

// mappedStage adds the map of stages to a value.
func mappedStage(n *mapfile.Node) *mapfile.Node {
	word := func(text string) *mapfile.Node {
		return &mapfile.Node{Kind: mapfile.ScalarNode, Pos: n.Pos, Text: mapfile.Text{Value: text, Pos: n.Pos}}
	}
	pair := func(key string, value *mapfile.Node) mapfile.Pair {
		return mapfile.Pair{Key: mapfile.Text{Value: key, Pos: n.Pos}, Value: value}
	}
	switch n.Kind {
	case mapfile.ScalarNode:
		return &mapfile.Node{Kind: mapfile.MapNode, Pos: n.Pos, Pairs: []mapfile.Pair{pair("from", n), pair("map", word(SalesStages))}}
	case mapfile.ListNode:
		out := &mapfile.Node{Kind: mapfile.ListNode, Pos: n.Pos}
		for _, item := range n.Items {
			out.Items = append(out.Items, mappedStage(item))
		}
		return out
	case mapfile.MapNode:
		if n.Get("from") != nil && n.Get("map") == nil {
			out := *n
			out.Pairs = append(slices.Clone(n.Pairs), pair("map", word(SalesStages)))
			return &out
		}
	case mapfile.NullNode:
	}
	return n
}

func (d *decoder) changed(n *mapfile.Node, path string, u *Update) *Changed {
	k := d.Keys(n, path, changedContext)
	if k == nil {
		return nil
	}
	c := &Changed{Pos: n.Pos, Source: &mapfile.ChangeSource{Pos: n.Pos}}
	aliases := u.aliases()
	if from := k.Get("from"); from != nil {
		s, ok := d.Source(from, k.At("from"))
		if !ok {
			return nil
		}
		c.Source.Source = s
		c.Source.Join, aliases = d.Joins(k.Get("join"), k.At("join"), []string{s.Alias.Value})
		v := k.Get("lead")
		if v == nil && k.Missing("lead") {
			d.Fault(n.Pos, path, "`lead` is missing: the key of the lead's row, such as lead: d.CARDNO")
		}
		if v != nil {
			for _, item := range listOf(v) {
				if value := d.Value(item, k.At("lead"), aliases); value != nil {
					c.Lead = append(c.Lead, value)
				}
			}
		}
	} else {
		c.Own = true
		c.Source.Source, c.Source.Join = u.Section.Source, u.Section.Join
		for _, key := range []string{"join", "lead"} {
			if v := k.Get(key); v != nil {
				d.Fault(v.Pos, k.At(key), "%s needs a `from` beside it", key)
			}
		}
	}
	if v := k.Get("where"); v != nil {
		c.Source.Where = d.Where(v, k.At("where"), aliases, false)
	}
	if v := k.Get("nullIsChanged"); v != nil {
		c.Source.NullIsChanged = d.Bool(v, k.At("nullIsChanged"))
	}
	v := k.Get("stamp")
	if v == nil {
		if k.Missing("stamp") {
			d.Fault(n.Pos, path, "`stamp` is missing: the moment of the change")
		}
		return nil
	}
	for _, item := range listOf(v) {
		if value := d.Value(item, k.At("stamp"), aliases); value != nil {
			c.Source.Stamp = append(c.Source.Stamp, value)
		}
	}
	return c
}

func (d *decoder) gone(n *mapfile.Node, path string, aliases []string) *Gone {
	g := &Gone{Pos: n.Pos}
	if n.Kind == mapfile.ScalarNode {
		if n.Text.Value != "nothing" {
			d.Wrong(n, path, "`nothing`, or a map with `when` and `send`,")
		}
		return g
	}
	k := d.Keys(n, path, goneContext)
	if k == nil {
		return nil
	}
	if v := k.Get("when"); v != nil {
		g.When = d.When(v, k.At("when"), aliases)
	}
	send := k.Get("send")
	switch {
	case send == nil:
	case send.Kind == mapfile.ScalarNode && send.Text.Value == "nothing":
	case send.Kind != mapfile.MapNode || len(send.Pairs) == 0:
		d.Wrong(send, k.At("send"), "`nothing`, or a map from members to texts,")
	default:
		for _, p := range send.Pairs {
			at := k.At("send") + "." + p.Key.Value
			if len(d.names.Update) > 0 && !slices.Contains(d.names.Update, p.Key.Value) {
				d.Unknown(p.Key, at, "member of an update", d.names.Update)
				continue
			}
			if t := d.Word(p.Value, at); t != nil {
				g.Send = append(g.Send, &mapfile.Field{Path: p.Key, Value: &mapfile.Value{Pos: t.Pos, Kind: mapfile.LiteralValue, Literal: t}})
			}
		}
	}
	return g
}

func (d *decoder) pickLists(n *mapfile.Node) {
	if n.Kind != mapfile.MapNode {
		d.Wrong(n, "pickLists", "a map from names of code maps to tables, such as {closed-reasons: {table: REASON, column: CODE}},")
		return
	}
	for _, p := range n.Pairs {
		path := "pickLists." + p.Key.Value
		k := d.Keys(p.Value, path, pickListContext)
		if k == nil {
			continue
		}
		list := &PickList{Map: p.Key, Source: d.table(k)}
		if v := k.Get("column"); v != nil {
			list.Column = d.Text(v, k.At("column"))
		} else if k.Missing("column") {
			d.Fault(p.Key.Pos, path, "`column` is missing: the column with the codes")
		}
		if v := k.Get("where"); v != nil {
			list.Where = d.literals(v, k.At("where"))
		}
		d.file.PickLists = append(d.file.PickLists, list)
	}
}

func (d *decoder) messages(n *mapfile.Node) {
	const path = "messages"
	k := d.Keys(n, path, messagesContext)
	if k == nil {
		return
	}
	m := &Messages{Pos: n.Pos, Source: d.table(k)}
	d.known = map[string][]string{MessageAlias: messageNames, GatewayAlias: gatewayNames}
	d.order, d.later = []string{MessageAlias, GatewayAlias}, nil
	if v := k.Get("id"); v != nil {
		m.ID = d.Text(v, k.At("id"))
	} else if k.Missing("id") {
		d.Fault(n.Pos, path, "`id` is missing: the column that keeps the gateway's id of the message")
	}
	if v := k.Get("insert"); v != nil {
		m.Insert = d.sets(v, k.At("insert"), nil)
	} else if k.Missing("insert") {
		d.Fault(n.Pos, path, "`insert` is missing: what the row gets")
	}
	d.file.Messages = m
}

func (d *decoder) moves(n *mapfile.Node) {
	const path = "moves"
	k := d.Keys(n, path, movesContext)
	if k == nil {
		return
	}
	for _, p := range n.Pairs {
		if slices.Contains(refusedUpdateKeys, p.Key.Value) {
			d.Fault(p.Key.Pos, k.At(p.Key.Value), "%s makes no sense for moves: there is one for each row of one table, told by its stamp", p.Key.Value)
		}
	}
	if n.Get("from") == nil {
		d.Fault(n.Pos, path, "a `from` is missing: the table with one row for each request, such as from: ORDERS o")
		return
	}
	m := &Moves{Pos: n.Pos}
	misspelt := d.misspelt(k, path, movesContext, []string{"stamp"})
	m.Section = d.Section(mapfile.Text{Value: path, Pos: n.Pos}, n, path, slices.Concat([]string{"stamp"}, refusedUpdateKeys, misspelt)...)
	v := k.Get("stamp")
	if v == nil {
		if len(misspelt) == 0 && k.Missing("stamp") {
			d.Fault(n.Pos, path, "`stamp` is missing: when a row changed, such as stamp: o.TOUCHED")
		}
		return
	}
	if m.Stamp = d.Value(v, k.At("stamp"), (&Update{Section: m.Section}).aliases()); m.Stamp != nil {
		d.file.Moves = m
	}
}
