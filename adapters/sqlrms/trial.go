package sqlrms

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// How much of a dealer's data a mapping is tried on. Whoever checks a mapping
// waits for it, and the database has other work.
const (
	triedCustomers = 100  // spread over all of them
	triedTogether  = 5    // customers in one question, as many as the API allows (R128)
	triedEach      = 40   // rows of one customer
	triedRows      = 1500 // rows of one endpoint
	triedExamples  = 3    // rows that are named in a warning
)

// trial runs a mapping on a part of the dealer's rows, as the API would, and
// gathers what cannot be sent. It keeps the keys of rows and never a value.
type trial struct {
	program *plan.Program
	file    *mapfile.File
	asking  plan.Asking
	found   mapfile.Faults
}

// tried says, as warnings, which rows of the data there are now could not be
// sent, and whose lists the API would refuse for that. What can be told from
// the tables alone is not said again. The error is that of ctx.
func (r *RMS) tried(ctx context.Context, v *version, p *plan.Program) (found mapfile.Faults, err error) {
	documents := &files{root: r.config.DocumentsRoot}
	defer func() { err = errors.Join(err, documents.close()) }()
	t := &trial{program: p, file: v.file, asking: plan.Asking{
		Querier: r.pool, Dealer: r.env.Dealer, Now: r.env.Now(), FileExists: documents.exists,
		Note:        func(string, string, plan.Reason, string) {},
		DocumentURL: func(kind, id string) string { return "https://gateway.invalid/" + kind + "/" + id },
	}}
	everybody, err := p.Everybody(ctx, t.asking)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("trying the mapping on the data: %w", ctx.Err())
	}
	if err != nil {
		everybody = nil // whatever keeps customers from being read is told at their own endpoint
	}
	some := spread(everybody, triedCustomers)
	for _, ep := range v.file.Endpoints {
		switch ep.Name.Value {
		case contracts, jobsites, invoices, customers:
			if len(some) > 0 {
				t.endpoint(ctx, ep, slices.Collect(slices.Chunk(some, triedTogether)))
			}
		default:
			t.endpoint(ctx, ep, [][]string{nil})
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("trying the mapping on the data: %w", ctx.Err())
		}
	}
	return t.found, nil
}

// spread takes so many of all, at even distances.
func spread(all []string, most int) []string {
	if len(all) <= most {
		return all
	}
	some := make([]string, most)
	for i := range some {
		some[i] = all[i*len(all)/most]
	}
	return some
}

// unsent is one way in which rows cannot be sent.
type unsent struct {
	field  string
	reason plan.Reason
	rows   []string // keys
}

// endpoint tries one endpoint on groups of customers; a group of none asks for
// everything.
func (t *trial) endpoint(ctx context.Context, ep *mapfile.Endpoint, groups [][]string) {
	name := ep.Name.Value
	if ep.None {
		return
	}
	share, ok := t.program.LeaveOutAtMost(name)
	if !ok {
		share = usualShare
	}
	var all []*unsent
	rows, refused, asked := 0, 0, 0
	for _, group := range groups {
		if rows >= triedRows {
			break
		}
		asking := t.asking
		asking.Customers = group
		keys, err := t.program.Keys(ctx, name, asking)
		var left []plan.LeftOut
		if err == nil {
			keys = fewOfEach(keys)
			left, err = t.program.Rows(ctx, name, asking, keys, func(reflect.Value) {})
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.warn(ep.Name.Pos, name, "the API would answer 503: "+err.Error())
			return
		}
		rows += len(keys)
		of, lost := map[string]string{}, map[string]int{}
		total := map[string]int{}
		for _, k := range keys {
			of[k.Row] = k.Customer
			total[k.Customer]++
		}
		for _, l := range left {
			all = counted(all, l)
			lost[of[l.Row]]++
		}
		asked += max(len(group), 1)
		for customer, n := range lost {
			if n > 1 && float64(n) > share*float64(total[customer]) {
				refused++
			}
		}
	}
	for _, u := range all {
		t.warn(t.placeOf(ep, u.field), name+"."+u.field, u.says(rows))
	}
	switch {
	case refused > 0 && groups[0] != nil:
		t.warn(ep.Name.Pos, name, fmt.Sprintf("of %d customers that were tried, %d would be answered with 503: of their rows more cannot be sent than leaveOutAtMost allows (%g%%)", asked, refused, share*100))
	case refused > 0:
		t.warn(ep.Name.Pos, name, fmt.Sprintf("the API would answer 503: more rows cannot be sent than leaveOutAtMost allows (%g%%)", share*100))
	}
}

