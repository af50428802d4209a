package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/mappings/casefile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// crmNeeds are the tables the mapping of the CRM reads and writes.
func crmNeeds(s *sqlcrm.Sample) []casefile.Need {
	var needs []casefile.Need
	for _, n := range s.Tables() {
		needs = append(needs, casefile.Need(n))
	}
	return needs
}

// caseJournal notes a lead's rows while a test runs.
type caseJournal struct{ rows []adapters.CRMRow }

// Rows implements adapters.LeadJournal.
func (j *caseJournal) Rows(context.Context) ([]adapters.CRMRow, error) { return j.rows, nil }

// Note implements adapters.LeadJournal.
func (j *caseJournal) Note(_ context.Context, rows []adapters.CRMRow) error {
	j.rows = slices.Clone(rows)
	return nil
}

// runCRM runs one test of crm.yaml in a folder of its own. What it returns as an
// error is the test's problem.
func (c *Cases) runCRM(ctx context.Context, f *casefile.File, t *casefile.Test, dir string, out *CaseResult) (err error) {
	if foreign := c.crm.Foreign(); foreign != nil {
		return mapfile.Faults{*foreign}
	}
	tables := f.Fill(t, crmNeeds(c.crm))
	path := filepath.Join(dir, "rows.db")
	if err := layOut(ctx, path, tables); err != nil {
		return err
	}
	now, err := c.moment(f.TodayOf(t).Value, c.crm.Zone())
	if err != nil {
		return err
	}
	dealer := f.Dealer.Value
	if dealer == "" {
		dealer = "TEST"
	}
	notes := &noteList{}
	crm, err := c.crm.Open(adapters.Env{
		Dealer: dealer, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Audit: notes,
	}, path, typesOf(tables))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, crm.Close()) }()
	if err := crm.Check(ctx); err != nil {
		return atRows(err)
	}
	r := leadRun{crm: crm, test: t, path: path, tables: tables}
	if err := r.write(ctx, out); err != nil {
		return atRows(err)
	}
	if t.CRM.Reports() && c.crm.Reports() {
		if err := r.report(ctx, out); err != nil {
			return atRows(err)
		}
	}
	out.Differences = append(out.Differences, t.CompareHeld(r.held, r.nothing)...)
	noted := make([]casefile.Happened, len(notes.all))
	for i, n := range notes.all {
		noted[i] = casefile.Happened{Row: n.Row, Field: n.Field, Reason: string(n.Reason)}
	}
	out.Differences = append(out.Differences, t.CompareNoted(noted)...)
	return nil
}

// typesOf looks up the types a test file declares.
func typesOf(tables []casefile.Filled) func(table, column string) string {
	return func(table, column string) string {
		for _, t := range tables {
			if !strings.EqualFold(t.Name, table) {
				continue
			}
			for _, c := range t.Columns {
				if strings.EqualFold(c.Name, column) {
					return c.Type
				}
			}
		}
		return ""
	}
}

// leadRun is one test while it runs.
type leadRun struct {
	crm    *sqlcrm.CRM
	test   *casefile.Test
	path   string
	tables []casefile.Filled

	ids     map[string]ids // by the key of the lead's row
	held    []casefile.Happened
	nothing []string
}

// ids are what the gateway notes of a lead that it wrote.
type ids struct{ lead, dealer string }

// write has the leads of a test written, one after the other, and compares the
// rows there are then.
func (r *leadRun) write(ctx context.Context, out *CaseResult) error {
	if len(r.test.CRM.Leads) == 0 {
		return nil
	}
	text, err := r.test.CRM.JSON()
	if err != nil {
		return err
	}
	leads, err := (*caterpillar.Leads)(nil).Reread(text)
	if err != nil {
		return fmt.Errorf("reading the lead: %w", err)
	}
	before, err := r.rows(ctx)
	if err != nil {
		return err
	}
	journals := map[string]*caseJournal{}
	r.ids = map[string]ids{}
	outcome := ""
	for _, lead := range leads {
		id := lead.Lead.LeadID
		if journals[id] == nil {
			journals[id] = &caseJournal{}
		}
		written, err := r.crm.WriteLead(ctx, lead, journals[id])
		var unfit *adapters.NotFitting
		if errors.As(err, &unfit) {
			outcome = "held"
			for _, f := range unfit.Faults {
				r.held = append(r.held, casefile.Happened{Row: id, Field: f.Field, Reason: f.Reason})
			}
			continue
		}
		if err != nil {
			return err
		}
		outcome = string(written.Outcome)
		r.ids[keyOfRow(written.Ref.Row)] = ids{id, written.DealerLeadID}
	}
	if want := r.test.CRM.Outcome; want.Value != "" && want.Value != outcome {
		out.Differences = append(out.Differences, casefile.Difference{Pos: want.Pos, Path: "outcome", Want: want.Value, Got: outcome})
	}
	after, err := r.rows(ctx)
	if err != nil {
		return err
	}
	out.Differences = append(out.Differences, r.test.CompareRows(before, after)...)
	return nil
}

