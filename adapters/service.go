package adapters

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// The errors of a call to one of Caterpillar's services. They arrive inside a
// *CallError; test with errors.Is.
var (
	// ErrCredentials: the client id, its secret or the token was not accepted,
	// not even after the token was renewed (401).
	ErrCredentials = errors.New("the service does not accept the credentials")
	// ErrForbidden: the client may not do this (403).
	ErrForbidden = errors.New("the service does not allow this client to do that")
	// ErrBadRequest: the service found fault with the request (400 and its
	// kin). Repeating it unchanged is unlikely to help.
	ErrBadRequest = errors.New("the service refuses the request")
	// ErrAddress: nothing is served at the configured address (404, 405), or it
	// leads elsewhere (a redirect, which is never followed).
	ErrAddress = errors.New("the service is not at the configured address")
	// ErrService: the service failed, did not answer in time or could not be
	// reached.
	ErrService = errors.New("the service is unavailable")
	// ErrAnswer: the service answered with success and something that cannot
	// be read: no JSON, another shape, an error in the clothes of a success.
	ErrAnswer = errors.New("the answer of the service cannot be read")
	// ErrAnswerTooLarge: the answer is longer than is read; ask for less.
	ErrAnswerTooLarge = errors.New("the answer of the service is too large")
)

// CallError says how a call to one of Caterpillar's services ended. Its text
// holds nothing private.
type CallError struct {
	Call   string // what was being done: "fetching leads"
	Err    error  // one of the errors above, ErrNotFound, or that of the context
	Detail string // what exactly, in words of ours
	Status int    // of the answer; 0 where there was none
	Tries  int
	// RetryAfter is how long the service asked to be left alone, 0 where it did
	// not say.
	RetryAfter time.Duration
	// Answer is the beginning of the service's answer, for people to read. It
	// may hold personal data: it is in no text and no log this error makes.
	Answer string
}

// Error tells what was done, what was wrong, the status and the tries.
func (e *CallError) Error() string {
	var parts []string
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", e.Status))
	}
	if e.Tries > 1 {
		parts = append(parts, fmt.Sprintf("%d tries", e.Tries))
	}
	text := e.Call + ": " + e.Err.Error()
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}

// Unwrap gives the kind of error.
func (e *CallError) Unwrap() error { return e.Err }

// LogValue keeps the service's answer out of logs.
func (e *CallError) LogValue() slog.Value { return slog.StringValue(e.Error()) }
