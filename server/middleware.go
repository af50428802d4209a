package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/server/problem"
)

// Headers that every answer has. They are shared by all of them, and never
// written to: http.Header's own methods put other slices in their place.
var (
	noStore   = []string{"no-store"}
	noSniff   = []string{"nosniff"}
	byPacking = []string{"Accept-Encoding"}
	packedIn  = []string{"gzip"}
)

// requestID gives every request an id of ours; one that the caller sends is not
// taken, because it would let callers write into the log.
func (s *server) requestID(c *gin.Context) {
	id := rand.Text()
	var p *passage
	p, c.Request = startPassage(c.Request, id)
	h := c.Writer.Header()
	h["X-Request-Id"] = p.id[:]
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	c.Next()
}

// observe counts and logs every request, also those that end in a panic. The
// route is the template, never the path: paths hold ids.
func (s *server) observe(c *gin.Context) {
	start := s.o.Now()
	s.metrics.inFlight.Inc()
	f := facts(c)
	defer func() {
		s.metrics.inFlight.Dec()
		end := s.o.Now()
		took := end.Sub(start)
		route := c.FullPath()
		if route == "" {
			route = "unmatched"
		}
		status := c.Writer.Status()
		s.metrics.request(c.Request.Method, route, f.dealer, status, took)
		level := slog.LevelInfo
		switch route {
		case "/livez", "/readyz", "/metrics":
			level = slog.LevelDebug
		}
		s.logRequest(c, end, level,
			slog.String("requestId", problem.RequestID(c.Request.Context())),
			slog.String("method", method(c.Request.Method)), slog.String("route", route),
			slog.Int("status", status), slog.Int("bytes", max(c.Writer.Size(), 0)), slog.Duration("took", took),
			slog.String("dealer", f.dealer), slog.String("client", f.client), slog.String("problem", f.problem))
	}()
	c.Next()
}

// logRequest writes the line of a request. It does what slog.Logger would do,
// but does not ask which line of the program it comes from: it is always one.
func (s *server) logRequest(c *gin.Context, at time.Time, level slog.Level, attrs ...slog.Attr) {
	ctx, h := c.Request.Context(), s.o.Log.Handler()
	if !h.Enabled(ctx, level) {
		return
	}
	r := slog.NewRecord(at, level, "request", 0)
	r.AddAttrs(attrs...)
	_ = h.Handle(ctx, r) // a log that cannot be written has nobody to tell, as with slog's own
}

// recover answers a panic as an internal error. The deliberate one that breaks a
// connection goes on to net/http.
func (s *server) recover(c *gin.Context) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler: //nolint:errorlint // net/http compares it like this
			panic(p)
		default:
			s.metrics.panics.Inc()
			s.o.Log.ErrorContext(c.Request.Context(), "a request panicked",
				"requestId", problem.RequestID(c.Request.Context()), "stack", string(debug.Stack()))
			s.fail(c, fmt.Errorf("panic of type %T", p))
		}
	}()
	c.Next()
}

// admit refuses a request when as many as the server works on are under way.
func (s *server) admit(c *gin.Context) {
	select {
	case s.room <- struct{}{}:
	default:
		s.fail(c, problem.ErrOverloaded)
		return
	}
	defer func() { <-s.room }()
	c.Next()
}

// limitBody bounds what is read of a body. Nothing under the pull paths reads
// one; net/http reads the rest to keep the connection.
func (s *server) limitBody(c *gin.Context) {
	if c.Request.ContentLength > s.o.MaxBody {
		s.fail(c, problem.ErrTooLarge)
		return
	}
	if c.Request.Body != http.NoBody {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, s.o.MaxBody)
	}
	c.Next()
}

// plainPath decodes the parts of the path that stand for values.
func (s *server) plainPath(c *gin.Context) {
	for i := range c.Params {
		plain, err := url.PathUnescape(c.Params[i].Value)
		if err != nil || faultOfText(plain) != "" {
			s.fail(c, problem.ErrNoDocument)
			return
		}
		c.Params[i].Value = plain
	}
	c.Next()
}

// deliver bounds the time an answer may take, has it written in one piece, and
// takes back what was noted as served when it did not get through.
func (s *server) deliver(c *gin.Context) {
	caller := c.Request.Context()
	undo := undoOf(caller)
	if c.FullPath() == documentPath { // has a measure of its own, and is sent in pieces
		c.Next()
		return
	}
	ctx, cancel := context.WithTimeout(caller, s.o.RequestTimeout)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	w := &passageOf(c).writer
	*w = whole{ResponseWriter: c.Writer, caller: caller, packs: takesGzip(c.Request.Header)}
	c.Writer = w
	defer func() {
		c.Writer = w.ResponseWriter
		if !w.delivered {
			undo.Run()
		}
	}()
	c.Next()
}

// whole lets an answer through in one piece and with its length, so that a part
// of one can never pass for all of it.
type whole struct {
	gin.ResponseWriter
	caller    context.Context
	packs     bool // the caller takes gzip
	delivered bool
	length    [1]string // as a header
}

var errPieces = errors.New("an answer was written in pieces")

// Write implements io.Writer for the one write there may be.
func (w *whole) Write(p []byte) (int, error) {
	if w.Written() {
		w.delivered = false
		return 0, errPieces
	}
	// A caller who is gone before the first byte has certainly not read it. One
	// who leaves right after may have.
	there := w.caller.Err() == nil
	h := w.Header()
	h["Vary"] = byPacking
	n, sent := len(p), p
	if w.packs && len(p) >= gzipLeast {
		packed, err := pack(p)
		if err != nil {
			return 0, fmt.Errorf("packing an answer: %w", err)
		}
		sent = packed
		h["Content-Encoding"] = packedIn
	}
	w.length[0] = strconv.Itoa(len(sent))
	h["Content-Length"] = w.length[:]
	written, err := w.ResponseWriter.Write(sent)
	if written < len(sent) {
		n = 0
	}
	w.delivered = there && err == nil && w.Status() == http.StatusOK
	return n, err // the io.Writer contract
}

// WriteString implements io.StringWriter.
func (w *whole) WriteString(p string) (int, error) { return w.Write([]byte(p)) }

// method bounds what callers can make a label of.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return m
	}
	return "other"
}
