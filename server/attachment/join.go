package attachment

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// quotedMark begins a reference as it stands in a body.
var quotedMark = []byte(`"` + mark)

// each goes through the references of a body in order: around is called with
// what stands between them, quotation marks included, ref with each of them.
func each(body []byte, around func([]byte) error, ref func(Reference) error) error {
	for {
		at := bytes.Index(body, quotedMark)
		if at < 0 {
			return around(body)
		}
		begin := at + 1
		end := bytes.IndexByte(body[begin:], '"')
		if end < 0 {
			return around(body)
		}
		end += begin
		r, ok := ParseReference(string(body[begin:end]))
		if !ok || !isContents(body[:at]) {
			if err := around(body[:end]); err != nil {
				return err
			}
			body = body[end:]
			continue
		}
		if err := around(body[:begin]); err != nil {
			return err
		}
		if err := ref(r); err != nil {
			return err
		}
		body = body[end:]
	}
}

// isContents says whether a value that follows is that of a file.
func isContents(before []byte) bool {
	before, found := bytes.CutSuffix(bytes.TrimRight(before, " \t\r\n"), []byte(":"))
	return found && bytes.HasSuffix(bytes.TrimRight(before, " \t\r\n"), []byte(`"`+fileMember+`"`))
}

// Length is the length of a body whose files are put back, in bytes.
func Length(body []byte) int64 {
	var n int64
	// Neither function fails.
	_ = each(body, func(p []byte) error {
		n += int64(len(p))
		return nil
	}, func(r Reference) error {
		n += r.Size
		return nil
	})
	return n
}

// Write writes a body with its files put back. open is asked once for each
// bundle.
func Write(w io.Writer, body []byte, open func(bundle string) (io.ReaderAt, error)) error {
	opened := map[string]io.ReaderAt{}
	piece := []byte(nil)
	return each(body, func(p []byte) error {
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("writing a message: %w", err)
		}
		return nil
	}, func(r Reference) error {
		contents, ok := opened[r.Bundle]
		if !ok {
			var err error
			if contents, err = open(r.Bundle); err != nil {
				return fmt.Errorf("opening the files of a message: %w", err)
			}
			opened[r.Bundle] = contents
		}
		if piece == nil {
			piece = make([]byte, pieceSize)
		}
		// The writer is hidden, or it would bring a buffer of its own.
		n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.NewSectionReader(contents, r.Offset, r.Size), piece)
		if err != nil {
			return fmt.Errorf("putting a file back: %w", err)
		}
		if n != r.Size {
			return fmt.Errorf("putting a file back: %w", ErrGone)
		}
		return nil
	})
}

// Join gives a body of a dealer with its files put back. A body without
// references is returned as it is.
func Join(ctx context.Context, keeper Keeper, dealer string, body []byte) (_ []byte, err error) {
	if !bytes.Contains(body, quotedMark) {
		return body, nil
	}
	var opened []Contents
	defer func() {
		for _, c := range opened {
			err = errors.Join(err, c.Close())
		}
	}()
	var whole bytes.Buffer
	whole.Grow(int(Length(body)))
	err = Write(&whole, body, func(bundle string) (io.ReaderAt, error) {
		c, err := keeper.Open(ctx, dealer, bundle)
		if err != nil {
			return nil, err
		}
		opened = append(opened, c)
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	return whole.Bytes(), nil
}

// Detach is Split and Keep for a body that is in memory: one that is to be
// queued for the partner. It returns the body with references.
func Detach(ctx context.Context, keeper Keeper, b Bundle, body []byte) ([]byte, error) {
	split, err := Split(ctx, bytes.NewReader(body), Limits{Text: len(body) + 1}, keeper.Spool)
	if err != nil {
		return nil, err
	}
	if split.Files == nil {
		return body, nil
	}
	b.ID = split.Bundle
	err = keeper.Keep(ctx, b, split.Files)
	return split.Text, errors.Join(err, split.Discard())
}

// Open opens the file behind a text of a body: behind a reference, or base64
// that stands there itself. What is read is the file; an error while reading is
// base64's.
func Open(ctx context.Context, keeper Keeper, dealer, text string) (io.ReadCloser, error) {
	ref, ok := ParseReference(text)
	if !ok {
		return io.NopCloser(decode(bytes.NewReader([]byte(text)))), nil
	}
	c, err := keeper.Open(ctx, dealer, ref.Bundle)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{decode(&unescaped{from: io.NewSectionReader(c, ref.Offset, ref.Size)}), c}, nil
}

// decode reads base64 with or without blanks and padding (R239).
func decode(r io.Reader) io.Reader { return base64.NewDecoder(base64.RawStdEncoding, &dense{r}) }

// dense leaves blanks and padding out.
type dense struct{ from io.Reader }

func (d *dense) Read(p []byte) (int, error) {
	for {
		n, err := d.from.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			switch b {
			case ' ', '\t', '\r', '\n', '=':
			default:
				kept = append(kept, b)
			}
		}
		if len(kept) > 0 || err != nil || len(p) == 0 {
			return len(kept), err
		}
	}
}
