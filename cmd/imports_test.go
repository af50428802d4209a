// Package cmd_test holds the rules of the house that no single package can
// check: who may import whom, what lies at the top of the tree, what no test
// may do. It must not know what any package does.
package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/dealerbridge/dealerbridge"

// reach says how far a rule looks.
type reach int

const (
	direct    reach = iota // what the package itself imports
	linked                 // that, and everything it brings along
	testsToo               // direct, in its tests as well
	testsOnly              // direct, in its tests alone
)

// rule forbids imports. Paths are below the module; those with a dot in the
// first part are whole. "x/..." is x and everything below it, "*test" stands for
// the packages that only tests may use.
type rule struct {
	from   []string
	except []string // packages of from the rule leaves alone
	never  []string
	but    []string // packages of never that may be imported
	reach  reach
	why    string
}

var implementations = []string{
	"adapters/sqlrms/...", "adapters/sqlcrm/...", "adapters/memory/...", "adapters/webhook/...", "adapters/caterpillar/...",
}

var rules = append(adapterRules(), []rule{
	{
		from: []string{"gen/..."}, never: []string{"..."}, but: []string{"gen/..."}, reach: linked,
		why: "generated code is a leaf: it is thrown away and made again without looking at anything of ours",
	},
	{
		from: []string{"openapi/..."}, never: []string{"..."}, but: []string{"openapi/..."}, reach: linked,
		why: "the specifications decide; what follows from them may not lead back into them",
	},
	{
		from: []string{"mappings/..."}, never: []string{"gen/...", "adapters/...", "server/...", "openapi/...", "gorm.io/..."}, reach: linked,
		why: "the mapping language is handed its target, type and schema, so that it serves any API and any way to a database",
	},
	{
		from: []string{"adapters/..."}, never: []string{"server/...", "github.com/gin-gonic/..."}, reach: linked,
		why: "an adapter speaks to a dealer's system; how its answers travel on is not its affair",
	},
	{
		from: []string{"adapters/..."}, never: []string{"server/...", "github.com/gin-gonic/..."}, reach: testsOnly,
		why: "an adapter is proved without HTTP, or its suite could not serve the next one",
	},
	{
		from: []string{"adapters"}, never: implementations, reach: linked,
		why: "the capabilities are the contract; they stand above every implementation",
	},
	{
		from: []string{"adapters/database/..."}, never: implementations, reach: linked,
		why: "the way to a database serves the adapters that stand on it and knows none of them",
	},
	{
		from: []string{"..."}, except: []string{"adapters/sqlrms/...", "adapters/sqlcrm/..."}, never: []string{"adapters/database/..."},
		why: "a dealer's database is reached through an adapter, which says what may be done there",
	},
	{
		from: []string{"server/..."}, never: implementations, reach: linked,
		why: "handlers and workers ask capabilities; only the wiring knows who fulfils them",
	},
	{
		from: []string{"server/..."}, except: []string{"server/store/..."}, never: []string{"server/store/..."}, reach: linked,
		why: "queue, token and the workers declare the storage they need; store implements it and is handed in",
	},
	{
		from:   []string{"..."},
		except: []string{"adapters/database/...", "server/store/...", "adapters/adaptertest/...", "cmd/bench/..."},
		never:  []string{"gorm.io/..."},
		why:    "SQL lives in two places, the dealer's tables and the gateway's own state; nobody else knows GORM",
	},
	{
		from: []string{"..."}, except: []string{"cmd/..."}, never: []string{"cmd/..."}, reach: testsToo,
		why: "commands are the top of the house",
	},
	{
		from: []string{"..."}, except: []string{"*test"}, never: []string{"*test"}, reach: linked,
		why: "what only tests use is not part of the product",
	},
	{
		from: []string{"..."}, except: []string{"*test"}, never: []string{"testing"},
		why: "test machinery belongs into test files and test packages",
	},
}...)

// adapterRules keeps every adapter away from every other.
func adapterRules() []rule {
	var out []rule
	for _, one := range implementations {
		others := slices.DeleteFunc(slices.Clone(implementations), func(s string) bool { return s == one })
		out = append(out, rule{
			from: []string{one}, never: others, reach: linked,
			why: "each adapter can be read, changed and removed by itself",
		})
	}
	return out
}

// listed is one package as `go list -json` describes it.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func (l listed) tests() []string { return append(slices.Clone(l.TestImports), l.XTestImports...) }

type graph map[string]listed

func TestImports(t *testing.T) {
	watchTree(t)
	for _, v := range violations(rules, readGraph(t)) {
		t.Error(v)
	}
}

