package sqlrms

import (
	"context"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"sync/atomic"

	"github.com/dealerbridge/dealerbridge/adapters/database"
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

	binding *database.Binding[plan.Program]
	// doubt: a statement did not find a table or column it was compiled for,
	// so the next Check looks at the tables again.
	doubt atomic.Bool
}

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
	v := &version{file: set.RMS, plan: compiled, hosts: map[string]string{}, binding: database.NewBinding[plan.Program]()}
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
// database if that has not been done.
func (r *RMS) bound(ctx context.Context, v *version, when database.When) (*plan.Program, error) {
	return v.binding.Make(ctx, when, r.env.Now, func(ctx context.Context) (*plan.Program, error) {
		p, faults, err := r.bindTo(ctx, v)
		if err != nil {
			return nil, err
		}
		v.doubt.Store(false)
		// Warnings stop nothing, and a schema without keys makes many: one line says
		// where to read them.
		if len(faults) > 0 {
			r.env.Log.InfoContext(ctx, "the mapping has warnings; `dealerbridge mapping check --db` lists them", "warnings", len(faults))
		}
		for _, f := range faults {
			r.env.Log.DebugContext(ctx, "a warning of the mapping", "warning", f.String())
		}
		return p, nil
	})
}

// bindTo compiles a version for the tables the database has now. Without an
// error the faults are warnings.
func (r *RMS) bindTo(ctx context.Context, v *version) (*plan.Program, mapfile.Faults, error) {
	limited, cancel := context.WithTimeout(ctx, r.pool.Limit)
	defer cancel()
	if err := r.pool.DialectFits(v.plan, v.file.Path, v.file.Pos); err != nil {
		return nil, nil, err
	}
	known, err := r.pool.Inspect(limited, v.plan.Tables())
	if err != nil {
		return nil, nil, err
	}
	p, faults := v.plan.Bind(r.pool.Server, known.Schema)
	if p == nil {
		return nil, faults, database.MappingError(faults)
	}
	refused, err := r.prepareAll(limited, v, p, known.Schema)
	if err != nil {
		return nil, nil, err
	}
	if len(refused) > 0 {
		faults = append(faults, refused...).Sorted()
		return nil, faults, database.MappingError(faults)
	}
	return p, faults, nil
}

// prepareAll has the server read every statement before the first is run: SQL
// that was written in the mapping is only judged by the server itself.
func (r *RMS) prepareAll(ctx context.Context, v *version, p *plan.Program, schema plan.Schema) (mapfile.Faults, error) {
	return database.Judge(ctx, p, r.pool.understands, func(s plan.Prepared, why string) mapfile.Fault {
		fault := v.refused(s, why)
		fault.Suggestion = columnMeant(why, s.Text, schema)
		return fault
	})
}
