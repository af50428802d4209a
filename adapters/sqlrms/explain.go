package sqlrms

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Explanation says how an endpoint is read from the database.
type Explanation struct {
	Statements []ExplainedStatement
	Fields     []plan.Origin
}

// ExplainedStatement is one statement, and the way the server takes to it.
type ExplainedStatement struct {
	plan.Explained
	// Way is the server's own plan, of the statements that find which rows there
	// are; one line for each step.
	Way []string
	// Scans are the steps of Way that read a whole table.
	Scans []string
}

// Explain finds the keys of an endpoint, or what changed since a time, and has
// the server say how it did it, with the values of that very question. No value
// is in what it tells.
func (r *RMS) Explain(ctx context.Context, endpoint string, q adapters.Query, since time.Time) (Explanation, error) {
	what := "explaining " + endpoint
	s, err := r.begin(ctx, q.Customers)
	if err != nil {
		return Explanation{}, fmt.Errorf("%s: %w", what, err)
	}
	heard := &listener{Querier: s.asking.Querier, args: map[string]asked{}}
	s.asking.Querier = heard
	if endpoint == mapfile.Incremental {
		_, _, err = s.Changes(ctx, s.asking, since)
	} else {
		_, err = s.Keys(ctx, endpoint, s.asking)
	}
	out := Explanation{Fields: s.version.plan.Origins(endpoint)}
	for _, statement := range s.Explained(endpoint) {
		one := ExplainedStatement{Explained: statement}
		a, ran := heard.args[statement.Name]
		if endpoint == mapfile.Incremental {
			ran = ran && a.text == statement.Text // the one that was run of two with the same name
		}
		if ran && err == nil {
			one.Way, one.Scans, err = r.pool.way(ctx, a)
		}
		out.Statements = append(out.Statements, one)
	}
	if err := s.end(what, err); err != nil {
		return Explanation{}, err
	}
	return out, nil
}

// listener remembers what statements were asked with.
type listener struct {
	plan.Querier
	mu   sync.Mutex
	args map[string]asked
}

type asked struct {
	text string
	args []any
}

// Query implements plan.Querier.
func (l *listener) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	l.mu.Lock()
	l.args[name] = asked{text, args}
	l.mu.Unlock()
	return l.Querier.Query(ctx, name, text, args, next)
}

// way asks the server for its plan.
func (p *pool) way(ctx context.Context, a asked) (steps, scans []string, err error) {
	word := "explain "
	if p.Server == plan.SQLite {
		word = "explain query plan "
	}
	err = p.Ask(ctx, word+a.text, a.args, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		step, scan := stepOf(columns, cells)
		steps = append(steps, step)
		if scan {
			scans = append(scans, step)
		}
		return nil
	})
	return steps, scans, err
}

// stepOf says one line of a plan in words; scan is true where a whole table is
// read. SQLite has a sentence of its own in a column `detail`.
func stepOf(columns []string, cells []sql.NullString) (step string, scan bool) {
	cell := func(name string) string {
		if i := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, name) }); i >= 0 && cells[i].Valid {
			return cells[i].String
		}
		return ""
	}
	if detail := cell("detail"); detail != "" {
		return detail, strings.HasPrefix(detail, "SCAN ") && !strings.Contains(detail, " USING ") && detail != "SCAN CONSTANT ROW"
	}
	if cell("table") == "" {
		return cell("Extra"), false
	}
	key := cell("key")
	if key == "" {
		key = "no index"
	}
	step = fmt.Sprintf("%s: %s by %s, about %s rows", cell("table"), cell("type"), key, cell("rows"))
	if extra := cell("Extra"); extra != "" {
		step += "; " + extra
	}
	return step, strings.EqualFold(cell("type"), "ALL")
}