func TestViolations(t *testing.T) {
	made := graph{}
	add := func(name string, imports, tests []string) {
		made[name] = listed{ImportPath: name, Imports: imports, XTestImports: tests}
	}
	add(module+"/adapters/demo", []string{module + "/adapters/demo/inner"}, []string{module + "/adapters/pairtest"})
	add(module+"/adapters/demo/inner", []string{"example.org/web"}, nil)
	add(module+"/adapters/pairtest", []string{"testing"}, nil)
	add(module+"/adapters/demonstration", []string{module + "/adapters/pairtest"}, []string{module + "/cmd/run"})
	add(module+"/cmd/run", []string{module + "/adapters/demo"}, nil)
	add("example.org/web", []string{"example.org/web/inner"}, nil)

	for _, c := range []struct {
		name string
		rule rule
		want []string
	}{
		{
			name: "DirectImport",
			rule: rule{from: []string{"adapters/demo/..."}, never: []string{"example.org/..."}, why: "so"},
			want: []string{"adapters/demo/inner must not import example.org/web: so"},
		},
		{
			name: "WhatAnImportBringsAlong",
			rule: rule{from: []string{"adapters/demo"}, never: []string{"example.org/web/inner"}, reach: linked, why: "so"},
			want: []string{"adapters/demo must not import example.org/web/inner (through adapters/demo/inner, example.org/web): so"},
		},
		{
			name: "TestImportsOnlyWhereAsked",
			rule: rule{from: []string{"..."}, except: []string{"cmd/..."}, never: []string{"cmd/..."}, why: "so"},
			want: nil,
		},
		{
			name: "TestImports",
			rule: rule{from: []string{"..."}, except: []string{"cmd/..."}, never: []string{"cmd/..."}, reach: testsToo, why: "so"},
			want: []string{"adapters/demonstration must not import cmd/run: so"},
		},
		{
			name: "TestPackagesInProductionCode",
			rule: rule{from: []string{"..."}, except: []string{"*test"}, never: []string{"*test"}, reach: linked, why: "so"},
			want: []string{"adapters/demonstration must not import adapters/pairtest: so"},
		},
		{
			name: "AllowedExceptions",
			rule: rule{from: []string{"cmd/..."}, never: []string{"..."}, but: []string{"adapters/...", "cmd/..."}, reach: linked, why: "so"},
			want: nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, violations([]rule{c.rule}, made)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// readGraph lists the module's packages, the tests that need a server included,
// and everything they link.
func readGraph(t *testing.T) graph {
	t.Helper()
	out := goTool(t, "list", "-deps", "-tags", "nomsgpack,server", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	g := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("reading the list of packages: %v", err)
		}
		g[l.ImportPath] = l
	}
	if _, ok := g[module+"/adapters"]; !ok {
		t.Fatalf("got %d packages without %s/adapters: the list is not this module's", len(g), module)
	}
	return g
}

func goTool(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = ".."
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, complaint.String())
	}
	return out
}

// violations returns one line for each forbidden import, sorted.
func violations(rules []rule, g graph) []string {
	var out []string
	for name, p := range g {
		from, ours := strings.CutPrefix(name, module+"/")
		if !ours {
			continue
		}
		for _, r := range rules {
			if !matchesAny(r.from, from) || matchesAny(r.except, from) {
				continue
			}
			for target, through := range r.targets(p, g) {
				to := short(target)
				if !matchesAny(r.never, to) || matchesAny(r.but, to) {
					continue
				}
				by := ""
				if len(through) > 0 {
					by = " (through " + strings.Join(through, ", ") + ")"
				}
				out = append(out, fmt.Sprintf("%s must not import %s%s: %s", from, to, by, r.why))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// targets are the packages a rule looks at, each with the packages it is
// reached through.
func (r rule) targets(p listed, g graph) map[string][]string {
	found := map[string][]string{}
	var queue []string
	see := func(names, through []string) {
		for _, n := range names {
			if _, seen := found[n]; !seen && n != p.ImportPath {
				found[n] = through
				queue = append(queue, n)
			}
		}
	}
	switch r.reach {
	case testsOnly:
		see(p.tests(), nil)
	case testsToo:
		see(append(slices.Clone(p.Imports), p.tests()...), nil)
	case direct, linked:
		see(p.Imports, nil)
	}
	for r.reach == linked && len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		see(g[next].Imports, append(slices.Clone(found[next]), short(next)))
	}
	return found
}

func short(importPath string) string { return strings.TrimPrefix(importPath, module+"/") }

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// matches tells whether a short name fits a pattern of a rule. "..." alone means
// packages of this module, which have no dot in their first part and are no
// package of the standard library.
func matches(pattern, name string) bool {
	switch {
	case pattern == "...":
		first, _, _ := strings.Cut(name, "/")
		return slices.Contains(rooms, first)
	case pattern == "*test":
		return name == "adapters/adaptertest" || strings.HasPrefix(name, "adapters/adaptertest/") ||
			matches("...", name) && strings.HasSuffix(path.Base(name), "test")
	}
	below, tree := strings.CutSuffix(pattern, "/...")
	return name == below || tree && strings.HasPrefix(name, below+"/")
}
