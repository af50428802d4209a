package caterpillar

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/cenkalti/backoff/v5"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// failure is one try that did not succeed.
type failure struct {
	kind       error // one of the errors of adapters.CallError
	detail     string
	status     int
	retryAfter string // the header
	body       []byte
	acted      bool // the service may have acted on the request all the same
	final      bool // no further try
	refused    bool // the token service does not accept the client
	partial    bool // a success whose body did not arrive whole
}

func (f *failure) Error() string { return f.kind.Error() }

// caller makes calls to one service.
type caller struct {
	Options
	http   *http.Client
	tokens *tokens
	// again says whether a failure is worth a further try; nil: every one is.
	again func(*failure) bool
}

// request sends one try with that Authorization.
type request func(ctx context.Context, authorization string) (*http.Response, error)

// outcome is how a call went, as far as it went.
type outcome struct {
	status int
	body   []byte
	tries  int
	acted  int // failed tries upon which the service may have acted
}

// do makes a call and repeats it until an answer is accepted or the tries are
// used up. accept looks at an answer with 200 or 204; it may be nil. The error
// is nil or a *adapters.CallError.
func (c *caller) do(ctx context.Context, what string, send request, accept func(status int, body []byte) *failure) (outcome, error) {
	var out outcome
	// Varied by less than a third, each pause is longer than the one before (R100).
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: c.Pause, MaxInterval: c.LongestPause, Multiplier: 2, RandomizationFactor: 0.3,
	}
	renewed, stale := false, ""
	for {
		out.tries++
		token, f := c.once(ctx, send, accept, stale, &out)
		if f == nil {
			return out, nil
		}
		if f.acted {
			out.acted++
		}
		if err := ctx.Err(); err != nil {
			return out, &adapters.CallError{Call: what, Err: err, Tries: out.tries, Status: f.status}
		}
		after := c.retryAfter(f.retryAfter)
		failed := &adapters.CallError{
			Call: what, Err: f.kind, Detail: f.detail, Status: f.status, Tries: out.tries, RetryAfter: after, Answer: beginning(f.body),
		}
		if f.status == http.StatusUnauthorized && token != "" {
			stale = token
			if !renewed { // an expired token is no failure of the call (R102)
				renewed = true
				out.tries--
				continue
			}
		}
		if f.final || f.refused && c.RefusedIsFinal || out.tries >= c.Tries || after > c.LongestWait || c.again != nil && !c.again(f) {
			return out, failed
		}
		pause := max(pauses.NextBackOff(), after)
		c.Log.WarnContext(ctx, "a call to Caterpillar failed and is tried again", "err", failed, "pause", pause)
		if err := c.Wait(ctx, pause); err != nil {
			failed.Err = err
			return out, failed
		}
	}
}

// once makes one try. It returns the token used, "" where there was none.
func (c *caller) once(ctx context.Context, send request, accept func(int, []byte) *failure, stale string, out *outcome) (string, *failure) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	out.status, out.body = 0, nil
	token, err := c.tokens.get(ctx, stale)
	if err != nil {
		var f *failure
		if !errors.As(err, &f) {
			f = transportFailure(err)
		}
		return "", f
	}
	var wrote atomic.Bool // the callback may come from another goroutine, and late
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	resp, err := send(ctx, "Bearer "+token)
	if err != nil {
		f := transportFailure(err)
		f.acted = wrote.Load()
		return token, f
	}
	defer resp.Body.Close()
	out.status = resp.StatusCode
	body, err := c.read(resp)
	out.body = body
	f := judge(resp, body, err)
	switch {
	case accept == nil:
	case f == nil:
		f = accept(resp.StatusCode, body)
	case f.partial && len(bytes.TrimSpace(body)) > 0:
		// The end is missing, or only the end of the connection: what did come
		// may still be all there was, or too precious to be asked for again.
		if better := accept(resp.StatusCode, body); better == nil || better.final {
			f = better
		}
	}
	if f != nil {
		f.status, f.body, f.retryAfter = resp.StatusCode, body, resp.Header.Get("Retry-After")
	}
	return token, f
}

