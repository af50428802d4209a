package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/casefile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// CaseResult is how one test of a mapping ended.
type CaseResult struct {
	File        string
	Test        *casefile.Test
	Differences []casefile.Difference
	Faults      mapfile.Faults // of the mapping, which only the rows brought to light
	Problem     string         // why else no answer could be compared
}

// Passed says whether everything came out as the test has it.
func (r CaseResult) Passed() bool {
	return len(r.Differences) == 0 && len(r.Faults) == 0 && r.Problem == ""
}

// failed notes why there is no answer.
func (r *CaseResult) failed(err error) {
	if !errors.As(err, &r.Faults) {
		r.Problem = err.Error()
		return
	}
	keyless := func(f mapfile.Fault) bool { return strings.Contains(f.Message, "has no primary key") }
	if slices.ContainsFunc(r.Faults, keyless) {
		r.Problem = "where the dealer's table has a primary key, the test file says so with `key:` under `tables:`"
	}
}

// Cases are the tests beside a mapping, ready to be run.
type Cases struct {
	mapping *mapfile.File  // of the rental system; nil where the folder has none
	crm     *sqlcrm.Sample // nil where the folder has none
	files   []*casefile.File
	samples map[string]*sqlrms.Sample
	now     func() time.Time
}

// LoadCases reads a dealer's folder: its mapping and all test files. The cases
// are nil when one of the faults is more than a warning.
func LoadCases(dir string, now func() time.Time) (*Cases, mapfile.Faults) {
	if faults := CheckMapping(dir); faults.Err() != nil {
		return nil, faults
	}
	c := &Cases{samples: map[string]*sqlrms.Sample{}, now: now}
	if hasFile(dir, rentalFile) {
		set, faults := mapfile.Load(dir)
		if set.RMS == nil {
			return nil, faults
		}
		c.mapping = set.RMS
		c.mapping.OneDatabase()
	}
	if hasFile(dir, crmFile) {
		crm, faults := sqlcrm.NewSample(os.DirFS(dir), dir)
		if crm == nil {
			return nil, faults
		}
		c.crm = crm
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, mapfile.Faults{{File: dir, Message: "cannot be read: " + err.Error()}}
	}
	var faults mapfile.Faults
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), casefile.Suffix) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		src, err := os.ReadFile(path)
		if err != nil {
			faults = append(faults, mapfile.Fault{File: path, Message: "cannot be read: " + err.Error()})
			continue
		}
		file, found := casefile.Parse(path, src)
		faults = append(faults, found...)
		if file != nil {
			c.files = append(c.files, file)
			faults = append(faults, c.homeless(file)...)
		}
	}
	if faults.Err() != nil {
		return nil, faults.Sorted()
	}
	return c, append(faults, c.doubts()...).Sorted()
}

// homeless finds tests of a mapping that the folder does not have.
func (c *Cases) homeless(f *casefile.File) mapfile.Faults {
	var faults mapfile.Faults
	for _, t := range f.Tests {
		missing := ""
		switch {
		case t.CRM == nil && c.mapping == nil && t.Endpoint.Value != "":
			missing = rentalFile
		case t.CRM != nil && (c.crm == nil || len(t.CRM.Leads) > 0 && !c.crm.Writes() || len(t.CRM.Leads) == 0 && !c.crm.Reports()):
			missing = crmFile
			if c.crm != nil {
				missing = "a section `lead` or `update` in " + crmFile
			}
		}
		if missing != "" {
			faults = append(faults, mapfile.Fault{File: f.Path, Pos: t.Name.Pos, Path: "tests", Message: fmt.Sprintf("the test needs %s, and the folder has none", missing)})
		}
	}
	return faults
}

