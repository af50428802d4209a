// Package target owns the two servers that are compared, as programs of their
// own: how they are started and ended, and how they are asked.
//
// It must not know what is measured.
package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
)

// Server is a server that runs.
type Server struct {
	Name    string
	Address string        // http://host:port
	Started time.Duration // until it was ready
	Process load.Process

	clients []clientcredentials.Config // those the server knows; none where it asks for none
	bearers []string                   // a token of each
	bearer  string
	wires   *wires
	cmd     *exec.Cmd
}

// freeAddress finds a free port of this machine.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("choosing a port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// run starts a program and waits until a path of it answers.
func (s *Server) run(ctx context.Context, ready string, log io.Writer, env []string, program string, args ...string) error {
	s.cmd = exec.CommandContext(ctx, program, args...) //nolint:gosec // the program to measure
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	s.Process = load.Process(s.cmd.Process.Pid)
	s.wires = newWires(s.Address)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		if _, err := s.Get(ctx, ready, io.Discard); err == nil {
			s.Started = time.Since(began)
			return nil
		}
		select {
		case <-tick.C:
		case <-limit.C:
			return errors.Join(fmt.Errorf("%s is not ready after a minute", s.Name), s.Stop())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.Stop())
		}
	}
}

// Stop ends the server.
func (s *Server) Stop() error {
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	hungUp := s.wires.close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending %s: %w", s.Name, errors.Join(err, hungUp))
	}
	var exit *exec.ExitError // how it ended is its own affair: it was told to
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("waiting for the end of %s: %w", s.Name, errors.Join(err, hungUp))
	}
	s.cmd = nil
	if hungUp != nil {
		return fmt.Errorf("hanging up on %s: %w", s.Name, hungUp)
	}
	return nil
}

// As is the server as one of its clients sees it. Those with the same number are
// the same client.
func (s *Server) As(n int) *Server {
	if len(s.bearers) == 0 {
		return s
	}
	own := *s
	own.bearer = s.bearers[n%len(s.bearers)]
	return &own
}

// Get asks for a path and copies the answer. Anything but 200 is an error.
func (s *Server) Get(ctx context.Context, path string, to io.Writer) (int64, error) {
	return s.get(ctx, path, "", to)
}

// GetPacked asks for a path and takes the answer packed by gzip; it returns the
// bytes that travelled.
func (s *Server) GetPacked(ctx context.Context, path string) (int64, error) {
	return s.get(ctx, path, "gzip", io.Discard)
}

func (s *Server) get(ctx context.Context, path, accept string, to io.Writer) (int64, error) {
	headers := ""
	if s.bearer != "" {
		headers = "Authorization: Bearer " + s.bearer + "\r\n"
	}
	if accept != "" {
		headers += "Accept-Encoding: " + accept + "\r\n"
	}
	n, status, err := s.wires.get(ctx, path, headers, to)
	if err != nil {
		return n, fmt.Errorf("asking %s: %w", s.Name, err)
	}
	if status != http.StatusOK {
		return n, fmt.Errorf("%s answers %s with status %d", s.Name, path, status)
	}
	return n, nil
}
