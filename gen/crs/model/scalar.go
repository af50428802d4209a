package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Scalar is a member that some senders write as text and others as a number or a boolean: ids of requests (R217),
// yes-or-no members (R263) and coordinates (R279). It is the one type in this package that is written by hand. It keeps
// the form in which it came, so that a message can be handed on unchanged; null is a nil pointer to it.
type Scalar struct {
	// Text is the value without quotation marks: "r-5512", "5512", "true". Comparisons use it.
	Text string
	// Literal says that the value stands in JSON as it is, as a number or a boolean. Text then holds that literal.
	Literal bool
}

var errNotScalar = errors.New("neither text nor number nor boolean")

// UnmarshalJSON reads a JSON string, number or boolean. Anything else is an error that does not show the value.
func (s *Scalar) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return errNotScalar
	}
	switch b[0] {
	case '"':
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return fmt.Errorf("reading text: %w", err)
		}
		*s = Scalar{Text: text}
		return nil
	case '{', '[', 'n':
		return errNotScalar
	}
	if !json.Valid(b) {
		return errNotScalar
	}
	*s = Scalar{Text: string(b), Literal: true}
	return nil
}

// MarshalJSON writes the value in the form in which it came. A literal that is neither number nor boolean is an error.
func (s Scalar) MarshalJSON() ([]byte, error) {
	if !s.Literal {
		return json.Marshal(s.Text)
	}
	var check Scalar
	if err := check.UnmarshalJSON([]byte(s.Text)); err != nil || !check.Literal {
		return nil, errNotScalar
	}
	return []byte(s.Text), nil
}
