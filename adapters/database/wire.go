package database

import (
	"bufio"
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// wireKey is where dial leaves the connection it made.
type wireKey struct{}

// dial makes the network connection of a session and hands it over as well.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: conn, in: bufio.NewReaderSize(conn, readAtOnce)}
	if to, ok := ctx.Value(wireKey{}).(*net.Conn); ok {
		*to = w
	}
	return w, nil
}

// readAtOnce is what is taken from the system at once, in bytes: the rows of a
// page, mostly. The driver asks for four times less, and every time asks the
// system.
const readAtOnce = 16 << 10

// wire is the network connection of a session.
type wire struct {
	net.Conn
	in      *bufio.Reader
	readBy  time.Time // the deadlines in force
	writeBy time.Time
}

// Read takes what came, or waits for it.
func (w *wire) Read(p []byte) (int, error) { return w.in.Read(p) }

// deadlineStep is by how much a deadline may lie earlier than was asked for. The
// driver moves them with every packet, and they are nets below the time that a
// statement has.
const deadlineStep = time.Second

// SetReadDeadline implements net.Conn, to the second.
func (w *wire) SetReadDeadline(by time.Time) error {
	return move(&w.readBy, by, w.Conn.SetReadDeadline)
}

// SetWriteDeadline implements net.Conn, to the second.
func (w *wire) SetWriteDeadline(by time.Time) error {
	return move(&w.writeBy, by, w.Conn.SetWriteDeadline)
}

// SetDeadline implements net.Conn, to the second.
func (w *wire) SetDeadline(by time.Time) error {
	return errors.Join(w.SetReadDeadline(by), w.SetWriteDeadline(by))
}

func move(in *time.Time, by time.Time, set func(time.Time) error) error {
	if later := by.Sub(*in); !in.IsZero() && later >= 0 && later < deadlineStep {
		return nil
	}
	*in = by
	return set(by)
}

// SyscallConn lets the driver see whether the server has hung up.
func (w *wire) SyscallConn() (syscall.RawConn, error) {
	conn, ok := w.Conn.(syscall.Conn)
	if !ok {
		return nil, ErrDriver
	}
	return conn.SyscallConn()
}
