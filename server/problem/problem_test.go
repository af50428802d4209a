package problem_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/sweep"
	servertoken "github.com/dealerbridge/dealerbridge/server/token"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// cases are one error a row, wrapped as it arrives in practice.
var cases = map[string]error{
	"bad-parameter": problem.BadParameter(
		problem.Fault("customer", "maximum number of items is 5"), problem.Fault("page", "number must be at least 0")),
	"unauthorized":              servertoken.ErrNoToken,
	"invalid-token":             fmt.Errorf("signed by nobody known: %w", servertoken.ErrInvalidToken),
	"tokens-unavailable":        servertoken.ErrUnavailable,
	"bad-message":               problem.BadMessage(model.ProblemFault{Path: "messageType", Message: "is required"}, model.ProblemFault{Path: "payload", Message: "must be an object"}),
	"file-gone":                 fmt.Errorf("opening: %w", attachment.ErrGone),
	"not-json":                  &attachment.TextError{What: "not UTF-8", Offset: 7},
	"too-much-text":             attachment.ErrTooLong,
	"message-not-kept":          fmt.Errorf("queueing: %w", problem.ErrNotKept),
	"insufficient-scope":        problem.InsufficientScope("crs.read"),
	"unknown":                   fmt.Errorf("lead: %w", problem.ErrUnknown),
	"refused":                   problem.Refused("the request is closed; nothing can be added to it"),
	"not-set-up":                problem.ErrNotSetUp,
	"forbidden-dealer":          problem.ErrForbiddenDealer,
	"no-such-path":              problem.ErrNoRoute,
	"no-such-document":          problem.ErrNoDocument,
	"not-found":                 fmt.Errorf("customer: %w", adapters.ErrNotFound),
	"method-not-allowed":        problem.ErrMethodNotAllowed,
	"too-large":                 problem.ErrTooLarge,
	"unsupported-media-type":    problem.ErrUnsupportedMediaType,
	"range-not-satisfiable":     &problem.RangeError{Size: 70},
	"precondition-failed":       problem.ErrPrecondition,
	"overloaded":                problem.ErrOverloaded,
	"sweep-gone":                sweep.ErrGone,
	"too-many-rows-left-out":    sweep.ErrTooManyLeftOut,
	"wrong-rows":                sweep.ErrWrongRows,
	"changes-unavailable":       changes.ErrUnavailable,
	"mapping-replaced":          adapters.ErrStaleKeys,
	"dealer-mapping-faulty":     adapters.ErrMapping,
	"dealer-row-faulty":         adapters.ErrBadRow,
	"ambiguous-customer":        adapters.ErrAmbiguousCustomer,
	"dealer-system-unavailable": fmt.Errorf("reading contracts: %w: dial tcp 10.1.2.3:3306 secret", adapters.ErrUnavailable),
	"timed-out":                 context.DeadlineExceeded,
	"cancelled":                 context.Canceled,
	"internal":                  errors.New("dial tcp 10.1.2.3:3306: secret"),
}

func write(t *testing.T, err error, method string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	r := httptest.NewRequest(method, "/api/v1/contract?customer=0001007", nil)
	r = r.WithContext(problem.WithRequestID(r.Context(), "REQ1"))
	w := httptest.NewRecorder()
	problem.Write(w, r, log, err)
	return w, logged.String()
}

