package attachment

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
)

// fileMember is the member whose text is a file (R239).
const fileMember = "contents"

// pieceSize is how much of a body is read at once, in bytes.
const pieceSize = 32 << 10

var quotation = []byte{'"'}

// looseSize is how much of a body is gathered for its digest, in bytes.
const looseSize = 1 << 10

// Limits bound what Split holds in memory and how much it cuts out.
type Limits struct {
	Text  int // bytes beside the files; 0: 2 MiB
	Files int // files in one message; 0: 200
	Short int // contents up to so many bytes stay where they are; 0: 1 KiB
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		given *int
		or    int
	}{{&l.Text, 2 << 20}, {&l.Files, 200}, {&l.Short, 1 << 10}} {
		if *d.given <= 0 {
			*d.given = d.or
		}
	}
	return l
}

// Body is a message whose files were cut out.
type Body struct {
	// Text is the body byte for byte, but for references in the place of
	// contents.
	Text []byte
	// Digest tells bodies apart: equal for equal bodies, blanks between their
	// parts aside.
	Digest [sha256.Size]byte
	Bundle string // names the files; "" where there are none
	Files  Spool  // nil where there are none; to be discarded
}

// Discard takes back the files of a body that is not kept.
func (b *Body) Discard() error {
	if b.Files == nil {
		return nil
	}
	return b.Files.Discard()
}

// Split reads a body to its end and cuts the files out. It judges the texts it
// reads and nothing else of the JSON; that is in Text for whoever reads it on.
// Errors wrap ErrText, ErrTooLong, or what the reader or the spool answered.
func Split(ctx context.Context, r io.Reader, limits Limits, spool func(context.Context) (Spool, error)) (Body, error) {
	s := &splitter{Limits: limits.withDefaults(), open: func() (Spool, error) { return spool(ctx) }, sum: sha256.New(), loose: make([]byte, 0, looseSize)}
	if err := s.read(r); err != nil {
		return Body{}, errors.Join(err, s.body.Discard())
	}
	s.sum.Sum(s.body.Digest[:0])
	return s.body, nil
}

// splitter walks through a body.
type splitter struct {
	Limits
	open   func() (Spool, error)
	body   Body
	offset int64

	sum   hash.Hash
	loose []byte // on its way into sum: texts, and what is outside of them without blanks

	nested  []bool // of the objects and lists that are open: is an object
	wantKey bool   // a text that begins now is a name
	isFile  bool   // the value that begins now, or is being read, is a file
	files   int

	text    *text // the text that is being read, which is reading; nil outside
	reading text
	isKey   bool
	begin   int   // where in body.Text it began, behind its quotation mark
	cutting bool  // it goes into the spool
	from    int64 // where in the spool it begins
}

// pieces are what bodies are read with. Most bodies fill a small part of one, and
// a new one for each would be most of what a message allocates.
var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

