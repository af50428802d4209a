package convert

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// CodeEntry is one code and the word it stands for.
type CodeEntry struct{ Code, Word string }

// CodeMapOptions say how codes are matched and what an unknown one becomes.
type CodeMapOptions struct {
	IgnoreCase bool
	Else       *string // the word of every unknown code; nil: it is Unmapped
	ElseEmpty  bool    // an unknown code is Empty; Else must be nil
	// NotYet is the word of codes that are Deferred; empty: there is none.
	NotYet string
}

// CodeMap turns codes into words.
type CodeMap struct {
	words   map[string]string
	options CodeMapOptions
}

// NewCodeMap builds a map. Codes are trimmed; one that stands there twice, or
// twice but for letter case where that is ignored, is an error.
func NewCodeMap(entries []CodeEntry, options CodeMapOptions) (*CodeMap, error) {
	if options.Else != nil && options.ElseEmpty {
		return nil, errors.New("an unknown code cannot be a word and empty at once")
	}
	m := &CodeMap{words: make(map[string]string, len(entries)), options: options}
	for _, entry := range entries {
		code := m.key(Clean(entry.Code))
		if _, twice := m.words[code]; twice {
			return nil, fmt.Errorf("the code %q stands there twice", entry.Code)
		}
		m.words[code] = Clean(entry.Word)
	}
	return m, nil
}

func (m *CodeMap) key(code string) string {
	if m.options.IgnoreCase {
		return strings.ToLower(code)
	}
	return code
}

// Lookup returns the word of a cleaned code. An empty code is Empty unless the
// map has a word for it; `else` is for codes that are there and unknown.
func (m *CodeMap) Lookup(code string) (string, State) {
	if word, ok := m.words[m.key(code)]; ok {
		return m.answer(word)
	}
	switch {
	case code == "", m.options.ElseEmpty:
		return "", Empty
	case m.options.Else != nil:
		return m.answer(*m.options.Else)
	}
	return "", Unmapped
}

func (m *CodeMap) answer(word string) (string, State) {
	if m.options.NotYet != "" && word == m.options.NotYet {
		return "", Deferred
	}
	return present(word)
}

// Codes are the codes of the map, sorted, as they are compared.
func (m *CodeMap) Codes() []string {
	codes := make([]string, 0, len(m.words))
	for code := range m.words {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// Words are the words the map can answer with, `else` included, sorted and
// each once. That of codes that are Deferred is no answer.
func (m *CodeMap) Words() []string {
	words := make([]string, 0, len(m.words)+1)
	for _, word := range m.words {
		words = append(words, word)
	}
	if m.options.Else != nil {
		words = append(words, *m.options.Else)
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if m.options.NotYet != "" {
		words = slices.DeleteFunc(words, func(word string) bool { return word == m.options.NotYet })
	}
	return words
}

// ReadCodes reads a code list from CSV in UTF-8: two columns, code and word. A
// first line `code,word` is a header. Errors name the line.
func ReadCodes(text []byte) ([]CodeEntry, error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	reader.FieldsPerRecord = 2
	reader.TrimLeadingSpace = true
	var entries []CodeEntry
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading codes: %w", err)
		}
		entry := CodeEntry{Code: Clean(record[0]), Word: Clean(record[1])}
		if first && strings.EqualFold(entry.Code, "code") && strings.EqualFold(entry.Word, "word") {
			continue
		}
		entries = append(entries, entry)
	}
}

// Words are the words of a column that mean yes and no.
type Words struct{ means map[string]bool }

// NewWords takes both lists; letter case does not matter. A word on both lists
// is an error.
func NewWords(yes, no []string) (*Words, error) {
	w := &Words{means: make(map[string]bool, len(yes)+len(no))}
	for _, word := range no {
		w.means[strings.ToLower(Clean(word))] = false
	}
	for _, word := range yes {
		key := strings.ToLower(Clean(word))
		if means, known := w.means[key]; known && !means {
			return nil, fmt.Errorf("the word %q means both yes and no", word)
		}
		w.means[key] = true
	}
	return w, nil
}

// Lookup reads a cleaned word. Other words are Unreadable, nothing is Empty
// unless it is listed.
func (w *Words) Lookup(text string) (bool, State) {
	if means, known := w.means[strings.ToLower(text)]; known {
		return means, Present
	}
	if text == "" {
		return false, Empty
	}
	return false, Unreadable
}

// Sentinels are raw texts that count as empty, such as a far date that stands
// for "open". A nil *Sentinels has none.
type Sentinels struct{ texts map[string]bool }

// NewSentinels collects the texts, trimmed.
func NewSentinels(texts ...string) *Sentinels {
	s := &Sentinels{texts: make(map[string]bool, len(texts))}
	for _, text := range texts {
		s.texts[Clean(text)] = true
	}
	return s
}

// Some reports whether there are any.
func (s *Sentinels) Some() bool { return s != nil && len(s.texts) > 0 }

// Has reports whether a cleaned text is one of them. A date among them also
// stands for that day at midnight, as a DATETIME column writes it.
func (s *Sentinels) Has(text string) bool {
	if !s.Some() {
		return false
	}
	if s.texts[text] {
		return true
	}
	if len(text) > 11 && len(text) <= len("9999-12-31 00:00:00.000000") && text[4] == '-' && text[7] == '-' {
		day, clock := text[:10], text[10:]
		return strings.Trim(clock, " T0:.") == "" && s.texts[day]
	}
	return false
}

// Clear makes the cell NULL if its value is a sentinel.
func (s *Sentinels) Clear(c *Cell) (hit bool) {
	if s == nil || len(s.texts) == 0 || c.IsNull() || !s.Has(Clean(c.view())) {
		return false
	}
	c.SetNull()
	return true
}
