package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// stall ends a document's context when nothing moves for too long.
type stall struct {
	limit time.Duration
	mu    sync.Mutex
	timer *time.Timer
	over  bool
}

func newStall(limit time.Duration, cancel context.CancelCauseFunc) *stall {
	return &stall{limit: limit, timer: time.AfterFunc(limit, func() {
		cancel(fmt.Errorf("the document stood still: %w", context.DeadlineExceeded))
	})}
}

// work starts the measure for one step.
func (s *stall) work() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.timer.Reset(s.limit)
	}
}

// rest stops the measure between steps.
func (s *stall) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
}

// end stops the measure for good.
func (s *stall) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.timer.Stop()
}

// watched remembers how reading failed, which http.ServeContent does not tell.
type watched struct {
	io.ReadSeeker
	stall *stall
	err   error
}

func (w *watched) Read(p []byte) (int, error) {
	w.stall.work()
	defer w.stall.rest()
	n, err := w.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

func (w *watched) Seek(offset int64, whence int) (int64, error) {
	w.stall.work()
	defer w.stall.rest()
	at, err := w.ReadSeeker.Seek(offset, whence)
	if err != nil {
		w.err = err
	}
	return at, err
}

// late holds the status back until the first byte of the body is there, so that
// a document that cannot be read is answered with an error instead of a broken
// connection, and keeps refusals of http.ServeContent to itself.
type late struct {
	http.ResponseWriter
	stall  *stall
	rc     *http.ResponseController
	status int
	want   int64 // Content-Length of the answer
	sent   int64
	begun  bool
	err    error
}

// WriteHeader implements http.ResponseWriter.
func (l *late) WriteHeader(status int) {
	if l.status != 0 {
		return
	}
	l.status = status
	if n, err := strconv.ParseInt(l.Header().Get("Content-Length"), 10, 64); err == nil {
		l.want = n
	}
}

// Write implements io.Writer.
func (l *late) Write(p []byte) (int, error) {
	if l.status == 0 {
		l.WriteHeader(http.StatusOK)
	}
	if l.status >= http.StatusBadRequest {
		return len(p), nil
	}
	if !l.begun {
		l.begun = true
		l.ResponseWriter.WriteHeader(l.status)
	}
	// A large file may take longer than the server allows an answer; what must
	// not take long is each piece. Network deadlines are on the machine's clock.
	if err := l.rc.SetWriteDeadline(time.Now().Add(l.stall.limit)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		l.err = err
		return 0, err
	}
	n, err := l.ResponseWriter.Write(p)
	l.sent += int64(n)
	if err != nil {
		l.err = err
	}
	return n, err
}

// short says whether fewer bytes were sent than announced.
func (l *late) short() bool { return l.want > 0 && l.sent < l.want }