func (s *splitter) read(r io.Reader) error {
	whole := pieces.Get().(*[pieceSize]byte)
	piece := whole[:]
	used := 0
	defer func() {
		clear(piece[:used]) // a message does not outlast its handling
		pieces.Put(whole)
	}()
	for {
		n, err := r.Read(piece)
		used = max(used, n)
		if s.body.Text == nil && n < len(piece) { // often all of it
			s.body.Text = make([]byte, 0, min(n, s.Text))
		}
		if fault := s.take(piece[:n]); fault != nil {
			return fault
		}
		s.offset += int64(n)
		if errors.Is(err, io.EOF) {
			s.flush()
			if s.text != nil {
				return &TextError{"it ends within a text", s.offset}
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
	}
}

func (s *splitter) take(p []byte) error {
	for i := 0; i < len(p); {
		if s.text == nil {
			n, err := s.outside(p[i:])
			if err != nil {
				return err
			}
			i += n
			continue
		}
		n, closed, bad := s.text.scan(p[i:])
		if err := s.put(p[i : i+n]); err != nil {
			return err
		}
		i += n
		if bad != "" {
			return &TextError{bad, s.offset + int64(i)}
		}
		if closed {
			if err := s.close(); err != nil {
				return err
			}
			i++ // the quotation mark
		}
	}
	return nil
}

// outside takes what is not within a text, up to the quotation mark of the next
// one, and says how much that was.
func (s *splitter) outside(p []byte) (int, error) {
	n, solid := 0, 0 // solid: from where there was no blank
	for n < len(p) && s.text == nil {
		switch p[n] {
		case ' ', '\t', '\r', '\n':
			s.mix(p[solid:n])
			solid = n + 1
		case '"':
			s.reading = text{}
			s.text, s.isKey = &s.reading, s.wantKey
		case '{':
			s.nested, s.wantKey, s.isFile = append(s.nested, true), true, false
		case '[':
			s.nested, s.wantKey, s.isFile = append(s.nested, false), false, false
		case '}', ']':
			s.nested, s.wantKey, s.isFile = s.nested[:max(0, len(s.nested)-1)], false, false
		case ',':
			s.wantKey, s.isFile = len(s.nested) > 0 && s.nested[len(s.nested)-1], false
		}
		n++
	}
	s.mix(p[solid:n])
	err := s.keep(p[:n])
	s.begin = len(s.body.Text)
	return n, err
}

// mix adds to what the digest is made of, in pieces that are worth a call.
func (s *splitter) mix(p []byte) {
	if len(s.loose)+len(p) > looseSize {
		s.flush()
	}
	if len(p) > looseSize {
		s.sum.Write(p)
		return
	}
	s.loose = append(s.loose, p...)
}

func (s *splitter) flush() {
	s.sum.Write(s.loose)
	s.loose = s.loose[:0]
}

// keep adds to what is held in memory.
func (s *splitter) keep(p []byte) error {
	if len(s.body.Text)+len(p) > s.Text {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLong, s.Text)
	}
	s.body.Text = append(s.body.Text, p...)
	return nil
}

// put takes a part of a text.
func (s *splitter) put(run []byte) error {
	s.mix(run)
	file := s.isFile && !s.isKey
	if file && !s.cutting && len(s.body.Text)-s.begin+len(run) > s.Short {
		if err := s.cut(); err != nil {
			return err
		}
	}
	if s.cutting {
		return s.aside(run)
	}
	return s.keep(run)
}

// cut moves what is there of the present text into the spool; the rest follows.
func (s *splitter) cut() error {
	if s.files++; s.files > s.Files {
		return fmt.Errorf("%w: more than %d files", ErrTooLong, s.Files)
	}
	if s.body.Files == nil {
		files, err := s.open()
		if err != nil {
			return fmt.Errorf("making room for files: %w", err)
		}
		s.body.Files, s.body.Bundle = files, rand.Text()
	}
	s.cutting, s.from = true, s.body.Files.Size()
	held := s.body.Text[s.begin:]
	s.body.Text = s.body.Text[:s.begin]
	return s.aside(held)
}

func (s *splitter) aside(run []byte) error {
	if _, err := s.body.Files.Write(run); err != nil {
		return fmt.Errorf("putting files aside: %w", err)
	}
	return nil
}

// close ends a text.
func (s *splitter) close() error {
	held := s.body.Text[s.begin:]
	switch {
	case s.isKey:
		s.isFile = bytes.Equal(held, []byte(fileMember))
	case s.isFile && !s.cutting && marked(held):
		if err := s.cut(); err != nil {
			return err
		}
	}
	if s.cutting {
		ref := Reference{Bundle: s.body.Bundle, Offset: s.from, Size: s.body.Files.Size() - s.from}
		if err := s.keep([]byte(ref.String())); err != nil {
			return err
		}
	}
	s.text, s.cutting, s.wantKey = nil, false, false
	s.isFile = s.isFile && s.isKey
	s.mix(quotation)
	return s.keep(quotation)
}

// marked says whether the inside of a JSON text reads like a reference.
func marked(inside []byte) bool {
	var plain string
	if err := json.Unmarshal([]byte(`"`+string(inside)+`"`), &plain); err != nil {
		return false
	}
	return strings.HasPrefix(plain, mark)
}
