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
	lines [][]rune
	first int // number of lines[0]
	line  int // index
	col   int // index
	quote rune
}

const longestText = 2000 // lines

func newWritten(lines []string, t Text) *written {
	w := &written{first: t.Pos.Line}
	for _, line := range lines[t.Pos.Line-1 : min(len(lines), t.Pos.Line-1+longestText)] {
		w.lines = append(w.lines, []rune(line))
	}
	w.col = min(max(t.Pos.Col-1, 0), len(w.lines[0]))
	if t.Quoted {
		switch w.peek() {
		case '"', '\'':
			w.quote = w.peek()
			w.col++
		case '|', '>':
			w.line, w.col = 1, 0
		}
	}
	return w
}

func (w *written) peek() rune {
	if w.line >= len(w.lines) || w.col >= len(w.lines[w.line]) {
		return '\n'
	}
	return w.lines[w.line][w.col]
}

func (w *written) next() {
	if w.line >= len(w.lines) {
		return
	}
	if w.col >= len(w.lines[w.line]) {
		w.line, w.col = w.line+1, 0
		return
	}
	w.col++
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
		if unicode.IsSpace(w.peek()) && w.col < w.lineLength() {
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
	for w.quote == '"' && w.peek() == '\\' && w.col+1 >= w.lineLength() && !w.done() {
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

func (w *written) lineLength() int {
	if w.done() {
		return 0
	}
	return len(w.lines[w.line])
}

func (w *written) pos() Pos {
	if w.done() {
		last := len(w.lines) - 1
		return Pos{w.first + last, len(w.lines[last]) + 1}
	}
	return Pos{w.first + w.line, w.col + 1}
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