// doubts looks for slips of the pen in the names of tables and columns.
func (c *Cases) doubts() mapfile.Faults {
	var faults mapfile.Faults
	var needs []casefile.Need
	var inSQL []func(name string) bool
	if c.mapping != nil {
		for _, endpoint := range casefile.Endpoints() {
			s, _ := sqlrms.NewSample(c.mapping.Part(endpoint))
			if s == nil {
				return nil // the tests of this endpoint will say why
			}
			inSQL = append(inSQL, s.NamedInSQL)
			needs = append(needs, needsOf(s)...)
		}
	}
	if c.crm != nil {
		inSQL = append(inSQL, c.crm.NamedInSQL)
		needs = append(needs, crmNeeds(c.crm)...)
	}
	known := func(name string) bool {
		return slices.ContainsFunc(inSQL, func(named func(string) bool) bool { return named(name) })
	}
	for _, f := range c.files {
		faults = append(faults, f.Doubts(needs, known)...)
		if c.crm != nil {
			faults = append(faults, f.Members(c.crm.LeadMembers())...)
		}
	}
	return faults
}

func needsOf(s *sqlrms.Sample) []casefile.Need {
	var needs []casefile.Need
	for _, n := range s.Tables() {
		needs = append(needs, casefile.Need{Table: n.Table, Columns: n.Columns})
	}
	return needs
}

// Names are the names of all tests, in order.
func (c *Cases) Names() []string {
	var names []string
	for _, f := range c.files {
		for _, t := range f.Tests {
			names = append(names, t.Name.Value)
		}
	}
	return names
}