func keyOfRow(row map[string]string) string {
	parts := make([]string, 0, len(row))
	for _, name := range slices.Sorted(maps.Keys(row)) {
		parts = append(parts, row[name])
	}
	return strings.Join(parts, "/")
}

// report makes the updates of all leads there are and compares those that would
// be sent.
func (r *leadRun) report(ctx context.Context, out *CaseResult) error {
	var refs []adapters.LeadRef
	for mark := ""; ; {
		some, next, err := r.crm.AllLeads(ctx, mark, pageOfLeads)
		if err != nil {
			return err
		}
		refs = append(refs, some...)
		if mark = next; mark == "" {
			break
		}
	}
	states, err := r.crm.LeadStates(ctx, refs)
	if err != nil {
		return err
	}
	var updates []json.RawMessage
	for _, s := range states {
		key := keyOfRow(s.Ref.Row)
		noted := r.ids[key]
		if noted.lead == "" && s.Ref.LeadID == "" {
			noted.lead = key // kept by the gateway alone, which has noted nothing here
		}
		verdict := leadsync.Judge(noted.lead, noted.dealer, s)
		switch {
		case verdict.NotYet:
			r.nothing = append(r.nothing, key)
		case len(verdict.Faults) > 0:
			for _, f := range verdict.Faults {
				reason := f.Reason
				if f.Rule != "" {
					reason += " (" + f.Rule + ")"
				}
				r.held = append(r.held, casefile.Happened{Row: key, Field: f.Field, Reason: reason})
			}
		default:
			updates = append(updates, verdict.Update)
		}
	}
	differences, err := r.test.CompareUpdates(updates)
	if err != nil {
		return err
	}
	out.Differences = append(out.Differences, differences...)
	return nil
}

// pageOfLeads is how many leads are listed at once.
const pageOfLeads = 500

// rows reads everything that stands in the tables, in the order of their keys,
// else in that in which it was written.
func (r *leadRun) rows(ctx context.Context) (all map[string][]casefile.FoundRow, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(r.path)}).EscapedPath()+"?mode=ro")
	if err != nil {
		return nil, fmt.Errorf("opening the rows: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all = map[string][]casefile.FoundRow{}
	for _, t := range r.tables {
		found, err := rowsOf(ctx, db, t)
		if err != nil {
			return nil, fmt.Errorf("reading table %s: %w", t.Name, err)
		}
		all[t.Name] = found
	}
	return all, nil
}

func rowsOf(ctx context.Context, db *sql.DB, t casefile.Filled) (found []casefile.FoundRow, err error) {
	if len(t.Columns) == 0 {
		return nil, nil
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = "cast(" + sqliteName(c.Name) + " as text)"
	}
	order := "rowid"
	if len(t.Key) > 0 {
		keys := make([]string, len(t.Key))
		for i, name := range t.Key {
			keys[i] = sqliteName(name)
		}
		order = strings.Join(keys, ", ")
	}
	rows, err := db.QueryContext(ctx, strings.Join([]string{"select", strings.Join(names, ", "), "from", sqliteName(t.Name), "order by", order}, " "))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		cells := make([]sql.NullString, len(names))
		dest := make([]any, len(names))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := casefile.FoundRow{}
		for i, c := range t.Columns {
			row[c.Name] = nil
			if cells[i].Valid {
				row[c.Name] = &cells[i].String
			}
		}
		found = append(found, row)
	}
	return found, rows.Err()
}
