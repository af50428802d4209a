package plan

// What tests of behaviour cannot reach from outside.
var (
	EncodeKey = encodeKey
	DecodeKey = decodeKey
	QuoteName = quoteName
	Padded    = padded
)

// Fold is fold.
func (c Collation) Fold(text string) string { return c.fold(text) }
