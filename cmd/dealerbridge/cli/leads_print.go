package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/operator"
)

// plannedAtMost bounds what a dry run prints.
const plannedAtMost = 100

// clock is a time for people; a dash for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return visible(text)
}

func printLeads(s *session, leads []leadsync.Lead, more, parked, asJSON bool) error {
	if asJSON {
		page := model.LeadPage{Items: []model.LeadSummary{}}
		for _, l := range leads {
			page.Items = append(page.Items, operator.Summary(l))
		}
		if more {
			page.Next = &leads[len(leads)-1].ID
		}
		return printJSON(s, page)
	}
	if len(leads) == 0 {
		_, err := fmt.Fprintln(s.out, "no leads")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LEAD\tDEALER'S ID\tSTATE\tLAST CAME (UTC)\tUPDATES\tNOTE")
	for _, l := range leads {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", visible(l.ID), dash(l.DealerLeadID), l.State, clock(l.Last), l.Seq, note(l, parked))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(s.out, "more: --after %s\n", visible(leads[len(leads)-1].ID))
	}
	return nil
}

// note says in one line what keeps a lead.
func note(l leadsync.Lead, parked bool) string {
	faults, what := l.Faults, ""
	if len(faults) == 0 && len(l.HeldFor) > 0 {
		faults, what = l.HeldFor, "update held: "
	}
	switch {
	case len(faults) == 0 && parked:
		return "update parked: leads replay tries it again"
	case len(faults) == 0:
		return "-"
	}
	text := what + reason(faults[0])
	if len(faults) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(faults)-1)
	}
	return text
}

func reason(f leadsync.Fault) string {
	text := visible(f.Reason)
	if f.Field != "" {
		text = visible(f.Field) + ": " + text
	}
	if f.Rule != "" {
		text += " (" + f.Rule + ")"
	}
	return text
}

func printJourney(s *session, j leadsync.Journey, asJSON bool) error {
	if asJSON {
		return printJSON(s, operator.Journey(j))
	}
	var b bytes.Buffer
	l := j.Lead
	head := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(head, "lead\t%s\nstate\t%s\n", visible(l.ID), l.State)
	if l.DealerLeadID != "" {
		fmt.Fprintf(head, "dealer's id\t%s\n", visible(l.DealerLeadID))
	}
	if l.Outcome != "" {
		fmt.Fprintf(head, "written\t%s, %s\n", clock(l.WrittenAt), l.Outcome)
	}
	if l.Repeats > 0 {
		fmt.Fprintf(head, "came again\t%d times without news\n", l.Repeats)
	}
	for _, f := range l.Faults {
		fmt.Fprintf(head, "kept by\t%s\n", reason(f))
	}
	if err := head.Flush(); err != nil {
		return err
	}
	for _, r := range j.Receipts {
		fmt.Fprintf(&b, "\nreceived %s by %s, %s\n", clock(r.At), r.Source, r.State)
		for _, n := range r.Notes {
			fmt.Fprintf(&b, "  odd: %s %s\n", visible(n.Member), n.Oddity)
		}
		indented(&b, r.Raw)
	}
	if len(l.Rows) > 0 {
		fmt.Fprintln(&b, "\nrows in the CRM")
		for _, r := range operator.Journey(j).Rows {
			var key []string
			for _, k := range r.Key {
				key = append(key, visible(k.Column)+" = "+visible(k.Value))
			}
			found := ""
			if !r.Made {
				found = ", found there"
			}
			fmt.Fprintf(&b, "  %s: %s (%s)%s\n", visible(r.Step), visible(r.Table), strings.Join(key, ", "), found)
		}
	}
	for _, u := range operator.Journey(j).Updates {
		printUpdate(&b, u)
	}
	if len(l.HeldFor) > 0 {
		fmt.Fprintf(&b, "\nheld since %s: what the CRM says now cannot be reported\n", clock(l.HeldSince))
		for _, f := range l.HeldFor {
			fmt.Fprintf(&b, "  %s\n", reason(f))
		}
	}
	_, err := s.out.Write(b.Bytes())
	return err
}

func printUpdate(w io.Writer, u model.ReportedUpdate) {
	fmt.Fprintf(w, "\nupdate %d, %s, seen %s", u.Number, u.State, u.QueuedAt)
	if u.DoneAt != nil {
		fmt.Fprintf(w, ", done %s", *u.DoneAt)
	}
	fmt.Fprintf(w, ", %s", counted(int(u.Tries), "call"))
	if u.Repeats > 0 {
		fmt.Fprintf(w, ", %d of them repeats after an answer that was lost", u.Repeats)
	}
	if u.Status != nil {
		fmt.Fprintf(w, ", status %d", *u.Status)
	}
	fmt.Fprintln(w)
	if u.Error != nil {
		fmt.Fprintf(w, "  error: %s\n", visible(*u.Error))
	}
	if u.Body != nil {
		var members map[string]json.RawMessage
		from := map[string]string{}
		for _, m := range u.Sources {
			from[m.Member] = m.Source
		}
		if json.Unmarshal([]byte(*u.Body), &members) == nil {
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, name := range slices.Sorted(maps.Keys(members)) {
				source := from[name]
				if source != "" {
					source = "from " + visible(source)
				}
				fmt.Fprintf(t, "  %s\t%s\t%s\n", visible(name), visible(string(members[name])), source)
			}
			_ = t.Flush() // into memory
		}
	}
	if u.Answer != nil {
		fmt.Fprintf(w, "  answer: %s\n", visible(*u.Answer))
	}
}

