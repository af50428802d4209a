package request

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestLifecyclePageIsMadeFromTheTable keeps LIFECYCLE.md and lifecycle.go the
// same thing.
func TestLifecyclePageIsMadeFromTheTable(t *testing.T) {
	const name = "LIFECYCLE.md"
	got := page()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what lifecycle.go says; go test ./server/request -update (-want +got):\n%s", name, diff)
	}
}

func page() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`# The life of a request

Made from lifecycle.go by its test; do not edit. R-numbers are those of openapi/RULES.md.

A request is moved by three: the customer, whose moves arrive from CRS as messages; the dealer, whose moves are sent
there; and CRS itself. What no row below allows is answered with the error message %q and changes nothing; a message
that fits no request is answered with %q. An error message is never answered with another.

Whatever the types share:

- More information from the customer keeps the state, also where it names a state the request had left meanwhile.
- Where request and update name different states, the update's counts (R214).
- An update the partner refuses counts no more: the state is what the other updates make of it. Where the partner
  says that the request is closed, it is closed here too.
- Members that a later message leaves out, or sends as null or as an empty list, keep what they were (R213).
- A move of the dealer's that is not allowed is refused before anything is sent, with what is allowed now.

Steps marked *inferred* are not shown in the documents and follow from other rules.
`, IncorrectUpdate, NotFound)
	for _, family := range families() {
		line("## %s\n", join(family))
		line("States: %s.", join(Statuses(family[0])))
		if d := Dispositions(family[0]); d != nil {
			line("Dispositions when closing: %s.", strings.Join(d, "; "))
		}
		line("\n```mermaid\nstateDiagram-v2")
		for _, a := range arrows(family[0]) {
			line("    %s", a)
		}
		line("```\n\n| from | to | by | needs | should carry | rules | what it means |\n|---|---|---|---|---|---|---|")
		for _, r := range rows(family[0]) {
			line("%s", r)
		}
		line("")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// families are types with the same steps, in the order of the types.
func families() [][]Type {
	var out [][]Type
	for _, t := range Types() {
		i := slices.IndexFunc(out, func(f []Type) bool {
			return slices.Equal(arrows(f[0]), arrows(t)) && slices.Equal(rows(f[0]), rows(t))
		})
		if i < 0 {
			out = append(out, []Type{t})
			continue
		}
		out[i] = append(out[i], t)
	}
	return out
}

func rows(t Type) []string {
	var out []string
	for _, s := range steps {
		if slices.Contains(s.Types, t) {
			out = append(out, row(s, t))
		}
	}
	return out
}

func arrows(t Type) []string {
	var out []string
	for _, s := range steps {
		if !slices.Contains(s.Types, t) {
			continue
		}
		for _, from := range s.From {
			if from != nothing && !slices.Contains(Statuses(t), from) {
				continue
			}
			a, b, label := string(from), string(s.To), string(s.By)
			if from == nothing {
				a = "[*]"
			}
			if s.To == keeps {
				b, label = a, label+", more information"
			}
			if s.Need != "" {
				label += ", " + string(s.Need)
			}
			if s.Ends != "" {
				b = "[*]"
			}
			out = append(out, fmt.Sprintf("%s --> %s: %s", a, b, label))
		}
	}
	return append(out, "closed --> [*]")
}

func row(s Step, t Type) string {
	var from []string
	for _, f := range s.From {
		switch {
		case f == nothing:
			from = append(from, "(none)")
		case slices.Contains(Statuses(t), f):
			from = append(from, string(f))
		}
	}
	to := string(s.To)
	if s.To == keeps {
		to = "(the same)"
	}
	if s.Ends != "" {
		to += ", over"
	}
	what := s.What
	if s.Inferred {
		what += " (*inferred*)"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |", strings.Join(from, ", "), to, s.By, s.Need, s.Advice, s.Rules, what)
}

// TestEveryTypeKnowsItsStates holds the states that follow from the steps
// against the list of the documents (R219).
func TestEveryTypeKnowsItsStates(t *testing.T) {
	plain, dated := []Status{Submitted, Received, Canceled, Closed}, []Status{Submitted, Received, Scheduled, Canceled, Closed}
	want := map[Type][]Status{
		PurchaseOrder: plain, Jobsite: plain, Extend: plain, Transfer: dated, CallOff: dated, Service: dated,
		Quote: {Submitted, Received, Quoted, Approved, Canceled, Closed}, Lead: {Submitted, Closed},
	}
	for _, kind := range Types() {
		if diff := cmp.Diff(want[kind], Statuses(kind)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}
