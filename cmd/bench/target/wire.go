package target

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// wires are the connections to a server that nobody asks on just now. Who asks
// shares two cores with who answers, so that asking has to cost little and the
// same for every server: a request is written as text, and the answer is read by
// whoever wrote it. net/http's own client hands both to goroutines of their own.
type wires struct {
	host string // and port

	mu   sync.Mutex
	idle []*wire
}

// wire is one connection with what is used again for every request on it.
type wire struct {
	net.Conn
	in   *bufio.Reader
	out  []byte
	used time.Time // last
}

// answerRoom is what is read at once, in bytes: most answers fit into two or
// three.
const answerRoom = 64 << 10

// patience is how long one answer may take, and freshness how long a connection
// is asked on again: servers hang up after some idle time.
const (
	patience  = 5 * time.Minute
	freshness = 10 * time.Second
)

func newWires(address string) *wires { return &wires{host: strings.TrimPrefix(address, "http://")} }

func (w *wires) take(ctx context.Context) (*wire, error) {
	if one := w.kept(); one != nil {
		return one, nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", w.host)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return &wire{Conn: conn, in: bufio.NewReaderSize(conn, answerRoom)}, nil
}

// kept is the connection that was used last; nil where none is fresh.
func (w *wires) kept() *wire {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.idle)
	if n == 0 || time.Since(w.idle[n-1].used) > freshness {
		return nil
	}
	one := w.idle[n-1]
	w.idle = w.idle[:n-1]
	return one
}

func (w *wires) give(one *wire) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.used = time.Now()
	w.idle = append(w.idle, one)
}

// close ends the connections nobody asks on.
func (w *wires) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, one := range w.idle {
		errs = append(errs, one.Close())
	}
	w.idle = nil
	return errors.Join(errs...)
}

// get asks for a path with some headers, each a line with its end, and copies
// the body of the answer.
func (w *wires) get(ctx context.Context, path, headers string, to io.Writer) (n int64, status int, err error) {
	one, err := w.take(ctx)
	if err != nil {
		return 0, 0, err
	}
	hangUp := context.AfterFunc(ctx, func() {
		_ = one.Close() // the reader finds out
	})
	var last bool
	n, status, last, err = one.get(w.host, path, headers, to)
	switch {
	case !hangUp():
		return n, status, errors.Join(context.Cause(ctx), err)
	case err != nil || last:
		return n, status, errors.Join(err, one.Close())
	}
	w.give(one)
	return n, status, nil
}

// get is wires.get on this connection; last says that nothing more can be asked
// on it.
func (w *wire) get(host, path, headers string, to io.Writer) (n int64, status int, last bool, err error) {
	if err := w.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, 0, true, fmt.Errorf("bounding an answer: %w", err)
	}
	w.out = w.out[:0]
	for _, part := range []string{"GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\nUser-Agent: bench\r\n", headers, "\r\n"} {
		w.out = append(w.out, part...)
	}
	if _, err := w.Write(w.out); err != nil {
		return 0, 0, true, fmt.Errorf("writing a request: %w", err)
	}
	answer, err := http.ReadResponse(w.in, nil) // nil: a GET
	if err != nil {
		return 0, 0, true, fmt.Errorf("reading an answer: %w", err)
	}
	n, err = io.Copy(to, answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return n, answer.StatusCode, true, fmt.Errorf("reading an answer: %w", err)
	}
	return n, answer.StatusCode, answer.Close, nil
}