// shownBytes is how much of what came from outside a person is shown; a lead
// may have megabytes.
const shownBytes = 64 << 10

// indented prints JSON as it came, spread over lines; what is none is printed
// as it is. What is very long is cut, and says so.
func indented(w io.Writer, raw []byte) {
	if len(raw) == 0 {
		return
	}
	if len(raw) > shownBytes {
		fmt.Fprintf(w, "  %s\n  ... %d bytes in all; --json prints them\n", visible(strings.ToValidUTF8(string(raw[:shownBytes]), "")), len(raw))
		return
	}
	var b bytes.Buffer
	if json.Indent(&b, raw, "  ", "  ") != nil {
		fmt.Fprintf(w, "  %s\n", visible(string(raw)))
		return
	}
	for line := range strings.Lines("  " + b.String()) {
		fmt.Fprintf(w, "%s\n", visible(strings.TrimRight(line, "\n")))
	}
}

func printPlannedLeads(s *session, planned []leadsync.PlannedLead, asJSON bool) error {
	type value struct {
		Column string  `json:"column"`
		Value  *string `json:"value"`
	}
	type row struct {
		Step   string  `json:"step"`
		Table  string  `json:"table"`
		Insert bool    `json:"insert"`
		Values []value `json:"values"`
	}
	type lead struct {
		Lead    string             `json:"lead"`
		Outcome string             `json:"outcome,omitempty"`
		Rows    []row              `json:"rows"`
		Held    []model.HoldReason `json:"held,omitempty"`
	}
	out := []lead{}
	for _, p := range planned {
		one := lead{Lead: p.Lead.ID, Outcome: string(p.Planned.Outcome), Rows: []row{}}
		for _, r := range p.Planned.Rows {
			next := row{Step: r.Step, Table: r.Table, Insert: r.Insert, Values: []value{}}
			for _, v := range r.Values {
				next.Values = append(next.Values, value{v.Column, v.Value})
			}
			one.Rows = append(one.Rows, next)
		}
		for _, f := range p.Faults {
			one.Held = append(one.Held, model.HoldReason{Field: f.Field, Reason: f.Reason})
		}
		out = append(out, one)
	}
	if asJSON {
		return printJSON(s, out)
	}
	if len(out) == 0 {
		_, err := fmt.Fprintln(s.out, "every lead that is kept is written")
		return err
	}
	var b bytes.Buffer
	for _, l := range out {
		what := l.Outcome
		if len(l.Held) > 0 {
			what = "held"
		}
		fmt.Fprintf(&b, "lead %s: would be %s\n", visible(l.Lead), what)
		for _, h := range l.Held {
			fmt.Fprintf(&b, "  %s\n", reason(leadsync.Fault{Field: h.Field, Reason: h.Reason}))
		}
		for _, r := range l.Rows {
			what := "update"
			if r.Insert {
				what = "insert into"
			}
			fmt.Fprintf(&b, "  %s: %s %s\n", visible(r.Step), what, visible(r.Table))
			t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
			for _, v := range r.Values {
				text := "NULL"
				if v.Value != nil {
					text = visible(*v.Value)
				}
				fmt.Fprintf(t, "    %s\t%s\n", visible(v.Column), text)
			}
			if err := t.Flush(); err != nil {
				return err
			}
		}
	}
	_, err := s.out.Write(b.Bytes())
	return err
}

func printPlannedUpdates(s *session, planned []leadsync.PlannedUpdate, asJSON bool) error {
	type update struct {
		Lead    string             `json:"lead"`
		Body    json.RawMessage    `json:"body,omitempty"`
		Sources map[string]string  `json:"sources,omitempty"`
		Held    []model.HoldReason `json:"held,omitempty"`
	}
	out := []update{}
	for _, p := range planned {
		one := update{Lead: p.Lead.ID, Body: p.Update.Body, Sources: p.Update.Sources}
		for _, f := range p.Faults {
			r := model.HoldReason{Field: f.Field, Reason: f.Reason}
			if f.Rule != "" {
				r.Rule = &f.Rule
			}
			one.Held = append(one.Held, r)
		}
		out = append(out, one)
	}
	if asJSON {
		return printJSON(s, out)
	}
	if len(out) == 0 {
		_, err := fmt.Fprintln(s.out, "nothing to report")
		return err
	}
	var b bytes.Buffer
	for i, u := range out {
		what := "would be sent"
		if len(u.Held) > 0 {
			what = "would be held"
		}
		fmt.Fprintf(&b, "lead %s: %s\n", visible(u.Lead), what)
		for _, f := range planned[i].Faults {
			fmt.Fprintf(&b, "  %s\n", reason(f))
		}
		indented(&b, u.Body)
	}
	_, err := s.out.Write(b.Bytes())
	return err
}
