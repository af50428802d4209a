package sqlcrm

import (
	"context"
	"io/fs"
	"slices"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// version is one version of a dealer's mapping: compiled, and bound to the
// tables once the database has been seen.
type version struct {
	file   *crmfile.File
	shape  *interfaceShape
	plan   *plan.Plan // nil where nothing is reported back
	moves  *plan.Plan // nil where nothing is fetched for messages
	values *values

	binding *database.Binding[program]
}

// program is a version that is bound to the tables of a database.
type program struct {
	states   *plan.Program // nil where nothing is reported back
	writing  *writing      // nil where no leads are written
	messages *writing      // nil where no messages are
	moves    *plan.Program // nil where no moves are fetched
}

// CheckMapping finds everything that is wrong in a dealer's CRM files without a
// database, warnings included. name is what the folder is called in faults.
func CheckMapping(folder fs.FS, name string) mapfile.Faults {
	_, faults := (&Config{MappingName: name}).compile(folder)
	return faults
}

// compile reads and compiles a folder. The version is nil when one of the
// faults is more than a warning.
func (c *Config) compile(folder fs.FS) (*version, mapfile.Faults) {
	s, err := shape()
	if err != nil {
		return nil, mapfile.Faults{{File: crmfile.FileName, Message: err.Error()}}
	}
	dir := c.MappingName
	file, faults := crmfile.Load(folder, dir, s.names)
	if file == nil {
		return nil, faults
	}
	return compileFile(file, s, faults)
}

// compileFile compiles a file with the faults of its form.
func compileFile(file *crmfile.File, s *interfaceShape, faults mapfile.Faults) (*version, mapfile.Faults) {
	v := &version{file: file, shape: s, binding: database.NewBinding[program]()}
	var meaning mapfile.Faults
	if file.Update != nil && file.Update.Section != nil {
		complete(file)
		compiled, found := plan.Compile(partOf(file.Shared, file.Update.Section), s.target(file))
		v.plan = compiled
		meaning = append(meaning, crmfile.Renamed(found)...)
		meaning = append(meaning, companions(file)...)
	}
	if file.Moves != nil {
		compiled, found := compileMoves(file)
		v.moves = compiled
		meaning = append(meaning, found...)
	}
	values, found := compileValues(file, s)
	v.values = values
	meaning = append(meaning, found...)
	faults = faults.WithMeaning(meaning)
	if faults.Err() != nil {
		return nil, faults
	}
	return v, faults
}

// bound gives the program of a version, binding it to the tables of the database
// if that has not been done.
func (c *CRM) bound(ctx context.Context, v *version, when database.When) (*program, error) {
	return v.binding.Make(ctx, when, c.env.Now, func(ctx context.Context) (*program, error) {
		p, faults, err := c.bindTo(ctx, v)
		if err == nil && len(faults) > 0 {
			c.env.Log.InfoContext(ctx, "the mapping of the CRM has warnings; `dealerbridge mapping check --db` lists them", "warnings", len(faults))
		}
		return p, err
	})
}

// bindTo compiles a version for the tables the database has now. Without an
// error the faults are warnings.
func (c *CRM) bindTo(ctx context.Context, v *version) (*program, mapfile.Faults, error) {
	limited, cancel := context.WithTimeout(ctx, 2*c.pool.Limit)
	defer cancel()
	if err := c.pool.DialectFits(v.plan, v.file.Path, v.file.Shared.Pos); err != nil {
		return nil, nil, err
	}
	refs := v.tables()
	if v.plan != nil {
		refs = append(refs, v.plan.Tables()...)
	}
	if v.moves != nil {
		refs = append(refs, v.moves.Tables()...)
	}
	known, err := c.pool.inspect(limited, refs)
	if err != nil {
		return nil, nil, err
	}
	p := &program{}
	var faults mapfile.Faults
	for _, one := range []struct {
		plan *plan.Plan
		to   **plan.Program
	}{{v.plan, &p.states}, {v.moves, &p.moves}} {
		if one.plan == nil {
			continue
		}
		bound, found := one.plan.Bind(c.pool.Server, known.Schema)
		faults = append(faults, crmfile.Renamed(found)...)
		if bound == nil {
			continue
		}
		refused, err := c.prepareAll(limited, v, bound)
		if err != nil {
			return nil, nil, err
		}
		faults = append(faults, refused...)
		*one.to = bound
	}
	b := &binder{version: v, catalog: known, server: c.pool.Server}
	p.writing, p.messages = b.lead(), b.messages()
	faults = told(v, append(faults, b.faults...).Sorted())
	if faults.Err() != nil {
		return nil, faults, database.MappingError(faults)
	}
	return p, faults, nil
}

// told leaves out what was said before of the same place, and doubts about the
// length of ids that the gateway itself writes.
func told(v *version, faults mapfile.Faults) mapfile.Faults {
	var out mapfile.Faults
	for _, f := range faults {
		same := func(o mapfile.Fault) bool { return o.Pos == f.Pos && o.Message == f.Message }
		if slices.ContainsFunc(out, same) || f.Warning && f.Path == "update.fields.leadId" && v.file.Lead != nil {
			continue
		}
		out = append(out, f)
	}
	return out
}

// prepareAll has the server read every statement before the first is run.
func (c *CRM) prepareAll(ctx context.Context, v *version, p *plan.Program) (mapfile.Faults, error) {
	return database.Judge(ctx, p, c.pool.Understands, func(s plan.Prepared, why string) mapfile.Fault {
		return mapfile.Fault{
			File: v.file.Path, Pos: v.file.Shared.Pos, Path: s.Name,
			Message: "the database does not accept the statement made of this: " + why,
		}
	})
}

// tables are those that are written.
func (v *version) tables() []plan.TableRef {
	var refs []plan.TableRef
	add := func(s mapfile.Source) {
		refs = append(refs, plan.TableRef{Database: s.Database.Value, Table: s.Table.Value})
	}
	if v.file.Lead != nil {
		for _, row := range v.file.Lead.Rows {
			add(row.Source)
			for _, key := range row.Key {
				if key.Counter != nil {
					add(key.Counter.Source)
				}
			}
		}
	}
	if v.file.Messages != nil {
		add(v.file.Messages.Source)
	}
	for _, list := range v.file.PickLists {
		add(list.Source)
	}
	return refs
}
