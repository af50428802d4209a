package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
)

// explained is what --explain --json prints.
type explained struct {
	Statements []explainedStatement `json:"statements"`
	Row        json.RawMessage      `json:"row"` // null where the page has none
	Fields     []explainedField     `json:"fields"`
}

type explainedStatement struct {
	Name       string   `json:"name"`
	SQL        string   `json:"sql"`
	Parameters []string `json:"parameters"` // words, never values
	Plan       []string `json:"plan"`
	FullScans  []string `json:"fullScans"`
}

type explainedField struct {
	Source string   `json:"source,omitempty"`
	Field  string   `json:"field"`
	From   []string `json:"from"`
}

// explain prints how an endpoint is read.
func (c mappingPreviewCmd) explain(w io.Writer, how sqlrms.Explanation, first *app.Answer) error {
	out := explained{Statements: []explainedStatement{}, Row: json.RawMessage("null"), Fields: []explainedField{}}
	for _, s := range how.Statements {
		out.Statements = append(out.Statements, explainedStatement{
			Name: s.Name, SQL: s.Text, Parameters: append([]string{}, s.Parameters...),
			Plan: append([]string{}, s.Way...), FullScans: append([]string{}, s.Scans...),
		})
	}
	if len(first.Elements) > 0 {
		out.Row = first.Elements[0]
	}
	for _, f := range how.Fields {
		out.Fields = append(out.Fields, explainedField{Source: f.Source, Field: f.Field, From: append([]string{}, f.From...)})
	}
	if c.JSON {
		return writeJSON(w, out)
	}
	var text bytes.Buffer
	if err := out.print(&text, first); err != nil {
		return fmt.Errorf("writing the explanation: %w", err)
	}
	if _, err := text.WriteTo(w); err != nil {
		return fmt.Errorf("writing the explanation: %w", err)
	}
	return nil
}

// print writes the explanation for people.
func (e explained) print(text *bytes.Buffer, first *app.Answer) error {
	if len(e.Statements) == 0 {
		text.WriteString("no statement: nothing of this is in the database\n")
	}
	for _, s := range e.Statements {
		fmt.Fprintf(text, "%s\n  %s\n", s.Name, s.SQL)
		if len(s.Parameters) > 0 {
			fmt.Fprintf(text, "  ? is %s\n", strings.Join(s.Parameters, ", "))
		}
		for _, step := range s.Plan {
			scan := ""
			if slices.Contains(s.FullScans, step) {
				scan = " (reads the whole table)"
			}
			fmt.Fprintf(text, "  plan: %s%s\n", step, scan)
		}
		text.WriteByte('\n')
	}
	switch {
	case len(first.Elements) > 0:
		text.WriteString("the first row\n")
		if err := json.Indent(text, e.Row, "", "  "); err != nil {
			return err
		}
		text.WriteString("\n\n")
	case len(first.LeftOut) > 0:
		l := first.LeftOut[0]
		fmt.Fprintf(text, "the first row, %s, is left out: %s is %s\n\n", l.Row, fieldOf(l), l.Reason)
	default:
		text.WriteString("there is no row\n\n")
	}
	if len(e.Fields) == 0 {
		return nil
	}
	text.WriteString("where fields come from\n")
	t := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	source := ""
	for _, f := range e.Fields {
		if f.Source != source {
			source = f.Source
			if _, err := fmt.Fprintf(t, "in %s:\n", source); err != nil {
				return err
			}
		}
		from := strings.Join(f.From, ", ")
		if from == "" {
			from = "nothing"
		}
		if _, err := fmt.Fprintf(t, "  %s\t%s\n", f.Field, from); err != nil {
			return err
		}
	}
	return t.Flush()
}
