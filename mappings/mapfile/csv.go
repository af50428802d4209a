package mapfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxMapBytes bounds a CSV of codes; the longest list of makes is far below it.
const maxMapBytes = 16 << 20

// readCodes reads a CSV of two columns, code and word, into a code map. A first
// line `code,word` is a heading. Entries carry their places in the CSV.
func readCodes(path string, src []byte, m *CodeMap) Faults {
	var faults Faults
	fault := func(line, col int, format string, args ...any) {
		faults = append(faults, Fault{File: path, Pos: Pos{line, col}, Path: "maps." + m.Name.Value, Message: fmt.Sprintf(format, args...)})
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if !utf8.Valid(src) {
		valid := 0
		for valid < len(src) {
			r, size := utf8.DecodeRune(src[valid:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			valid += size
		}
		fault(bytes.Count(src[:valid], []byte("\n"))+1, 1, "this line is no UTF-8; save the file as UTF-8")
		return faults
	}
	reader := csv.NewReader(bytes.NewReader(src))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	codes := newCodes(m)
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			fault(syntax.Line, syntax.Column, "a quote is missing or stands in the wrong place; a quote inside quotes is written twice")
			return faults
		}
		if err != nil {
			fault(1, 1, "the file cannot be read as CSV: %v", err)
			return faults
		}
		line, _ := reader.FieldPos(0)
		if first && len(record) == 2 && strings.EqualFold(strings.TrimSpace(record[0]), "code") && strings.EqualFold(strings.TrimSpace(record[1]), "word") {
			continue
		}
		if len(record) != 2 {
			fault(line, 1, "two columns are expected, a code and its word, not %d; put a text that holds a comma in double quotes", len(record))
			continue
		}
		wordLine, wordCol := reader.FieldPos(1)
		code := Text{Value: strings.TrimSpace(record[0]), Pos: Pos{line, 1}, Quoted: true}
		word := Text{Value: strings.TrimSpace(record[1]), Pos: Pos{wordLine, wordCol}, Quoted: true}
		if earlier, again := codes.add(code, word); again {
			fault(line, 1, "the code %s stands here a second time; the first is at line %d", asYAML(code.Value), earlier.Line)
		}
	}
	if len(m.Entries) == 0 && len(faults) == 0 {
		fault(1, 1, "the file has no codes")
	}
	return faults
}