// fewOfEach takes the first rows of each customer.
func fewOfEach(keys []plan.RowKey) []plan.RowKey {
	have := map[string]int{}
	return slices.DeleteFunc(slices.Clone(keys), func(k plan.RowKey) bool {
		have[k.Customer]++
		return have[k.Customer] > triedEach && k.Customer != ""
	})
}

// counted adds a row to those that cannot be sent in the same way.
func counted(all []*unsent, l plan.LeftOut) []*unsent {
	at := slices.IndexFunc(all, func(u *unsent) bool { return u.field == l.Field && u.reason == l.Reason })
	if at < 0 {
		all = append(all, &unsent{field: l.Field, reason: l.Reason})
		at = len(all) - 1
	}
	all[at].rows = append(all[at].rows, strings.Join(plan.KeyTexts(l.Row), "/"))
	return all
}

// says tells it, and what can be done about it.
func (u *unsent) says(tried int) string {
	var why string
	switch u.reason {
	case plan.Missing:
		why = "it is empty there and the API requires it; a list says what is sent then, as in [..., {value: N/A}]"
	case plan.Unmapped:
		why = "they hold codes that the mapping says nothing of, or words the API does not know; say what they mean"
	case plan.Unreadable:
		why = "what stands there cannot be read as what the API wants; say how it is written, or take another column"
	case plan.TooLong:
		why = "it is longer than the API allows; `cut: true` shortens it"
	default:
		why = "it is " + string(u.reason)
	}
	examples := u.rows
	more := ""
	if len(examples) > triedExamples {
		examples, more = examples[:triedExamples], ", ..."
	}
	return fmt.Sprintf("%d of %d rows that were tried cannot be sent (%s%s): %s", len(u.rows), tried, strings.Join(examples, ", "), more, why)
}

// placeOf is where a field of the answer is mapped: its own line where there is
// one, else that of the innermost list it stands in.
func (t *trial) placeOf(ep *mapfile.Endpoint, field string) mapfile.Pos {
	sections := append([]*mapfile.Endpoint{ep}, ep.Sources...)
	var at []mapfile.Pos
	place := ep.Name.Pos
	for _, s := range sections {
		at = append(at, t.fieldPlaces(s.Fields, s.Use, field)...)
		for _, l := range s.Lists {
			if inner, found := t.listPlaces(l, field); len(inner) > 0 || found {
				at = append(at, inner...)
				place = l.Path.Pos
			}
		}
	}
	if len(at) == 1 {
		return at[0]
	}
	return place
}

// listPlaces finds a field below a list, and says whether it stands there at
// all.
func (t *trial) listPlaces(l *mapfile.List, field string) ([]mapfile.Pos, bool) {
	rest, below := strings.CutPrefix(field, l.Path.Value+".")
	if !below {
		return nil, false
	}
	var at []mapfile.Pos
	for _, s := range l.Sources {
		for _, fields := range append([][]*mapfile.Field{s.Fields}, s.Rows...) {
			at = append(at, t.fieldPlaces(fields, s.Use, rest)...)
		}
		for _, inner := range s.Lists {
			some, _ := t.listPlaces(inner, rest)
			at = append(at, some...)
		}
	}
	return at, true
}

// fieldPlaces finds a field among fields and the groups that are used beside
// them.
func (t *trial) fieldPlaces(fields []*mapfile.Field, use []mapfile.Text, name string) []mapfile.Pos {
	of := func(fields []*mapfile.Field) []mapfile.Pos {
		var at []mapfile.Pos
		for _, f := range fields {
			if f.Path.Value == name {
				at = append(at, f.Path.Pos)
			}
		}
		return at
	}
	at := of(fields)
	for _, d := range t.file.Define {
		if len(at) == 0 && slices.ContainsFunc(use, func(u mapfile.Text) bool { return u.Value == d.Name.Value }) {
			at = of(d.Fields)
		}
	}
	return at
}

func (t *trial) warn(pos mapfile.Pos, path, message string) {
	t.found = append(t.found, mapfile.Fault{File: t.file.Path, Pos: pos, Path: path, Message: message, Warning: true})
}
