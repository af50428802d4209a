package sqlrms

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// version is one version of a dealer's mapping: compiled, and bound to the
// tables once the database has been seen.
type version struct {
	file *mapfile.File
	plan *plan.Plan
	// hosts are the servers that documents of a kind may be fetched from.
	hosts map[string]string

	program atomic.Pointer[plan.Program]
	// doubt: a statement did not find a table or column it was compiled for,
	// so the next Check looks at the tables again.
	doubt atomic.Bool

	turn   chan struct{} // held by whoever binds
	tried  time.Time     // when binding failed last
	failed error
}

// rebindPause is how long calls are answered with the reason of the last
// failure before one of them asks the database again.
const rebindPause = time.Second

// CheckMapping finds everything that is wrong in a dealer's folder without a
// database, warnings included. name is what the folder is called in faults.
func CheckMapping(folder fs.FS, name string) mapfile.Faults {
	c := &Config{MappingName: name}
	_, faults := c.compile(folder)
	return faults
}

// compile reads and compiles a folder. The version is nil when one of the
// faults is more than a warning.
func (c *Config) compile(folder fs.FS) (*version, mapfile.Faults) {
	set, faults := mapfile.LoadFS(folder, ".")
	if c.MappingName != "" {
		for i := range faults {
			faults[i].File = path.Join(c.MappingName, faults[i].File)
		}
		if set.RMS != nil {
			set.RMS.Path = path.Join(c.MappingName, set.RMS.Path)
		}
	}
	if set.RMS == nil {
		return nil, faults.Sorted()
	}
	target, err := target()
	if err != nil {
		return nil, mapfile.Faults{{File: set.RMS.Path, Message: err.Error()}}
	}
	// A file with faults of form is compiled as well: all that is wrong is told at once.
	compiled, found := plan.Compile(set.RMS, target)
	v := &version{file: set.RMS, plan: compiled, hosts: map[string]string{}, turn: make(chan struct{}, 1)}
	faults = faults.WithMeaning(append(found, v.documentHosts()...))
	if compiled == nil || faults.Err() != nil {
		return nil, faults
	}
	return v, faults
}

// documentHosts finds the one server each kind of documents with an address
// comes from. It must not depend on a row: credentials travel along.
func (v *version) documentHosts() mapfile.Faults {
	var faults mapfile.Faults
	for _, d := range v.file.Documents {
		if d.URL == nil {
			continue
		}
		host := hostOf(fixedStart(d.URL))
		if host == "" {
			faults = append(faults, mapfile.Fault{
				File: v.file.Path, Pos: d.URL.Pos, Path: "documents." + d.Kind.Value,
				Message: "the address has to begin with a fixed server, as in url: 'https://documents.example.test/{r.number}.pdf'",
			})
			continue
		}
		v.hosts[d.Kind.Value] = host
	}
	return faults
}

// fixedStart is what every address of a template begins with.
func fixedStart(v *mapfile.Value) string {
	switch {
	case v.Kind == mapfile.TextValue && len(v.Parts) > 0:
		return v.Parts[0].Fixed
	case v.Kind == mapfile.LiteralValue && v.Literal != nil:
		return v.Literal.Value
	}
	return ""
}

// hostOf gives scheme and host of the start of an address that goes on behind
// the host; "" for anything else.
func hostOf(start string) string {
	u, err := url.Parse(start)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// filesOf is a kind of documents that lies in a directory; "" where none does.
func (v *version) filesOf() string {
	for _, d := range v.file.Documents {
		if d.Directory != nil {
			return d.Kind.Value
		}
	}
	return ""
}

// bound gives the program of a version, binding it to the tables of the
// database if that has not been done. now leaves out the pause between tries.
func (r *RMS) bound(ctx context.Context, v *version, now bool) (*plan.Program, error) {
	if p := v.program.Load(); p != nil {
		return p, nil
	}
	return r.bind(ctx, v, now, false)
}

// bind looks at the database's tables, one caller at a time. A bound version is
// bound again only when asked to; a failure leaves it as it was.
func (r *RMS) bind(ctx context.Context, v *version, now, again bool) (*plan.Program, error) {
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return nil, translate(ctx, ctx.Err())
	}
	if p := v.program.Load(); p != nil && !again {
		return p, nil
	}
	if !now && v.failed != nil && r.env.Now().Sub(v.tried) < rebindPause {
		return nil, v.failed
	}
	p, faults, err := r.bindTo(ctx, v)
	if errors.Is(err, context.Canceled) {
		return nil, err // says nothing about the database
	}
	v.tried, v.failed = r.env.Now(), err
	if err != nil {
		return nil, err
	}
	v.doubt.Store(false)
	v.program.Store(p)
	// Warnings stop nothing, and a schema without keys makes many: one line says
	// where to read them.
	if len(faults) > 0 {
		r.env.Log.InfoContext(ctx, "the mapping has warnings; `dealerbridge mapping check --db` lists them", "warnings", len(faults))
	}
	for _, f := range faults {
		r.env.Log.DebugContext(ctx, "a warning of the mapping", "warning", f.String())
	}
	return p, nil
}

// bindTo compiles a version for the tables the database has now. Without an
// error the faults are warnings.
func (r *RMS) bindTo(ctx context.Context, v *version) (*plan.Program, mapfile.Faults, error) {
	limited, cancel := context.WithTimeout(ctx, r.pool.limit)
	defer cancel()
	if err := r.dialectFits(v); err != nil {
		return nil, nil, err
	}
	schema, err := r.pool.inspect(limited, v.plan.Tables())
	if err != nil {
		return nil, nil, err
	}
	p, faults := v.plan.Bind(r.pool.server, schema)
	if p == nil {
		return nil, faults, mappingError(faults)
	}
	refused, err := r.prepareAll(limited, v, p, schema)
	if err != nil {
		return nil, nil, err
	}
	if len(refused) > 0 {
		faults = append(faults, refused...).Sorted()
		return nil, faults, mappingError(faults)
	}
	return p, faults, nil
}

// prepareAll has the server read every statement before the first is run: SQL
// that was written in the mapping is only judged by the server itself.
func (r *RMS) prepareAll(ctx context.Context, v *version, p *plan.Program, schema plan.Schema) (mapfile.Faults, error) {
	var faults mapfile.Faults
	for _, s := range p.Statements() {
		err := r.pool.understands(ctx, s.Text, s.Args)
		if err == nil {
			continue
		}
		why, refused := refusal(err)
		if !refused {
			return nil, fmt.Errorf("preparing the statements of the mapping: %w", err)
		}
		fault := v.refused(s, why)
		fault.Suggestion = columnMeant(why, s.Text, schema)
		faults = append(faults, fault)
	}
	return faults, nil
}

// dialectFits refuses SQL that was written for another server.
func (r *RMS) dialectFits(v *version) error {
	if !v.plan.HasSQL() || string(v.plan.Dialect()) == string(r.pool.server) {
		return nil
	}
	return mappingError(mapfile.Faults{{
		File: v.file.Path, Pos: v.file.Pos, Path: "dialect",
		Message: fmt.Sprintf("the SQL in this file is written for %s and the database is %s; write that SQL for %s and say `dialect: %s`",
			v.plan.Dialect(), r.pool.server, r.pool.server, r.pool.server),
	}})
}

// mappingError makes faults an error of the adapter; errors.As finds the
// faults in it.
func mappingError(faults mapfile.Faults) error {
	return fmt.Errorf("%w:\n%w", adapters.ErrMapping, faults)
}
