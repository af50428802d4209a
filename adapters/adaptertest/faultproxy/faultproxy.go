// Package faultproxy is a TCP proxy that breaks connections on purpose.
//
// It owns the ways in which a network or a server can fail between two
// programs. It must not know the protocol that runs through it.
package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

type kind int

const (
	pass kind = iota
	refuse
	resetAfter
	cutAfter
	stallAfter
	slow
)

// Mode is one way of treating connections. Byte counts are of the answers, from
// the target to the caller, and begin when the mode is set or, for a later
// connection, when it is made.
type Mode struct {
	kind  kind
	bytes int64
}

// Pass forwards everything.
func Pass() Mode { return Mode{kind: pass} }

// Refuse resets every connection, those that exist and new ones, before a byte
// is answered.
func Refuse() Mode { return Mode{kind: refuse} }

// ResetAfter forwards n bytes of answers and then resets the connection (RST).
func ResetAfter(n int64) Mode { return Mode{kind: resetAfter, bytes: n} }

// CutAfter forwards n bytes of answers and then closes the connection in an
// orderly way (FIN).
func CutAfter(n int64) Mode { return Mode{kind: cutAfter, bytes: n} }

// Stall accepts connections and forwards no answer.
func Stall() Mode { return StallAfter(0) }

// StallAfter forwards n bytes of answers and then none, keeping the connection
// open.
func StallAfter(n int64) Mode { return Mode{kind: stallAfter, bytes: n} }

// Slow forwards answers at the given rate.
func Slow(bytesPerSecond int64) Mode { return Mode{kind: slow, bytes: max(bytesPerSecond, 1)} }

// setting is a mode in force; ended is closed when another one replaces it.
type setting struct {
	mode  Mode
	ended chan struct{}
}

// Proxy forwards connections to one target. Its methods may be called at any
// time, from any goroutine.
type Proxy struct {
	target   string
	listener net.Listener
	count    atomic.Int64
	closing  context.Context
	running  sync.WaitGroup

	mu      sync.Mutex
	current *setting
	open    map[*link]struct{}
}

// New starts a proxy in front of target (host:port) in mode Pass. It ends, with
// all its connections, when the test ends.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting the fault proxy: %v", err)
	}
	closing, stop := context.WithCancel(context.Background())
	p := &Proxy{
		target: target, listener: listener, closing: closing,
		current: &setting{mode: Pass(), ended: make(chan struct{})},
		open:    make(map[*link]struct{}),
	}
	accepted := make(chan error, 1)
	p.running.Go(func() { accepted <- p.accept() })
	t.Cleanup(func() {
		stop()
		if err := listener.Close(); err != nil {
			t.Errorf("closing the fault proxy: %v", err)
		}
		p.resetAll()
		p.running.Wait()
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the fault proxy stopped accepting: %v", err)
		}
	})
	return p
}

// Addr is the address to connect to, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Connections counts the connections accepted so far, refused ones included.
func (p *Proxy) Connections() int64 { return p.count.Load() }

// Set puts a mode in force, at once and for existing connections too.
func (p *Proxy) Set(m Mode) {
	p.mu.Lock()
	before := p.current
	p.current = &setting{mode: m, ended: make(chan struct{})}
	p.mu.Unlock()
	close(before.ended)
	if m.kind == refuse {
		p.resetAll()
	}
}

func (p *Proxy) inForce() *setting {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

func (p *Proxy) resetAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.reset()
	}
}

func (p *Proxy) accept() error {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return fmt.Errorf("accepting: %w", err)
		}
		p.count.Add(1)
		p.running.Go(func() { p.serve(conn.(*net.TCPConn)) })
	}
}

// serve carries one connection. Its errors are the faults the proxy is there
// for, so they end the connection and are not reported.
func (p *Proxy) serve(caller *net.TCPConn) {
	l := &link{caller: caller, asked: make(chan struct{}), done: make(chan struct{})}
	defer l.close()
	if p.inForce().mode.kind == refuse {
		l.reset()
		return
	}
	var dialer net.Dialer
	target, err := dialer.DialContext(p.closing, "tcp", p.target)
	if err != nil {
		l.reset() // the caller sees what it would see without a proxy
		return
	}
	l.target = target.(*net.TCPConn)

	p.mu.Lock()
	late := p.current.mode.kind == refuse || p.closing.Err() != nil
	if !late {
		p.open[l] = struct{}{}
	}
	p.mu.Unlock()
	if late { // it changed while the target was dialled
		l.reset()
		return
	}
	defer func() {
		p.mu.Lock()
		delete(p.open, l)
		p.mu.Unlock()
	}()

	go func() {
		defer close(l.asked)
		_, _ = io.Copy(l.target, caller)
		_ = l.target.CloseWrite()
	}()
	p.answer(l)
	l.close()
	<-l.asked
}