func TestWrite(t *testing.T) {
	for slug, err := range cases {
		t.Run("Golden/"+slug, func(t *testing.T) {
			if got := problem.Slug(err); got != slug {
				t.Errorf("slug %q, want %q", got, slug)
			}
			w, _ := write(t, err, http.MethodGet)
			var got bytes.Buffer
			fmt.Fprintf(&got, "%d\n", w.Code)
			h := w.Header()
			if got, want := h.Get("Content-Length"), fmt.Sprint(w.Body.Len()); got != want {
				t.Errorf("Content-Length %s, want %s", got, want)
			}
			h.Del("Content-Length")
			if err := h.Write(&got); err != nil {
				t.Fatal(err)
			}
			got.WriteString("\n" + w.Body.String())
			file := filepath.Join("testdata", slug+".txt")
			out := strings.ReplaceAll(got.String(), "\r\n", "\n")
			if *update {
				if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out); diff != "" {
				t.Errorf("answer differs (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("CauseIsLoggedOnceAndNotShown", func(t *testing.T) {
		w, logged := write(t, cases["internal"], http.MethodGet)
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("the cause is shown: %s", w.Body)
		}
		if got := strings.Count(logged, "secret"); got != 1 || !strings.Contains(logged, "requestId=REQ1") {
			t.Errorf("logged %q", logged)
		}
	})
	t.Run("CallersFaultsAreNotLogged", func(t *testing.T) {
		if _, logged := write(t, cases["bad-parameter"], http.MethodGet); logged != "" {
			t.Errorf("logged %q", logged)
		}
	})
	t.Run("HeadHasNoBody", func(t *testing.T) {
		if w, _ := write(t, problem.ErrNoDocument, http.MethodHead); w.Code != 404 || w.Body.Len() != 0 {
			t.Errorf("status %d with %d bytes", w.Code, w.Body.Len())
		}
	})
}

const calls = "calls to Caterpillar's services are made by workers and commands, nobody waits for their answer here"

// elsewhere are exported errors that never reach this table, each with the
// reason; if one did, it would be answered as internal.
var elsewhere = map[string]string{
	"adapters.ErrCredentials":    calls,
	"adapters.ErrForbidden":      calls,
	"adapters.ErrBadRequest":     calls,
	"adapters.ErrAddress":        calls,
	"adapters.ErrService":        calls,
	"adapters.ErrAnswer":         calls,
	"adapters.ErrAnswerTooLarge": calls,
	"adapters.ErrNotFitting":     "met by workers, who hold what does not fit and say why in its journey",
	"leadsync.*":                 "the operator's API says in its own words what cannot be done with a lead",
	"messaging.*":                "the operator's API says in its own words what cannot be done with a request",
	"queue.*":                    "the operator's API says in its own words what cannot be done with an item",
	"request.*":                  "the desk and the intake of messages say in their own words what is not allowed",
	"changes.ErrLeaseLost":       "met by the worker alone, which leaves the dealer to the other process",
	"qr.*":                       "reading a code is done for the person at the command, who is told in words",
	"sandbox.*":                  "a simulated service answers by itself, in the form of the one it plays",
	"token.ErrUnknownClient":     "the token endpoint and the client commands answer it themselves",
	"token.ErrClientExists":      "met by the client commands alone",
	"store.*":                    "the store answers with the errors of the packages whose storage it is",
}

// Every exported error of the adapters and of the server must have a row, so
// that none is answered as internal because somebody forgot.
func TestTable_has_a_row_for_every_exported_error(t *testing.T) {
	rows := tableErrors(t)
	for _, name := range exportedErrors(t, "../../adapters", "..") {
		pkg, _, _ := strings.Cut(name, ".")
		if elsewhere[name] != "" || elsewhere[pkg+".*"] != "" {
			continue
		}
		if !rows[name] {
			t.Errorf("%s has no row", name)
		}
	}
}

// tableErrors are the errors the table's source names, as package.Name.
func tableErrors(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if key, ok := kv.Key.(*ast.Ident); !ok || key.Name != "err" {
			return true
		}
		switch v := kv.Value.(type) {
		case *ast.Ident:
			found["problem."+v.Name] = true
		case *ast.SelectorExpr:
			if x, ok := v.X.(*ast.Ident); ok {
				found[x.Name+"."+v.Sel.Name] = true
			}
		}
		return true
	})
	if len(found) != len(cases)-1 { // all but internal
		t.Errorf("the table has %d errors, the golden cases %d", len(found), len(cases)-1)
	}
	return found
}

// exportedErrors are the exported error variables of the package in first and
// of those below the other folder.
func exportedErrors(t *testing.T, first, below string) []string {
	t.Helper()
	folders := []string{first}
	err := filepath.WalkDir(below, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != "testdata" {
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				gen, ok := d.(*ast.GenDecl)
				if !ok || gen.Tok != token.VAR {
					continue
				}
				for _, s := range gen.Specs {
					for _, id := range s.(*ast.ValueSpec).Names {
						if strings.HasPrefix(id.Name, "Err") {
							names = append(names, file.Name.Name+"."+id.Name)
						}
					}
				}
			}
		}
	}
	if len(names) < 15 {
		t.Fatalf("only %d exported errors found: %v", len(names), names)
	}
	return names
}