// Run runs the tests that are chosen, one after the other, and tells how each
// ended. The error is never a test's.
func (c *Cases) Run(ctx context.Context, chosen func(name string) bool, tell func(CaseResult) error) (err error) {
	dir, err := os.MkdirTemp("", "dealerbridge-test-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	n := 0
	for _, f := range c.files {
		for _, t := range f.Tests {
			if !chosen(t.Name.Value) {
				continue
			}
			n++
			r := CaseResult{File: f.Path, Test: t}
			own, run := filepath.Join(dir, fmt.Sprint(n)), c.run
			if t.CRM != nil {
				run = c.runCRM
			}
			if err := os.Mkdir(own, 0o700); err != nil {
				return fmt.Errorf("making a temporary folder: %w", err)
			}
			if err := run(ctx, f, t, own, &r); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				r.failed(err)
			}
			if err := tell(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// run runs one test in a folder of its own. What it returns as an error is the
// test's problem.
func (c *Cases) run(ctx context.Context, f *casefile.File, t *casefile.Test, dir string, out *CaseResult) (err error) {
	s, err := c.sample(t.Endpoint.Value)
	if err != nil {
		return err
	}
	documents := filepath.Join(dir, "documents")
	if err := c.putFiles(documents, slices.Concat(f.Files, t.Files)); err != nil {
		return err
	}
	path := filepath.Join(dir, "rows.db")
	if err := layOut(ctx, path, f.Fill(t, needsOf(s))); err != nil {
		return err
	}
	now, err := c.moment(f.TodayOf(t).Value, c.mapping.Timezone.Value)
	if err != nil {
		return err
	}
	notes := &noteList{}
	dealer := f.Dealer.Value
	if dealer == "" {
		dealer = "TEST"
	}
	opened, err := s.Open(adapters.Env{
		Dealer: dealer, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Audit: notes,
		DocumentURL: documentURL("https://gateway.example", dealer),
	}, path, documents)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := opened.Check(ctx); err != nil {
		return atRows(err)
	}
	asked := Asked{Endpoint: t.Endpoint.Value}
	for _, number := range t.Customers {
		asked.Customers = append(asked.Customers, number.Value)
	}
	if t.Since.Value != "" {
		if asked.Since, err = time.Parse(time.RFC3339, t.Since.Value); err != nil {
			return fmt.Errorf("reading since: %w", err)
		}
	}
	got, err := answer(ctx, opened, notes, asked)
	return out.judge(got, err)
}

// judge holds what came of a test against what it wants. What it returns as an
// error is the test's problem.
func (r *CaseResult) judge(got *Answer, err error) error {
	t := r.Test
	word := failureOf(err)
	switch {
	case word == casefile.NotFound && t.Fails == nil:
		got = &Answer{} // nobody was found, and nobody may be wanted
	case word != "" && t.Fails != nil:
		if word != t.Fails.Value {
			r.Differences = []casefile.Difference{{Pos: t.Fails.Pos, Path: "fails", Want: t.Fails.Value, Got: word}}
		}
		return nil
	case err != nil:
		return atRows(err)
	case t.Fails != nil:
		r.Differences = []casefile.Difference{{Pos: t.Fails.Pos, Path: "fails", Want: t.Fails.Value, Got: "an answer"}}
		return nil
	}
	differences, err := t.Compare(got.Elements)
	if err != nil {
		return err
	}
	r.Differences = append(differences, t.CompareOutcomes(inCases(got.LeftOut), inCases(got.Noted))...)
	return nil
}

// sample compiles an endpoint's part of the mapping, once.
func (c *Cases) sample(endpoint string) (*sqlrms.Sample, error) {
	if s := c.samples[endpoint]; s != nil {
		return s, nil
	}
	part := c.mapping.Part(endpoint)
	if texts := mapfile.SQLOf(part); len(texts) > 0 && part.Dialect != mapfile.SQLite {
		return nil, mapfile.Faults{{File: part.Path, Pos: texts[0].Pos, Path: endpoint, Message: fmt.Sprintf(
			"this SQL is MySQL's, so no test can run this endpoint; look at it with: dealerbridge mapping preview %s", endpoint)}}
	}
	s, faults := sqlrms.NewSample(part)
	if s == nil {
		return nil, faults.Err()
	}
	c.samples[endpoint] = s
	return s, nil
}

// putFiles lays out documents: every folder the mapping speaks of, and the
// files that are said to exist.
func (c *Cases) putFiles(root string, files []mapfile.Text) error {
	folders := []string{root}
	for _, d := range c.mapping.Documents {
		if d.Directory != nil {
			folders = append(folders, filepath.Join(root, filepath.FromSlash(d.Directory.Value)))
		}
	}
	for _, name := range files {
		folders = append(folders, filepath.Dir(filepath.Join(root, filepath.FromSlash(name.Value))))
	}
	for _, folder := range folders {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("making the documents folder: %w", err)
		}
	}
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name.Value)), []byte("%PDF-1.4\n"), 0o600); err != nil {
			return fmt.Errorf("making a document: %w", err)
		}
	}
	return nil
}

// moment is when a test takes place; a day is one of the zone.
func (c *Cases) moment(text, name string) (time.Time, error) {
	if text == "" {
		return c.now(), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.Time{}, fmt.Errorf("loading the time zone: %w", err)
	}
	return casefile.Moment(text, zone)
}

// atRows puts an error into the words of someone who wrote the rows.
func atRows(err error) error {
	if text := err.Error(); errors.Is(err, adapters.ErrUnavailable) && strings.Contains(text, "does not exist") {
		return fmt.Errorf("%s; SQL in the mapping names it, so the tests have to give it, under `tables:`", text[strings.LastIndex(text, ": ")+2:])
	}
	return err
}

// failureOf is the word of a test for an answer that was not made.
func failureOf(err error) string {
	switch {
	case errors.Is(err, adapters.ErrNotFound):
		return casefile.NotFound
	case errors.Is(err, adapters.ErrAmbiguousCustomer):
		return casefile.Ambiguous
	case errors.Is(err, adapters.ErrBadRow):
		return casefile.BadRow
	}
	return ""
}

func inCases(all []Happened) []casefile.Happened {
	out := make([]casefile.Happened, len(all))
	for i, h := range all {
		out[i] = casefile.Happened(h)
	}
	return out
}
