package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

const (
	headerTime = 5 * time.Second   // to send the head of a request
	readTime   = 15 * time.Second  // to send a whole request; bodies are small
	writeSlack = 15 * time.Second  // to take an answer, beyond the time it may take to make
	idleTime   = 120 * time.Second // a connection kept open between requests
	headBytes  = 64 << 10
)

// httpServer is the listener's life: start, graceful stop, hard stop.
type httpServer struct {
	*http.Server
	tls       *tls.Config
	stopTime  time.Duration
	stopDelay time.Duration
}

func newHTTPServer(c config.Config, handler http.Handler, cert *certificate, log *slog.Logger) *httpServer {
	s := &httpServer{
		Server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: headerTime,
			ReadTimeout:       readTime,
			WriteTimeout:      c.RequestTimeout + writeSlack,
			IdleTimeout:       idleTime,
			MaxHeaderBytes:    headBytes,
			ErrorLog:          slog.NewLogLogger(dropAddresses{log.Handler()}, slog.LevelDebug),
		},
		stopTime: c.StopTimeout, stopDelay: c.StopDelay,
	}
	if cert != nil {
		s.tls = cert.config()
	}
	return s
}

// run serves until ctx ends. Then readiness fails first, which failing tells;
// after the delay for whoever asks for it the address is closed, and requests
// in flight have the stop time to finish.
func (s *httpServer) run(ctx context.Context, l net.Listener, failing func()) error {
	served := make(chan error, 1)
	go func() {
		if s.tls != nil {
			l = tls.NewListener(l, s.tls)
		}
		served <- s.Serve(l)
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	failing()
	if s.stopDelay > 0 {
		delay := time.NewTimer(s.stopDelay)
		defer delay.Stop()
		select {
		case err := <-served:
			return fmt.Errorf("serving: %w", err)
		case <-delay.C:
		}
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.stopTime)
	defer cancel()
	err := s.Shutdown(finish)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("requests were still running after %s and were ended", s.stopTime), s.Server.Close())
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serving: %w", end))
	}
	return err
}

// close ends what is left at once.
func (s *httpServer) close() error {
	if err := s.Server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the server: %w", err)
	}
	return nil
}

// dropAddresses keeps callers' addresses out of the lines net/http writes, such
// as "http: TLS handshake error from 192.0.2.1:4711: ...".
type dropAddresses struct{ slog.Handler }

// Handle rewrites one record.
func (d dropAddresses) Handle(ctx context.Context, r slog.Record) error {
	head, rest, found := strings.Cut(r.Message, " from ")
	if found {
		_, what, _ := strings.Cut(rest, ": ")
		r.Message = head + ": " + what
	}
	return d.Handler.Handle(ctx, r)
}

// WithAttrs is part of slog.Handler.
func (d dropAddresses) WithAttrs(attrs []slog.Attr) slog.Handler {
	return dropAddresses{d.Handler.WithAttrs(attrs)}
}

// WithGroup is part of slog.Handler.
func (d dropAddresses) WithGroup(name string) slog.Handler {
	return dropAddresses{d.Handler.WithGroup(name)}
}
