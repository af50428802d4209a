// Package problem owns the one table from an error to the HTTP answer for it,
// in the form of RFC 9457, and the writing of that answer.
//
// It knows the errors of the packages below it, and nothing of routes. What an
// error says never reaches the caller: an answer's words are those of the table,
// and of faults that were written for callers.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// ContentType is the media type of every problem.
const ContentType = "application/problem+json"

// urn stands before the slug in a problem's type.
const urn = "urn:dealerbridge:problem:"

// The errors of requests that never reach a dealer's system. Test with
// errors.Is.
var (
	// ErrBadParameter: the request breaks the contract; use BadParameter.
	ErrBadParameter = errors.New("bad parameter")
	// ErrInsufficientScope: the token lacks the scope the endpoint needs; use
	// InsufficientScope.
	ErrInsufficientScope = errors.New("the token lacks the scope for this")
	// ErrUnknown: nobody knows what is asked for; use it for what operators ask.
	ErrUnknown = errors.New("nobody knows it")
	// ErrRefused: what is asked for cannot be done as things stand; use Refused.
	ErrRefused = errors.New("that cannot be done now")
	// ErrNotSetUp: the dealer's configuration or mapping lacks what it takes.
	ErrNotSetUp = errors.New("this is not set up for the dealer")
	// ErrBadMessage: the body of a message has faults (R193); use BadMessage.
	ErrBadMessage = errors.New("bad message")
	// ErrNotKept: a message could not be made durable; nobody promised anything.
	ErrNotKept = errors.New("the message could not be kept")
	// ErrForbiddenDealer: the dealer asked for is not the client's, or unknown.
	ErrForbiddenDealer = errors.New("the client does not belong to this dealer")
	// ErrNoRoute: nothing is served at this path.
	ErrNoRoute = errors.New("nothing is served here")
	// ErrNoDocument: there is no such document.
	ErrNoDocument = errors.New("no such document")
	// ErrMethodNotAllowed: the path is served, but not with this method.
	ErrMethodNotAllowed = errors.New("method not allowed")
	// ErrTooLarge: the body of the request is larger than is read.
	ErrTooLarge = errors.New("the request is too large")
	// ErrUnsupportedMediaType: the body is of a kind that is not read.
	ErrUnsupportedMediaType = errors.New("unsupported media type")
	// ErrRange: no part of the document lies in the range asked for.
	ErrRange = errors.New("the range cannot be satisfied")
	// ErrPrecondition: the document is not in the version the request is for.
	ErrPrecondition = errors.New("a precondition of the request does not hold")
	// ErrOverloaded: as many requests as are worked on at once are under way.
	ErrOverloaded = errors.New("too many requests are under way")
)

// faulty is an error that carries faults of the request.
type faulty struct {
	kind   error
	faults []model.ProblemFault
}

func (f *faulty) Error() string {
	said := make([]string, 0, len(f.faults))
	for _, one := range f.faults {
		said = append(said, one.Path+": "+one.Message)
	}
	return f.kind.Error() + ": " + strings.Join(said, "; ")
}

func (f *faulty) Unwrap() error { return f.kind }

// BadParameter is an error for a request that breaks the contract. Faults are
// shown to the caller and must not hold values.
func BadParameter(faults ...model.ProblemFault) error { return &faulty{ErrBadParameter, faults} }

// BadMessage is an error for the body of a message. Faults are shown to the
// sender and must not hold values.
func BadMessage(faults ...model.ProblemFault) error { return &faulty{ErrBadMessage, faults} }

// Fault is one fault of a query parameter, for BadParameter.
func Fault(parameter, message string) model.ProblemFault {
	return model.ProblemFault{Path: "query." + parameter, Message: message}
}

// scopeless is ErrInsufficientScope with the scope that is missing.
type scopeless struct{ scope string }

func (s *scopeless) Error() string { return ErrInsufficientScope.Error() + ": " + s.scope }

func (s *scopeless) Unwrap() error { return ErrInsufficientScope }

