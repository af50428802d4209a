package faultproxy_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	soon  = time.Minute           // far longer than anything here takes
	quiet = 50 * time.Millisecond // long enough to see that nothing comes
	slack = 2 * time.Millisecond  // timers may fire this much early
)

// echo starts a target that sends back what it gets and hangs up after the
// caller has.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				_, _ = io.Copy(conn, conn) // broken connections are what the tests make
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		running.Wait()
	})
	return l.Addr().String()
}

func dial(t *testing.T, p *faultproxy.Proxy) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.Addr(), soon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // some tests close it first
	if err := conn.SetDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func send(t *testing.T, conn net.Conn, n int) []byte {
	t.Helper()
	sent := bytes.Repeat([]byte("0123456789"), n/10+1)[:n]
	if _, err := conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	return sent
}

func wantBytes(t *testing.T, conn net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil {
		t.Fatalf("got %d bytes and %v, want %d bytes", n, err, len(want))
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the bytes that came back are not the ones sent")
	}
}

func wantReset(t *testing.T, conn net.Conn) {
	t.Helper()
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %d bytes and %v, want a reset", n, err)
	}
}

// wantRefused connects: the reset may arrive during the dial or after it.
func wantRefused(t *testing.T, p *faultproxy.Proxy) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.Addr(), soon)
	if err != nil {
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
		return
	}
	wantReset(t, conn)
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func wantSilence(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(quiet)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes and %v, want silence", n, err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
}

func TestProxy(t *testing.T) {
	t.Run("PassForwardsEverythingAndTheHangingUp", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		conn := dial(t, p)
		wantBytes(t, conn, send(t, conn, 100_000))
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("got %d bytes and %v, want the end", n, err)
		}
	})

	t.Run("RefuseResetsOldAndNewConnections", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		old := dial(t, p)
		wantBytes(t, old, send(t, old, 10))
		p.Set(faultproxy.Refuse())
		wantReset(t, old)
		wantRefused(t, p)
	})

	t.Run("RefusedCallersGetThroughAgainAfterPass", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		p.Set(faultproxy.Refuse())
		wantRefused(t, p)
		p.Set(faultproxy.Pass())
		conn := dial(t, p)
		wantBytes(t, conn, send(t, conn, 10))
	})

	t.Run("ResetAfterLetsExactlyThatManyBytesThrough", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		p.Set(faultproxy.ResetAfter(1234))
		conn := dial(t, p)
		sent := send(t, conn, 5000)
		wantBytes(t, conn, sent[:1234])
		wantReset(t, conn)
	})

	t.Run("CutAfterEndsInAnOrderlyWay", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		p.Set(faultproxy.CutAfter(1234))
		conn := dial(t, p)
		sent := send(t, conn, 5000)
		got, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(got, sent[:1234]) {
			t.Errorf("got %d bytes and %v, want 1234 bytes and the end", len(got), err)
		}
	})

	t.Run("StallAnswersNothingUntilTheModeChanges", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		p.Set(faultproxy.Stall())
		conn := dial(t, p)
		sent := send(t, conn, 100)
		wantSilence(t, conn)
		p.Set(faultproxy.Pass())
		wantBytes(t, conn, sent)
	})

	t.Run("StallAfterCountsFromTheChangeOfMode", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		conn := dial(t, p)
		wantBytes(t, conn, send(t, conn, 500))
		p.Set(faultproxy.StallAfter(70))
		sent := send(t, conn, 100)
		wantBytes(t, conn, sent[:70])
		wantSilence(t, conn)
		p.Set(faultproxy.ResetAfter(20))
		wantBytes(t, conn, sent[70:90])
		wantReset(t, conn)
	})

	t.Run("SlowKeepsTheRate", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		p.Set(faultproxy.Slow(10_000))
		conn := dial(t, p)
		began := time.Now()
		wantBytes(t, conn, send(t, conn, 3000))
		if took := time.Since(began); took < 300*time.Millisecond-slack {
			t.Errorf("3000 bytes took %s, want at least 300ms", took)
		}
	})

	t.Run("TargetAwayIsAReset", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		away := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, faultproxy.New(t, away))
	})

	t.Run("ConnectionsAreCounted", func(t *testing.T) {
		p := faultproxy.New(t, echo(t))
		for range 3 {
			conn := dial(t, p)
			wantBytes(t, conn, send(t, conn, 1))
		}
		p.Set(faultproxy.Refuse())
		wantRefused(t, p)
		if got := p.Connections(); got != 4 {
			t.Errorf("got %d, want 4", got)
		}
	})

	t.Run("StalledConnectionsEndWithTheTest", func(t *testing.T) {
		var conn *net.TCPConn
		t.Run("Inner", func(inner *testing.T) {
			p := faultproxy.New(inner, echo(t))
			p.Set(faultproxy.Stall())
			conn = dial(t, p)
			send(inner, conn, 10)
			wantSilence(inner, conn)
		})
		wantReset(t, conn)
	})
}
