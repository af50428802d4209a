package mapfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// At gives the place in the file of a byte of a text, whichever way the text is
// written: plain, in quotes or as a block. It serves whoever finds a fault
// inside a text, in SQL above all.
func (f *File) At(t Text, offset int) Pos {
	if t.Pos.Line < 1 || t.Pos.Line > len(f.lines) {
		return t.Pos
	}
	s := newWritten(f.lines, t)
	for i, c := range t.Value {
		if i >= offset {
			break
		}
		s.pass(c)
	}
	if offset < len(t.Value) {
		if c, _ := utf8.DecodeRuneInString(t.Value[max(offset, 0):]); !unicode.IsSpace(c) {
			s.skipSpace()
		}
	}
	return s.pos()
}

// written walks through a text as it stands in the file. Blanks and line breaks
// are what YAML may change; everything else keeps its order, so following the
// other characters is enough.
type written struct {
	lines []string // of the file
	line  int      // index
	here  []rune   // lines[line]
	col   int      // index in here
	quote rune
}

func newWritten(lines []string, t Text) *written {
	w := &written{lines: lines}
	w.goTo(t.Pos.Line - 1)
	w.col = min(max(t.Pos.Col-1, 0), len(w.here))
	if t.Quoted {
		switch w.peek() {
		case '"', '\'':
			w.quote = w.peek()
			w.col++
		case '|', '>':
			w.goTo(w.line + 1)
		}
	}
	return w
}

func (w *written) goTo(line int) {
	w.line, w.col, w.here = line, 0, nil
	if !w.done() {
		w.here = []rune(w.lines[line])
	}
}

func (w *written) peek() rune {
	if w.col >= len(w.here) {
		return '\n'
	}
	return w.here[w.col]
}

func (w *written) next() {
	switch {
	case w.done():
	case w.col >= len(w.here):
		w.goTo(w.line + 1)
	default:
		w.col++
	}
}

func (w *written) done() bool { return w.line >= len(w.lines) }

func (w *written) skipSpace() {
	for !w.done() && unicode.IsSpace(w.peek()) {
		w.next()
	}
}

// pass moves behind one character of the value.
func (w *written) pass(c rune) {
	w.goOn()
	if w.quote == '"' && w.peek() == '\\' {
		w.escape()
		return
	}
	if unicode.IsSpace(c) {
		if unicode.IsSpace(w.peek()) && w.col < len(w.here) {
			w.next()
		}
		return
	}
	w.skipSpace()
	w.goOn()
	if w.quote == '"' && w.peek() == '\\' {
		w.escape()
		return
	}
	w.next()
	if w.quote == '\'' && c == '\'' {
		w.next() // written twice
	}
}

// goOn passes backslashes at the end of a line, which continue it below.
func (w *written) goOn() {
	for w.quote == '"' && w.peek() == '\\' && w.col+1 >= len(w.here) && !w.done() {
		w.next()
		w.skipSpace()
	}
}

// escape moves behind \n, \x41, \u00e9 and the like.
func (w *written) escape() {
	w.next()
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[w.peek()]
	w.next()
	for range digits {
		w.next()
	}
}

func (w *written) pos() Pos {
	if w.done() {
		last := len(w.lines) - 1
		return Pos{last + 1, utf8.RuneCountInString(w.lines[last]) + 1}
	}
	return Pos{w.line + 1, w.col + 1}
}

// simpleWord says whether a text can stand in YAML without quotes.
func simpleWord(text string) bool {
	if text == "" || strings.TrimSpace(text) != text {
		return false
	}
	for _, c := range text {
		if c != ' ' && c != '_' && c != '-' && c != '.' && c != '/' && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return unicode.IsLetter([]rune(text)[0])
}

// asYAML writes a text so that it can stand in a flow map.
func asYAML(text string) string {
	if simpleWord(text) || number.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