// InsufficientScope is an error for a token that lacks a scope.
func InsufficientScope(scope string) error { return &scopeless{scope} }

// refused is ErrRefused with the reason in words.
type refused struct{ why string }

func (r *refused) Error() string { return ErrRefused.Error() + ": " + r.why }

func (r *refused) Unwrap() error { return ErrRefused }

// Refused is an error for what cannot be done as things stand. Why is shown to
// the caller, says what can be done instead, and holds no value.
func Refused(why string) error { return &refused{why} }

type requestIDKey struct{}

// identified is a context with the id of a request. Every request has one, so it
// is made in one piece.
type identified struct {
	context.Context
	id string
}

// Value implements context.Context.
func (c *identified) Value(key any) any {
	if key == (requestIDKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithRequestID returns a context that carries the id of a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return &identified{ctx, id}
}

// RequestID returns the id of a request, empty where none was given.
func RequestID(ctx context.Context) string {
	if c, ok := ctx.Value(requestIDKey{}).(*identified); ok {
		return c.id
	}
	return ""
}

// answer is everything an error turns into.
type answer struct {
	row
	faults []model.ProblemFault
}

func answerTo(err error) answer {
	for _, r := range table {
		if errors.Is(err, r.err) {
			a := answer{row: r}
			var f *faulty
			if errors.As(err, &f) && errors.Is(r.err, f.kind) && len(f.faults) > 0 {
				a.faults = f.faults
				first := f.faults[0]
				a.message = strings.TrimPrefix(first.Path, "query.") + ": " + first.Message
			}
			var lacks *scopeless
			if errors.As(err, &lacks) {
				a.message = "the token lacks the scope " + lacks.scope
				a.challenge = realm + `, error="insufficient_scope", scope="` + lacks.scope + `"`
			}
			var no *refused
			if errors.As(err, &no) {
				a.message = no.why
			}
			return a
		}
	}
	return answer{row: internal}
}

// Status returns the HTTP status an error is answered with.
func Status(err error) int { return answerTo(err).status }

// Slug returns the name of the kind of problem an error is, for metrics.
func Slug(err error) string { return answerTo(err).slug }

// Write answers a request with the problem an error is, and logs the cause of
// those that are not the caller's fault.
func Write(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	a := answerTo(err)
	id := RequestID(r.Context())
	if a.status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		if a.status == http.StatusInternalServerError {
			level = slog.LevelError
		}
		if errors.Is(r.Context().Err(), context.Canceled) {
			level = slog.LevelDebug // the caller went away
		}
		log.Log(r.Context(), level, "request failed", "requestId", id, "problem", a.slug, "err", err)
	}
	body, encErr := json.Marshal(model.Problem{
		Type: urn + a.slug, Title: a.title, Status: int64(a.status), Message: a.message, RequestID: id, Faults: a.faults,
	})
	if encErr != nil { // flat texts and numbers: not known to happen, must not look like success
		log.ErrorContext(r.Context(), "encoding a problem failed", "requestId", id, "err", encErr)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	body = append(body, '\n')
	h := w.Header()
	for _, name := range []string{"Content-Range", "Content-Disposition", "Accept-Ranges", "Etag", "Last-Modified"} {
		h.Del(name) // of a document that was about to be sent
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(a.retry/time.Second)))
	}
	if a.challenge != "" {
		h.Set("WWW-Authenticate", a.challenge)
	}
	var unsatisfied *RangeError
	if errors.As(err, &unsatisfied) {
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", unsatisfied.Size))
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write(body); err != nil {
		log.DebugContext(r.Context(), "the caller went away", "requestId", id, "err", err)
	}
}

// RangeError is ErrRange with the size of the document in bytes, which the
// answer tells the caller.
type RangeError struct{ Size int64 }

func (e *RangeError) Error() string { return ErrRange.Error() }

// Unwrap makes errors.Is(err, ErrRange) true.
func (e *RangeError) Unwrap() error { return ErrRange }
