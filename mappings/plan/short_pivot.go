package plan

import (
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// shortPrice is the short way to an amount that stands in one of the rows of a
// pivot: the first of them whose code is one of the amount's.
type shortPrice struct {
	branch int
	by     short
	codes  []string
	amount short
}

// shortPrice finds that way; that of formLong where codes or amounts are more
// than columns.
func (c *compiler) shortPrice(sub *frame, branch int, p *mapfile.Pivot, l *leaf, codes []string) short {
	by, amount := c.resolve(p.By), c.resolve(p.Amount)
	plain := func(v *mapfile.Value) bool {
		return v != nil && v.Kind == mapfile.ColumnValue && v.Convert == nil && v.OnBad == nil && v.Fallback == nil
	}
	if p.UpTo != nil || l.want != wantDecimal || c.empty.Some() || !plain(by) || !plain(amount) {
		return short{}
	}
	way := &shortPrice{
		branch: branch, codes: codes,
		by: c.shortColumn(site{f: sub, want: wantText}, by), amount: c.shortColumn(site{f: sub, want: wantDecimal, leaf: l}, amount),
	}
	if way.by.form != formText || way.amount.form != formDecimal {
		return short{}
	}
	return short{form: formPrice, price: way}
}

// of finds the amount.
func (p *shortPrice) of(r *row) (string, found) {
	rows := r.branches[p.branch]
	for _, child := range rows {
		if child.doubt != nil {
			return "", perhaps
		}
	}
	for _, child := range rows {
		c := child.cell(p.by.at)
		if c.IsNull() {
			continue
		}
		code, ok := plainIn(c, p.by.dated, nil)
		switch {
		case !ok:
			return "", perhaps
		case !slices.Contains(p.codes, code):
			if !onlyDigits(code) {
				return "", perhaps // another spelling of it, perhaps
			}
			continue
		}
		if c = child.cell(p.amount.at); c.IsNull() {
			continue
		}
		if text, ok := c.Canonical(p.amount.places); ok {
			return text, there
		}
		return "", perhaps
	}
	return "", nothing
}

// shortRank is the short way to a text of the mapping that comes with a rank.
type shortRank struct {
	branch  int
	choices choices
	texts   []value // by rank
}

func shortRankOf(l *leaf, branch int, ranks choices, path string) short {
	if l == nil || l.want != wantText {
		return short{}
	}
	way := &shortRank{branch: branch, choices: ranks}
	for _, rank := range ranks {
		way.texts = append(way.texts, rank.set[path])
	}
	return short{form: formRank, rank: way}
}

// of finds the text of the rank that the rows are of.
func (s *shortRank) of(r *row, e *env) (string, found) {
	rows := r.branches[s.branch]
	for _, child := range rows {
		if child.doubt != nil {
			return "", perhaps
		}
	}
	if len(rows) == 0 {
		return "", nothing
	}
	for i := range s.choices {
		if s.choices[i].holds(rows[0], e) {
			if text := s.texts[i]; text.state == convert.Present && text.text != "" {
				return text.text, there
			}
			return "", perhaps
		}
	}
	return "", perhaps
}
