package convert

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// HashRule makes a key where the database has none, out of texts that stand
// for the same thing however they are written: letter case, blanks and Unicode
// composition do not matter, the order and borders of the parts do.
type HashRule struct {
	Length int // characters after the prefix; 0 is 16
	Prefix string
}

const (
	defaultHashLength = 16
	minHashLength     = 8  // shorter keys collide among a few thousand rows
	maxHashLength     = 51 // whole characters in a SHA-256
)

// readable has no letter that is taken for a digit: keys are read out over the
// telephone.
var readable = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Check reports a length that makes no usable key.
func (r HashRule) Check() error {
	if r.Length != 0 && (r.Length < minHashLength || r.Length > maxHashLength) {
		return fmt.Errorf("a hash has %d to %d characters, not %d", minHashLength, maxHashLength, r.Length)
	}
	return nil
}

// Of makes the key; Empty when all parts are.
func (r HashRule) Of(parts ...string) (string, State) {
	sum := sha256.New()
	fold := cases.Fold()
	empty := true
	var size [8]byte
	for _, part := range parts {
		// Folding can undo composition, and composing first makes folding see
		// one letter, so the form is made twice.
		text := norm.NFC.String(fold.String(norm.NFC.String(CollapseBlanks(part))))
		empty = empty && text == ""
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		sum.Write(size[:]) // a hash never fails to take bytes
		sum.Write([]byte(text))
	}
	if empty {
		return "", Empty
	}
	length := r.Length
	if length == 0 {
		length = defaultHashLength
	}
	key := readable.EncodeToString(sum.Sum(nil))
	return r.Prefix + key[:min(length, maxHashLength)], Present
}
