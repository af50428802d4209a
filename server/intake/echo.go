package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// echo answers with the message and what was added to it. The message is sent
// as it came, files included, without ever being in memory as a whole.
func (i *Intake) echo(w http.ResponseWriter, m *message) error {
	text, err := echoed(m.body.Text, m.read.Preset, m.enqueued, m.sender.Client)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	length := int64(len(text))
	if m.body.Files != nil {
		length = attachment.Length(text)
	}
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(http.StatusOK)
	if m.body.Files == nil && length <= aside {
		if err = m.answering.extend(); err == nil {
			_, err = w.Write(text)
		}
	} else {
		m.answering.last = time.Time{}
		err = attachment.Write(&paced{to: w, more: &m.answering}, text, func(string) (io.ReaderAt, error) { return m.body.Files, nil })
	}
	if err != nil {
		// The message is kept. Who does not see the answer repeats it.
		return fmt.Errorf("answering a message: %w", err)
	}
	return nil
}

// aside is how large an answer may be that the machine takes off our hands at
// once, however slowly it is read.
const aside = 16 << 10

// paced writes to somebody who may take his time, as long as something moves.
type paced struct {
	to   io.Writer
	more *patience
}

func (p *paced) Write(b []byte) (int, error) {
	if err := p.more.extend(); err != nil {
		return 0, err
	}
	return p.to.Write(b) // the io.Writer contract
}

// patience is how long somebody at the other end of a connection may stand still.
type patience struct {
	stall time.Duration
	until time.Time             // that is the end of it, whatever moves
	set   func(time.Time) error // the deadline
	last  time.Time             // when it was set
}

// extend gives him his time from now on. What was given a moment ago is enough.
func (p *patience) extend() error {
	// Network deadlines are on the machine's clock.
	now := time.Now()
	if now.Sub(p.last) < p.stall/8 {
		return nil
	}
	next := now.Add(p.stall)
	if p.until.Before(next) {
		next = p.until
	}
	if err := p.set(next); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	p.last = now
	return nil
}

var errNoObject = errors.New("the body of an understood message is no object")

// echoed is the text of a message with the receiver's members in it (R188). preset
// says that some stand there already.
func echoed(text []byte, preset bool, enqueued time.Time, client string) ([]byte, error) {
	named, err := json.Marshal(client)
	if err != nil {
		return nil, fmt.Errorf("writing what is added to a message: %w", err)
	}
	open := bytes.IndexByte(text, '{')
	if open < 0 {
		return nil, errNoObject
	}
	rest := text[open+1:]
	if preset {
		if rest, err = withoutReceiverMembers(rest); err != nil {
			return nil, err
		}
	}
	const added = `{"enqueuedTime":"2006-01-02T15:04:05Z","enqueuedClientId":`
	out := make([]byte, 0, len(text)+len(added)+len(named)+1)
	out = append(out, text[:open]...)
	out = enqueued.UTC().AppendFormat(append(out, `{"enqueuedTime":"`...), time.RFC3339)
	out = append(append(out, `","enqueuedClientId":`...), named...)
	if b := bytes.TrimLeft(rest, " \t\r\n"); len(b) > 0 && b[0] != '}' {
		out = append(out, ',')
	}
	return append(out, rest...), nil
}

// withoutReceiverMembers goes through the members of an object, given from
// behind its bracket, and leaves the receiver's out; everything else stays as it
// is.
func withoutReceiverMembers(members []byte) ([]byte, error) {
	var out []byte
	first := true
	at := 0
	for {
		name, value, end, err := nextMember(members, at)
		if err != nil {
			return nil, err
		}
		if end < 0 { // only the bracket, and what stands behind it
			return append(out, members[value:]...), nil
		}
		if !request.Preset(name) {
			piece := members[at:end]
			if first {
				piece = bytes.TrimPrefix(bytes.TrimLeft(piece, " \t\r\n"), []byte(","))
			}
			out, first = append(out, piece...), false
		}
		at = end
	}
}

// nextMember reads the member that begins at a place, the comma before it
// included. Where the object ends, end is -1 and value is the place of the
// bracket.
func nextMember(members []byte, at int) (name string, value, end int, err error) {
	d := at
	for d < len(members) && bytes.IndexByte([]byte(" \t\r\n,"), members[d]) >= 0 {
		d++
	}
	if d < len(members) && members[d] == '}' {
		return "", d, -1, nil
	}
	key, err := valueAt(members, d)
	if err != nil {
		return "", 0, 0, err
	}
	if err := json.Unmarshal(members[d:key], &name); err != nil {
		return "", 0, 0, errNoObject
	}
	colon := bytes.IndexByte(members[key:], ':')
	if colon < 0 {
		return "", 0, 0, errNoObject
	}
	value = key + colon + 1
	end, err = valueAt(members, value)
	return name, value, end, err
}

// valueAt gives where the JSON value that begins at a place ends.
func valueAt(text []byte, at int) (int, error) {
	d := json.NewDecoder(bytes.NewReader(text[at:]))
	var skipped json.RawMessage
	if err := d.Decode(&skipped); err != nil {
		return 0, errNoObject
	}
	return at + int(d.InputOffset()), nil
}
