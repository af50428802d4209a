package faultproxy

import (
	"net"
	"sync"
	"time"
)

// pieceSize bounds what one read takes, so that a change of mode acts soon.
const pieceSize = 16 << 10

// link is one connection through the proxy.
type link struct {
	caller, target *net.TCPConn
	asked          chan struct{} // closed when the caller has said its last
	done           chan struct{} // closed when the link ends
	ending         sync.Once
}

// close ends both sides in an orderly way.
func (l *link) close() {
	l.ending.Do(func() {
		close(l.done)
		_ = l.caller.Close()
		if l.target != nil {
			_ = l.target.Close()
		}
	})
}

// reset ends the link with an RST towards the caller.
func (l *link) reset() {
	_ = l.caller.SetLinger(0)
	l.close()
}

// answer forwards the target's answers as the mode in force says, until either
// side ends or the mode ends the link.
func (p *Proxy) answer(l *link) {
	var (
		force *setting
		left  int64 // bytes that may still pass, in the modes that count
		piece = make([]byte, pieceSize)
	)
	for {
		n, err := l.target.Read(piece)
		rest := piece[:n]
		for len(rest) > 0 {
			if now := p.inForce(); now != force {
				force, left = now, now.mode.bytes
			}
			var ok bool
			if rest, left, ok = l.forward(rest, left, force); !ok {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// forward sends what the setting lets through of one piece and returns what
// remains of it; ok is false when the link has ended.
func (l *link) forward(piece []byte, left int64, s *setting) (rest []byte, remaining int64, ok bool) {
	allowed := int64(len(piece))
	switch s.mode.kind {
	case slow:
		// A tenth of a second's worth at a time.
		allowed = min(allowed, max(s.mode.bytes/10, 1))
		pause := time.NewTimer(time.Duration(allowed) * time.Second / time.Duration(s.mode.bytes))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-s.ended:
			return piece, 0, true
		case <-l.done:
			return nil, 0, false
		}
	case resetAfter, cutAfter, stallAfter:
		allowed = min(allowed, left)
	case pass, refuse: // refuse resets from outside
	}
	if allowed > 0 {
		if _, err := l.caller.Write(piece[:allowed]); err != nil {
			return nil, 0, false
		}
		piece, left = piece[allowed:], left-allowed
	}
	if left > 0 {
		return piece, left, true
	}
	switch s.mode.kind {
	case resetAfter:
		l.reset()
		return nil, 0, false
	case cutAfter:
		// Closing while the caller still talks would turn the FIN into an RST.
		_ = l.caller.CloseWrite()
		select {
		case <-l.asked:
		case <-l.done:
		}
		return nil, 0, false
	case stallAfter:
		select {
		case <-s.ended:
			return piece, 0, true
		case <-l.done:
			return nil, 0, false
		}
	case pass, refuse, slow:
	}
	return piece, left, true
}
