package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
)

// receiverMembers are set by who receives a message; what a sender puts there is
// ignored (R189). The first two are told in the echo (R188).
var receiverMembers = map[string]bool{
	"enqueuedTime": true, "enqueuedClientId": true, "attemptTime": true, "attemptCount": true, "deliveredTime": true, "active": true,
}

// quotedMembers are their names as they stand in a message.
var quotedMembers = func() (quoted [][]byte) {
	for name := range receiverMembers {
		quoted = append(quoted, []byte(`"`+name+`"`))
	}
	return quoted
}()

// echo answers with the message and what was added to it. The message is sent
// as it came, files included, without ever being in memory as a whole.
func (i *Intake) echo(w http.ResponseWriter, m *message) error {
	text, err := echoed(m.body.Text, m.enqueued, m.sender.Client)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.FormatInt(attachment.Length(text), 10))
	w.WriteHeader(http.StatusOK)
	err = attachment.Write(&paced{to: w, more: m.answering}, text, func(string) (io.ReaderAt, error) { return m.body.Files, nil })
	if err != nil {
		// The message is kept. Who does not see the answer repeats it.
		return fmt.Errorf("answering a message: %w", err)
	}
	return nil
}

// paced writes to somebody who may take his time, as long as something moves.
type paced struct {
	to   io.Writer
	more *patience
}

func (p *paced) Write(b []byte) (int, error) {
	if err := p.more.extend(time.Time{}); err != nil {
		return 0, err
	}
	return p.to.Write(b) // the io.Writer contract
}

// patience is how long somebody at the other end of a connection may stand still.
type patience struct {
	stall time.Duration
	set   func(time.Time) error // the deadline
	last  time.Time             // when it was set
}

// extend gives him his time from now on, until a moment at the latest where one is
// given. What was given a moment ago is enough.
func (p *patience) extend(until time.Time) error {
	// Network deadlines are on the machine's clock.
	now := time.Now()
	if now.Sub(p.last) < p.stall/8 {
		return nil
	}
	next := now.Add(p.stall)
	if !until.IsZero() && until.Before(next) {
		next = until
	}
	if err := p.set(next); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	p.last = now
	return nil
}

var errNoObject = errors.New("the body of an understood message is no object")

// echoed is the text of a message with the receiver's members in it.
func echoed(text []byte, enqueued time.Time, client string) ([]byte, error) {
	added, err := json.Marshal(struct {
		Time   string `json:"enqueuedTime"`
		Client string `json:"enqueuedClientId"`
	}{enqueued.UTC().Format(time.RFC3339), client})
	if err != nil {
		return nil, fmt.Errorf("writing what is added to a message: %w", err)
	}
	open := bytes.IndexByte(text, '{')
	if open < 0 {
		return nil, errNoObject
	}
	rest, err := withoutReceiverMembers(text[open+1:])
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(text)+len(added)+1)
	out = append(out, text[:open]...)
	out = append(out, added[:len(added)-1]...)
	if b := bytes.TrimLeft(rest, " \t\r\n"); len(b) > 0 && b[0] != '}' {
		out = append(out, ',')
	}
	return append(out, rest...), nil
}

// withoutReceiverMembers goes through the members of an object, given from
// behind its bracket, and leaves the receiver's out; everything else stays as it
// is.
func withoutReceiverMembers(members []byte) ([]byte, error) {
	there := func(name []byte) bool { return bytes.Contains(members, name) }
	if !slices.ContainsFunc(quotedMembers, there) {
		return members, nil
	}
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
		if !receiverMembers[name] {
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
