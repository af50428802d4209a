package sweep

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// packVersion is the first byte of a packed key list.
const packVersion = 1

// maxPacked bounds what one list may unpack to, in bytes, so that a damaged one
// cannot take all memory.
const maxPacked = 1 << 30

// Pack writes a key list small: compressed, each customer's number once in a
// row.
func Pack(keys adapters.Keys) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte(packVersion)
	w, err := packer(&out)
	if err != nil {
		return nil, fmt.Errorf("packing a key list: %w", err)
	}
	defer func() {
		select {
		case packers <- w:
		default: // enough of them are kept
		}
	}()
	raw := binary.AppendUvarint(nil, uint64(len(keys)))
	before := ""
	for i, k := range keys {
		raw = appendText(raw, k.Row)
		if i > 0 && k.Customer == before {
			raw = append(raw, 0)
		} else {
			raw = appendText(append(raw, 1), k.Customer)
		}
		before = k.Customer
	}
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("packing a key list: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing a key list: %w", err)
	}
	return out.Bytes(), nil
}

// packers are used again: each takes a megabyte to make. Few are needed, so they
// are kept through every collection of garbage.
var packers = make(chan *flate.Writer, 2)

func packer(out io.Writer) (*flate.Writer, error) {
	select {
	case w := <-packers:
		w.Reset(out)
		return w, nil
	default:
		return flate.NewWriter(out, flate.BestSpeed)
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errPacked = errors.New("the packed key list is damaged")

// Unpack reads what Pack wrote. Damaged bytes are an error, never a short list.
func Unpack(packed []byte) (adapters.Keys, error) {
	if len(packed) == 0 || packed[0] != packVersion {
		return nil, errPacked
	}
	r := flate.NewReader(bytes.NewReader(packed[1:]))
	raw, err := io.ReadAll(io.LimitReader(r, maxPacked))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	n, raw, ok := cutNumber(raw)
	if !ok || n > uint64(len(raw)) { // each key takes at least two bytes
		return nil, errPacked
	}
	keys := make(adapters.Keys, n)
	for i := range keys {
		if keys[i].Row, raw, ok = cutText(raw); !ok || len(raw) == 0 {
			return nil, errPacked
		}
		own := raw[0]
		raw = raw[1:]
		switch {
		case own == 0 && i > 0:
			keys[i].Customer = keys[i-1].Customer
		case own == 1:
			if keys[i].Customer, raw, ok = cutText(raw); !ok {
				return nil, errPacked
			}
		default:
			return nil, errPacked
		}
	}
	if len(raw) > 0 {
		return nil, errPacked
	}
	return keys, nil
}

func cutNumber(b []byte) (uint64, []byte, bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 {
		return 0, nil, false
	}
	return n, b[used:], true
}

func cutText(b []byte) (string, []byte, bool) {
	n, b, ok := cutNumber(b)
	if !ok || n > uint64(len(b)) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}
