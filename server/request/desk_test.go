package request_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/request"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// desk is the dealer's side with its records in memory.
type desk struct {
	t       testing.TB
	records map[string]*request.Record
	chains  map[string]*request.Chain
	now     time.Time
	made    int
	seen    int
}

func newDesk(t testing.TB) *desk {
	return &desk{t: t, records: map[string]*request.Record{}, chains: map[string]*request.Chain{}, now: noon}
}

func (d *desk) env() request.Env {
	return request.Env{Now: d.now, NewID: func() string { d.made++; return fmt.Sprintf("our-%d", d.made) }}
}

// hear handles a message as a worker would.
func (d *desk) hear(body []byte) (*request.Record, []request.Effect) {
	d.t.Helper()
	d.seen++
	return d.hearAs(fmt.Sprintf("in-%d", d.seen), body)
}

func (d *desk) hearAs(source string, body []byte) (*request.Record, []request.Effect) {
	d.t.Helper()
	in, err := request.Read(source, body)
	if err != nil {
		d.t.Fatal(err)
	}
	found := request.Found{ByOwn: d.records[in.RemoteID]}
	for _, r := range d.records {
		if in.LocalID != "" && r.PartnerID == in.LocalID {
			found.ByPartner = r
		}
		of, is := in.Error()
		if is && r.StartedBy == of {
			found.ByMessage = r
		}
		for _, u := range r.Updates {
			if is && u.Side == request.Own && u.MessageID == of {
				found.ByMessage = r
			}
		}
	}
	r, effects := request.Receive(found, in, d.env())
	if r != nil {
		d.keep(r)
		return d.records[r.ID], effects
	}
	return nil, effects
}

// keep stores a record as a database would: as JSON.
func (d *desk) keep(r *request.Record) {
	d.t.Helper()
	packed, err := json.Marshal(r)
	if err != nil {
		d.t.Fatal(err)
	}
	var again request.Record
	if err := json.Unmarshal(packed, &again); err != nil {
		d.t.Fatal(err)
	}
	d.records[r.ID] = &again
}

func (d *desk) move(r *request.Record, m request.Move) (*request.Record, *request.Outgoing) {
	d.t.Helper()
	moved, err := d.records[r.ID].Move(m, d.env())
	if err != nil {
		d.t.Fatal(err)
	}
	d.keep(moved.Record)
	return d.records[r.ID], moved.Message
}

func kinds(effects []request.Effect) []string {
	out := []string{}
	for _, e := range effects {
		out = append(out, fmt.Sprintf("%s %s", e.Kind, e.Reason))
	}
	return out
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "messages", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// object is JSON to be changed before it is sent.
type object = map[string]any

func parsed(t testing.TB, body []byte) object {
	t.Helper()
	var o object
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

func packed(t testing.TB, o object) []byte {
	t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// at follows names and indexes to a member.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(object)
			v = o[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// with returns a message with members changed; names are joined with dots.
func with(t testing.TB, body []byte, change func(o object)) []byte {
	t.Helper()
	o := parsed(t, body)
	change(o)
	return packed(t, o)
}