var errTooLong = errors.New("longer than is read")

// read reads an answer up to its bound; what was read is returned beside an error.
func (c *caller) read(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.MaxAnswer+1))
	if int64(len(body)) > c.MaxAnswer {
		return body[:c.MaxAnswer], errTooLong
	}
	if len(body) == 0 {
		body = nil
	}
	return body, err
}

// judge looks at what every service has in common: the status and whether the
// answer arrived whole. Success is 200 or 204, nothing else (R99).
func judge(resp *http.Response, body []byte, err error) *failure {
	status := resp.StatusCode
	switch {
	case status == http.StatusOK || status == http.StatusNoContent:
		switch {
		case errors.Is(err, errTooLong):
			return &failure{kind: adapters.ErrAnswerTooLarge, detail: fmt.Sprintf("more than %d bytes", len(body)), acted: true, final: true}
		case err != nil:
			f := transportFailure(err)
			f.acted, f.partial = true, true
			return f
		}
		return nil
	case status/100 == 2:
		return &failure{kind: adapters.ErrAnswer, detail: "a status that is no success", acted: true}
	case status/100 == 3:
		return &failure{kind: adapters.ErrAddress, detail: redirect(resp)}
	case status == http.StatusUnauthorized:
		return &failure{kind: adapters.ErrCredentials}
	case status == http.StatusForbidden:
		return &failure{kind: adapters.ErrForbidden}
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return &failure{kind: adapters.ErrAddress} // R97
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return &failure{kind: adapters.ErrService}
	case status/100 == 4:
		return &failure{kind: adapters.ErrBadRequest}
	}
	// Whoever answers 502 or 504 may have let the request through.
	return &failure{kind: adapters.ErrService, acted: true}
}

// redirect says where an answer leads, the host alone: the rest may hold anything.
func redirect(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil || to.Host == "" {
		return "a redirect, which is not followed"
	}
	return fmt.Sprintf("a redirect to %q, which is not followed", to.Host)
}

// transportFailure says in words of ours why no answer came. Texts of the
// standard library may quote what was received, so only those of connecting are
// passed on.
func transportFailure(err error) *failure {
	f := &failure{kind: adapters.ErrService}
	var (
		address *url.Error
		network *net.OpError
		name    *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		timeout interface{ Timeout() bool }
	)
	if errors.As(err, &address) {
		err = address.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		f.detail = "stopped"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.detail = "no whole answer in time"
	case errors.As(err, &name):
		f.detail = fmt.Sprintf("the name %q cannot be found", name.Name)
	case errors.As(err, &cert):
		f.detail = "its certificate is not accepted: " + cert.Err.Error()
	case errors.As(err, &record):
		f.detail = "it does not speak TLS"
	case errors.As(err, &network) && (network.Op == "dial" || network.Op == "proxyconnect"):
		f.detail = "it cannot be reached: " + network.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), network != nil:
		f.detail = "the connection ended early"
	default:
		f.detail = "the connection failed"
	}
	return f
}

// retryAfter reads the header in both its forms; 0 where it says nothing.
func (c *caller) retryAfter(header string) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(c.Now()))
	}
	return 0
}

// shown is how much of an answer is kept for people.
const shown = 2000

// beginning is the start of a body as text, cut between characters.
func beginning(body []byte) string {
	cut := len(body) > shown
	if cut {
		body = body[:shown]
	}
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	if r, size := utf8.DecodeLastRuneInString(text); cut && r == utf8.RuneError {
		text = text[:len(text)-size]
	}
	return strings.TrimSpace(text)
}

// isHTML tells a page for people, from a proxy or a login, from JSON (R21).
func isHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(trimMark(body)), []byte("<"))
}

// trimMark cuts off the mark some systems put before UTF-8.
func trimMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }
