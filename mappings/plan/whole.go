package plan

import "slices"

// whole is the statement that reads the rows an endpoint shows as wide as they
// are sent, in place of one for their keys and another for the rows behind
// them. It is for lists that are short.
type whole struct {
	stmt   *Statement
	frame  *frame // the row reader's, with the conditions of the key reader
	cells  []int  // by cell of the key reader: where these rows have it
	vacant *vacant
}

// wholeStatement makes one statement of the two of a list; nil where that would
// show other rows, or tell less of them.
func (c *compiler) wholeStatement(l *list) *whole {
	k, wide := &l.keys, l.rows.frame
	if !c.bound() || k.frame == nil || wide == nil || k.lookup || k.source != "" || len(k.lost) > 0 || len(k.needs) > 0 {
		return nil
	}
	before := len(c.faults)
	defer func() { c.faults = c.faults[:before] }() // said for the two already
	f := *wide
	f.used, f.slots, f.where = slices.Clone(wide.used), slices.Clone(wide.slots), k.frame.where
	for _, r := range k.frame.used {
		own, depth := wide.scope.find(r.alias)
		if own == nil || depth > 0 || own.apart || own.required != r.required {
			return nil
		}
		if !slices.Contains(f.used, own) {
			f.used = append(f.used, own)
		}
	}
	w := &whole{frame: &f, vacant: c.vacant(k)}
	for _, s := range k.frame.slots {
		at := slices.IndexFunc(f.slots, func(o slot) bool { return s.name != "" && o.name == s.name })
		if at < 0 {
			at = len(f.slots)
			f.slots = append(f.slots, s)
		}
		w.cells = append(w.cells, at)
	}
	w.stmt = f.statement()
	var end sqlText
	w.stmt.pieces = append(w.stmt.pieces, end.text(" limit ").scalar(mostRows, 0).pieces...)
	return w
}
