//go:build server

package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// death is the moment at which a process dies: when it has done something so many
// times.
type death struct {
	at    string
	after int
}

// The moments of a death. A statement is a command to the CRM, a call one to
// Caterpillar.
const (
	beforeCall      = "before a call"
	unansweredCall  = "after a call, before its answer"
	answeredCall    = "after an answer"
	beforeStatement = "before a statement"
	unheardOf       = "after a statement, before its answer"
	beforeWriting   = "before a statement of writing leads"
	unheardWriting  = "after a statement of writing leads, before its answer"
)

// fate lets one process die at its moment.
type fate struct {
	// strike ends what the process is at, and says whether it is gone; the process
	// is killed where strike is nil.
	strike func(l *life, moment string) (gone bool)

	mu     sync.Mutex
	life   *life
	writes bool // it began to write leads
	death
}

func (f *fate) set(l *life, d death) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.life, f.death, f.writes = l, d, false
}

// meets has a process meet its fate.
func (f *fate) meets(l *life, moment string) (gone bool) {
	if f.strike != nil {
		return f.strike(l, moment)
	}
	l.kill(moment)
	return true
}

// comes counts what happens and gives the process that is to die of it now.
func (f *fate) comes(moments ...string) (*life, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range moments {
		if f.life == nil || f.at != m {
			continue
		}
		if f.after--; f.after == 0 {
			return f.life, m
		}
	}
	return nil, ""
}

// statement counts a command to the CRM. Whoever writes leads takes their lock first.
func (f *fate) statement(packet []byte) (*life, string) {
	f.mu.Lock()
	f.writes = f.writes || bytes.Contains(packet, []byte("get_lock"))
	moments := []string{beforeStatement, unheardOf, beforeWriting, unheardWriting}
	if !f.writes {
		moments = moments[:2]
	}
	f.mu.Unlock()
	return f.comes(moments...)
}

// current is the process there is.
func (f *fate) current() *life {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.life
}

// delivery is one call with updates as it reached Caterpillar.
type delivery struct {
	life   *life
	leads  []string
	taken  int  // how often the service took it
	heard  bool // the whole answer was sent, to a process that lived
	bodies []string
}

// witness stands before the sandbox: it notes what arrives and lets processes die
// there.
type witness struct {
	box  *sandbox.Sandbox
	fate *fate

	mu         sync.Mutex
	deliveries []*delivery
}

// ServeHTTP implements http.Handler.
func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	l, moment := w.fate.comes(beforeCall, unansweredCall, answeredCall)
	if moment == beforeCall && w.fate.meets(l, moment) {
		panic(http.ErrAbortHandler)
	}
	d := &delivery{life: w.fate.current()}
	if r.Method == http.MethodPost && r.URL.Path == sandbox.LeadPath+"/leads" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var list []json.RawMessage
		if json.Unmarshal(body, &list) == nil {
			for _, one := range list {
				var named struct{ LeadID string }
				if json.Unmarshal(one, &named) == nil {
					d.leads, d.bodies = append(d.leads, named.LeadID), append(d.bodies, string(one))
				}
			}
		}
		defer w.note(d)
	}
	if moment != unansweredCall && moment != answeredCall {
		w.serve(out, r, d)
		d.heard = true
		return
	}
	kept := httptest.NewRecorder()
	w.serve(kept, r, d)
	if moment == unansweredCall && w.fate.meets(l, moment) {
		panic(http.ErrAbortHandler)
	}
	for name, values := range kept.Header() {
		out.Header()[name] = values
	}
	out.WriteHeader(kept.Code)
	if _, err := out.Write(kept.Body.Bytes()); err == nil {
		_ = http.NewResponseController(out).Flush() // who does not take it is dead
	}
	if moment == answeredCall && w.fate.meets(l, moment) {
		panic(http.ErrAbortHandler)
	}
	d.heard = true
}

// serve has the sandbox answer, and finds out whether it took the updates,
// whatever it said.
func (w *witness) serve(out http.ResponseWriter, r *http.Request, d *delivery) {
	before := w.received(d)
	defer func() { d.taken = w.received(d) - before }()
	w.box.ServeHTTP(out, r)
}

// received counts the updates of a call's lead that were taken so far.
func (w *witness) received(d *delivery) (n int) {
	if len(d.leads) == 0 {
		return 0
	}
	for _, u := range w.box.Updates(0) {
		if u.LeadID == d.leads[0] {
			n++
		}
	}
	return n
}

func (w *witness) note(d *delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deliveries = append(w.deliveries, d)
}

// wire stands before the CRM's database and lets processes die at a statement.
type wire struct {
	target string
	fate   *fate
	listen net.Listener
	open   sync.WaitGroup
}

// tapped puts a wire before a database; it ends with the test.
func tapped(t testing.TB, target string, f *fate) *wire {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{target: target, fate: f, listen: listener}
	w.open.Go(w.accept)
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		w.open.Wait()
	})
	return w
}

func (w *wire) addr() string { return w.listen.Addr().String() }

func (w *wire) accept() {
	for {
		conn, err := w.listen.Accept()
		if err != nil {
			return // closed with the test
		}
		w.open.Go(func() { w.carry(conn) })
	}
}

// carry forwards one connection until either side ends it.
func (w *wire) carry(caller net.Conn) {
	defer func() { _ = caller.Close() }()
	var dialer net.Dialer
	server, err := dialer.DialContext(context.Background(), "tcp", w.target)
	if err != nil {
		return // the caller sees what it would see without a wire
	}
	var doomed doom
	var answers sync.WaitGroup
	answers.Go(func() {
		defer func() { _ = caller.Close() }()
		buffer := make([]byte, 32<<10)
		for {
			n, err := server.Read(buffer)
			if l, moment := doomed.take(); l != nil && w.fate.meets(l, moment) {
				return
			}
			if n > 0 {
				if _, err := caller.Write(buffer[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	w.ask(caller, server, &doomed)
	_ = server.Close()
	answers.Wait()
}

// doom is the process that meets its fate with the next answer.
type doom struct {
	mu     sync.Mutex
	life   *life
	moment string
}

func (d *doom) set(l *life, moment string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life, d.moment = l, moment
}

func (d *doom) take() (l *life, moment string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, d.life = d.life, nil
	return l, d.moment
}

// ask forwards what the caller sends, packet by packet: a packet numbered 0 begins
// a command.
func (w *wire) ask(caller, server net.Conn, doomed *doom) {
	header := make([]byte, 4)
	for {
		if _, err := io.ReadFull(caller, header); err != nil {
			return
		}
		size := binary.LittleEndian.Uint32([]byte{header[0], header[1], header[2], 0})
		packet := make([]byte, 4+size)
		copy(packet, header)
		if _, err := io.ReadFull(caller, packet[4:]); err != nil {
			return
		}
		if header[3] == 0 {
			l, moment := w.fate.statement(packet)
			switch moment {
			case beforeStatement, beforeWriting:
				if w.fate.meets(l, moment) {
					return
				}
			case unheardOf, unheardWriting:
				doomed.set(l, moment)
			}
		}
		if _, err := server.Write(packet); err != nil {
			return
		}
	}
}
