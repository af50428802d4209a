package mapfile

// documents reads where the PDFs are.
func (d *decoder) documents(n *node) {
	if n == nil {
		return
	}
	o := d.object(n, "documents", documentsContext)
	if o == nil {
		return
	}
	for _, p := range n.pairs {
		if !documentsContext.has(p.key.Value) {
			continue
		}
		at := join("documents", p.key.Value)
		if p.value.kind == scalarNode && p.value.text.Value == "none" {
			continue
		}
		if doc := d.document(p.key, p.value, at); doc != nil {
			d.file.Documents = append(d.file.Documents, doc)
		}
	}
}

func (d *decoder) document(kind Text, n *node, path string) *Document {
	o := d.object(n, path, documentContext)
	if o == nil {
		return nil
	}
	doc := &Document{Pos: kind.Pos, Kind: kind}
	sc := d.scopeOf(kind.Value)
	var said []string
	for _, key := range []string{"directory", "column", "url"} {
		if o.raw(key) != nil {
			said = append(said, key)
		}
	}
	switch {
	case len(said) == 0:
		d.fault(kind.Pos, path, "one of `directory`, `column` and `url` is missing")
	case len(said) > 1:
		d.fault(o.pair(said[1]).key.Pos, path, "`%s` and `%s` are both here; keep one", said[0], said[1])
	}
	if o.raw("table") != nil || o.raw("select") != nil {
		sc = d.documentTable(doc, o, sc)
	}
	doc.Directory = d.optional(o, "directory")
	if doc.Directory != nil && o.raw("name") == nil {
		d.fault(o.pair("directory").key.Pos, path, "the file's `name` is missing, such as name: '{r.number}.pdf'")
	}
	if o.raw("name") != nil && o.raw("directory") == nil {
		d.fault(o.pair("name").key.Pos, join(path, "name"), "`name` needs a `directory` beside it")
	}
	doc.Name = d.address(o, "name", sc)
	doc.URL = d.address(o, "url", sc)
	doc.Type = d.optional(o, "type")
	if column := d.optional(o, "column"); column != nil {
		if ref, ok := d.onlyColumn(*column, join(path, "column"), sc); ok {
			doc.Column = &ref
		}
	}
	return doc
}

func (d *decoder) documentTable(doc *Document, o *object, sc scope) scope {
	source := d.tableOrSelect(o)
	as := o.value(d, "as")
	switch {
	case as == nil && o.raw("as") == nil:
		d.fault(o.node.pos, o.path, "an alias is missing: add `as:`")
	case as != nil:
		source.Alias = d.alias(as, join(o.path, "as"))
	}
	doc.Parent = d.matches(o.value(d, "match"), join(o.path, "match"), sc)
	if o.raw("match") == nil {
		d.fault(o.node.pos, o.path, "a `match` is missing: which row belongs to the contract or invoice")
	}
	doc.Source = &source
	if source.Alias.Value != "" {
		sc = sc.with(source.Alias.Value)
	}
	return sc
}

// address reads a file name or an address: a text with at least one column.
func (d *decoder) address(o *object, key string, sc scope) *Value {
	n := o.value(d, key)
	if n == nil {
		return nil
	}
	path := join(o.path, key)
	if n.kind != scalarNode {
		return d.value(n, path, sc, false)
	}
	v := &Value{Pos: n.pos, Kind: TextValue, Parts: d.template(n, path, sc)}
	for _, part := range v.Parts {
		if part.Column != nil || part.Ref != "" {
			return v
		}
	}
	if len(v.Parts) > 0 {
		d.fault(n.pos, path, "this is the same for every document; put a column in braces, such as '{r.number}.pdf'")
	}
	return nil
}

// scopeOf gives the aliases of a section's rows.
func (d *decoder) scopeOf(endpoint string) scope {
	for _, e := range d.file.Endpoints {
		if e.Name.Value != endpoint || e.Source.Alias.Value == "" {
			continue
		}
		sc := scope{aliases: []string{e.Source.Alias.Value}}
		for _, j := range e.Join {
			sc.aliases = append(sc.aliases, j.Name.Value)
		}
		return sc
	}
	return scope{}
}

// changes reads how changes are found out, or that they never are.
func (d *decoder) changes(n *node) {
	if n == nil {
		return
	}
	if n.kind == scalarNode && n.text.Value == "none" {
		d.file.Changes = &Changes{Pos: n.pos} // said, not forgotten: nothing is ever reported
		return
	}
	o := d.object(n, "changes", changesContext)
	if o == nil {
		return
	}
	c := &Changes{Pos: n.pos}
	d.file.Changes = c
	if overlap := o.value(d, "overlap"); overlap != nil {
		c.Overlap = d.duration(overlap, "changes.overlap")
	}
	for _, p := range n.pairs {
		if p.key.Value == "overlap" || !changesContext.has(p.key.Value) {
			continue
		}
		c.Kinds = append(c.Kinds, d.changeKind(p, join("changes", p.key.Value)))
	}
}

func (d *decoder) changeKind(p pair, path string) *ChangeKind {
	kind := &ChangeKind{Kind: p.key}
	switch p.value.kind {
	case scalarNode:
		if t := d.oneOf(p.value, path, "none", "snapshot"); t != nil {
			kind.None, kind.Snapshot = t.Value == "none", t.Value == "snapshot"
		}
	case listNode, mapNode:
		if p.value.kind == listNode && len(p.value.items) == 0 {
			d.fault(p.value.pos, path, "the list is empty; write `none` where changes are never reported")
		}
		for i, item := range listOf(p.value) {
			if s := d.changeSource(item, index(path, p.value, i)); s != nil {
				kind.Sources = append(kind.Sources, s)
			}
		}
	case nullNode:
		d.fault(p.key.Pos, path, "nothing stands behind %s; write `none` where changes are never reported", p.key.Value)
	}
	return kind
}

func (d *decoder) changeSource(n *node, path string) *ChangeSource {
	o := d.object(n, path, changeSourceContext)
	if o == nil {
		return nil
	}
	s := &ChangeSource{Pos: n.pos}
	sc := scope{}
	for _, key := range changeSourceContext.Keys {
		if key.Required && d.missing(o, n.pos, key.Name) {
			d.fault(n.pos, path, "`%s` is missing, such as %s", key.Name, key.Example)
		}
	}
	if from := o.value(d, "from"); from != nil {
		if source, ok := d.source(from, join(path, "from")); ok {
			s.Source = source
			sc = sc.with(source.Alias.Value)
		}
	}
	s.Join, sc = d.joinList(o.value(d, "join"), join(path, "join"), sc)
	s.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{sc: sc})
	if stamp := o.value(d, "stamp"); stamp != nil {
		s.Stamp = d.items(stamp, join(path, "stamp"), sc, false)
	}
	if customer := o.value(d, "customer"); customer != nil {
		s.Customer = d.value(customer, join(path, "customer"), sc, false)
	}
	if null := o.value(d, "nullIsChanged"); null != nil {
		s.NullIsChanged = d.boolean(null, join(path, "nullIsChanged"))
	}
	return s
}
