package plan

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// render gives the text and the arguments of one run.
func (s *Statement) render(v values) (string, []any, error) {
	args := make([]any, 0, s.about(v))
	var few listLengths
	lists := few[:0]
	for i := range s.pieces {
		p := &s.pieces[i]
		switch {
		case p.bound:
			args = append(args, p.value)
		case p.list == noList:
		case p.list == askedList && p.width == 0:
			args = append(args, p.askedFor(v.asked)[0][0])
		case p.list == mostRows:
			args = append(args, int64(v.most))
		case p.width == 0:
			all := v.scalars[p.list]
			if p.index >= len(all) {
				return "", nil, fmt.Errorf("statement %s: no value for %s", s.Name, p.list)
			}
			args = append(args, p.scalarOf(all[p.index]))
		default:
			rows := v.lists[p.list]
			if p.list == askedList {
				rows = p.askedFor(v.asked)
			}
			if len(rows) == 0 || len(rows) > maxList {
				return "", nil, fmt.Errorf("statement %s: %d values for %s", s.Name, len(rows), p.list)
			}
			n := padded(len(rows))
			for i := range n {
				args = append(args, rows[min(i, len(rows)-1)]...)
			}
			lists = append(lists, uint16(n))
		}
	}
	if s.server == SQLite {
		for i, arg := range args {
			if n, ok := arg.(uint64); ok {
				// No integer there is that large; as text it equals none.
				args[i] = strconv.FormatUint(n, 10)
			}
		}
	}
	return s.textOf(lists), args, nil
}

// about is how many arguments there are in a run, or a few more.
func (s *Statement) about(v values) int {
	n := len(s.pieces)
	for _, rows := range v.lists {
		if len(rows) > 0 && len(rows) <= maxList {
			n += padded(len(rows)) * len(rows[0])
		}
	}
	return n
}

// listLengths tell the texts of one statement apart: how long its lists are, in
// the order in which they stand.
type listLengths [4]uint16

// texts remembers the texts of a statement.
type texts struct {
	mu  sync.Mutex
	all map[listLengths]string
}

// textsMost bounds them, for a statement of several lists.
const textsMost = 64

// textOf is the statement's text with lists of these lengths.
func (s *Statement) textOf(lists []uint16) string {
	var of listLengths
	if len(lists) > len(of) {
		return s.written(lists)
	}
	copy(of[:], lists)
	s.texts.mu.Lock()
	defer s.texts.mu.Unlock()
	text, known := s.texts.all[of]
	if known {
		return text
	}
	text = s.written(lists)
	if s.texts.all == nil {
		s.texts.all = map[listLengths]string{}
	}
	if len(s.texts.all) < textsMost {
		s.texts.all[of] = text
	}
	return text
}

// written writes the text.
func (s *Statement) written(lists []uint16) string {
	var text strings.Builder
	at := 0
	for i := range s.pieces {
		p := &s.pieces[i]
		switch {
		case !p.bound && p.list == noList:
			text.WriteString(p.text)
		case p.bound || p.width == 0:
			text.WriteByte('?')
		default:
			s.writeList(&text, p, int(lists[at]))
			at++
		}
	}
	return text.String()
}

// writeList writes the places of n rows.
func (s *Statement) writeList(text *strings.Builder, p *piece, n int) {
	row := "?"
	switch {
	case p.width > 1 && p.row != "" && s.server == MySQL:
		row = p.row
	case p.width > 1:
		row = "(?" + strings.Repeat(", ?", p.width-1) + ")"
	}
	text.WriteByte('(')
	if p.width > 1 && s.server == SQLite {
		text.WriteString("values ")
	}
	text.WriteString(row)
	for range n - 1 {
		text.WriteString(", ")
		text.WriteString(row)
	}
	text.WriteByte(')')
}

// prepared is the text with one value in each list, and how many values that
// are.
func (s *Statement) prepared() (string, int) {
	var lists []uint16
	args := 0
	for _, p := range s.pieces {
		switch {
		case !p.bound && p.list == noList:
		case p.bound || p.width == 0:
			args++
		default:
			lists = append(lists, 1)
			args += p.width
		}
	}
	return s.written(lists), args
}

// with is the statement with other pieces.
func (s *Statement) with(pieces []piece) *Statement {
	return &Statement{Name: s.Name, server: s.server, pieces: pieces, width: s.width}
}
